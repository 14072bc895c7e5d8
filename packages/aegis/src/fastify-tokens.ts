/** LIST 2, continued: tokens for programs that keep no cookies. They live and die with what the other rooms decide. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { BearerKind } from "./access/bearer.ts";
import type { Account } from "./account/store.ts";
import type { Audit } from "./audit/auditor.ts";
import type { People } from "./fastify-people.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import { purposeKeys, secretKeys, type SecretWiring } from "./lib/secret-keys.ts";
import { seldom } from "./lib/seldom.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";
import { deviceName } from "./session/device.ts";
import type { SessionStore } from "./session/store.ts";
import { accessTokens } from "./token/access-token.ts";
import { bindingOf, type Mismatch, programName, type SeenBinding } from "./token/binding.ts";
import { KeyRingError, newKeyRing, type KeyRing, type LiveKeyRing, openLiveKeyRing } from "./token/keys.ts";
import { familyView, tokenRoutes } from "./token/routes.ts";
import { type TokenService, tokenService } from "./token/service.ts";
import type { TokenFamily } from "./token/store.ts";

export interface TokenWiring extends AegisStores, SecretWiring {
  readonly policy: Policy;
  readonly tokenKeys?: KeyRing | LiveKeyRing;
  readonly publicOrigin?: string;
}

export interface TokenParts {
  readonly wiring: TokenWiring;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Tokens {
  readonly service: TokenService | undefined;
  /** For the list of what can be borne; empty while the policy gives out no tokens. */
  readonly kinds: readonly BearerKind[];
  /** The sessions, and with their end that of the tokens: nobody who ends sessions can forget them. */
  readonly sessions: SessionStore;
  readonly jwks: () => unknown;
  readonly scopes: () => readonly string[];
  readonly bindingOf: (request: FastifyRequest) => SeenBinding;
  /** For the export of personal data. */
  readonly programsOf: (accountId: string) => Promise<readonly unknown[]>;
  readonly removeExpired: () => Promise<number>;
}

/** A program in another place asks again and again: once in so long it is news. */
const TELL_MISMATCH_SECONDS = 3600;
const mismatchName = (family: string, { userAgent, network }: Mismatch): string =>
  `${family} ${userAgent} ${network}`;

const FORM = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

/** @throws KeyRingError where the policy wants tokens and production was given no keys, or others than it names */
export function openTokens(app: FastifyInstance, parts: TokenParts): Tokens {
  const { wiring, audit, clock, random } = parts;
  const { policy } = wiring;
  const known = new Set<string>();
  app.addHook("onRoute", ({ config }) => {
    if (config?.credentials?.includes("token") === true)
      for (const scope of config.scopes ?? []) known.add(scope);
  });
  const bindingKeys = purposeKeys(secretKeys(wiring), "token-binding");
  const binding = (request: FastifyRequest): SeenBinding =>
    bindingOf(bindingKeys(), programOf(request.headers["user-agent"] ?? ""), request.ip);
  const off = {
    service: undefined,
    kinds: [],
    sessions: wiring.sessions,
    jwks: () => ({ keys: [] }),
    scopes: () => [],
    bindingOf: binding,
    programsOf: async () => [],
    removeExpired: async () => 0,
  };
  if (!policy.token.enabled) return off;

  const keys = openLiveKeyRing(ringFor(app, wiring, clock));
  if (keys.signing.algorithm !== policy.token.algorithm)
    throw new KeyRingError(
      `token.algorithm is ${policy.token.algorithm}, but the active key is for ${keys.signing.algorithm}: run \`aegis keys rotate\`.`,
    );
  const access = accessTokens({
    keys,
    issuer: issuerOf(wiring),
    accessSeconds: policy.token.accessSeconds,
    clock,
  });
  const service = tokenService(policy.token, {
    families: wiring.refreshTokens,
    denylist: wiring.tokenDenylist,
    access,
    ownerOf: (family) => ownerOf(wiring, family),
    clock,
    random,
  });
  const tellMismatch = seldom(TELL_MISMATCH_SECONDS, clock);
  const kind: BearerKind = {
    credential: "token",
    hasForm: (text) => FORM.test(text),
    async verify(text, request) {
      const claims = await service.check(text, binding(request), ({ familyId, userId }, mismatch) => {
        if (tellMismatch(mismatchName(familyId, mismatch)))
          audit(request, {
            event: "token.binding_mismatch",
            outcome: mismatch.refused ? "failure" : "success",
            user_id: userId,
            facts: { family: familyId, ...factsOf(mismatch) },
          });
      });
      if (claims === undefined) return undefined;
      const { userId, username, roles, tenantId, familyId: id, scopes } = claims;
      return { credential: "token", id, scopes, principal: { userId, username, roles, tenantId } };
    },
  };
  return {
    service,
    kinds: [kind],
    sessions: endingTokens(wiring.sessions, service),
    jwks: () => keys.jwks,
    scopes: () => [...known].toSorted(),
    bindingOf: binding,
    programsOf: async (id) => (await service.list(id)).map((family) => familyView(family, deviceName)),
    removeExpired: () => service.removeExpired(),
  };
}

export function enforceTokens(app: FastifyInstance, tokens: Tokens, people: People): void {
  const tellMismatch = seldom(TELL_MISMATCH_SECONDS, people.clock);
  const noteTo = async (
    request: FastifyRequest,
    accountId: string,
    ...event: [
      Parameters<People["note"]>[2],
      "success" | "failure",
      Record<string, string | number | boolean>,
    ]
  ): Promise<Account | undefined> => {
    const account = await people.stores.accounts.findById(accountId);
    if (account !== undefined) people.note(request, account, ...event);
    return account;
  };

  tokenRoutes<Account>(app, {
    service: tokens.service,
    jwks: tokens.jwks,
    now: () => people.clock.now(),
    accountOf: people.accountOf,
    sessionOf: people.sessionOf,
    isAlive: async ({ principal, session }) => {
      const { sessions } = people.stores;
      const now = people.clock.now();
      const own = (await sessions.listByUser(principal.userId, now)).find(({ id }) => id === session?.id);
      // A list is the store's word alone; what is revoked is known by whom a token is looked up.
      return own !== undefined && (await sessions.findByTokenHash(own.tokenHash, now)) !== undefined;
    },
    signInRequired: people.signInRequired,
    knownScopes: tokens.scopes,
    originOf: (request) => ({
      ip: request.ip,
      userAgent: request.headers["user-agent"] ?? "",
      binding: tokens.bindingOf(request),
    }),
    describeDevice: deviceName,
    onIssued: (request, account, { id, scopes }) =>
      people.note(request, account, "token.issued", "success", { family: id, scopes: scopes.join(" ") }),
    onRefreshed: async (request, result) => {
      if (result.outcome === "refreshed") {
        const { family } = result.pair;
        people.audit(request, {
          event: "token.refreshed",
          outcome: "success",
          user_id: family.accountId,
          facts: { family: family.id, ...(result.mismatch === undefined ? {} : factsOf(result.mismatch)) },
        });
        return;
      }
      const { because } = result;
      if (because === "reused") {
        // Two have had the same token, and nobody can tell which of them is its owner.
        const { accountId, id } = result.family;
        const account = await noteTo(request, accountId, "token.reuse_detected", "failure", { family: id });
        if (account !== undefined)
          people.tell(request, account, { kind: "token_reused", ...people.doing(request) });
        return;
      }
      if (because === "binding") {
        const { accountId, id } = result.family;
        const facts = { family: id, ...factsOf(result.mismatch) };
        // Whoever has a token that is not theirs could push what happened out of its owner's list otherwise.
        if (tellMismatch(mismatchName(id, result.mismatch)))
          await noteTo(request, accountId, "token.binding_mismatch", "failure", facts);
        return;
      }
      people.audit(request, {
        event: "token.refresh_refused",
        outcome: "failure",
        ...("family" in result ? { user_id: result.family.accountId } : {}),
        facts: { because },
      });
    },
    onRevoked: async (request, accountId, id) => {
      await noteTo(request, accountId, "token.revoked", "success", { family: id });
    },
  });
}

const factsOf = ({ userAgent, network, score }: Mismatch) => ({ user_agent: userAgent, network, score });

/** Browsers by their kind, other programs by their own name: either stays the same through updates. */
function programOf(userAgent: string): string {
  const device = deviceName(userAgent);
  return device === "Unknown device" ? programName(userAgent) : device;
}

/** A token is renewed only for an account that could sign in now, with a proof as strong as its roles demand. */
async function ownerOf(
  { accounts, policy }: TokenWiring,
  { accountId, aal }: TokenFamily,
): Promise<Account | undefined> {
  const account = await accounts.findById(accountId);
  if (account === undefined || account.disabledAt !== null || account.deleteAfter !== null) return undefined;
  const needsMfa = account.roles.some((role) => policy.mfa.requiredForRoles.includes(role));
  return account.mustChangePassword || (needsMfa && aal < 2) ? undefined : account;
}

function ringFor(app: FastifyInstance, { policy, tokenKeys }: TokenWiring, clock: Clock): LiveKeyRing {
  if (tokenKeys !== undefined) return "latest" in tokenKeys ? tokenKeys : fixedRing(tokenKeys);
  if (policy.environment === "production")
    throw new KeyRingError(
      "token.enabled is true, but there are no keys: production needs `tokenKeys` (make a ring with `aegis keys ring`).",
    );
  app.log.warn(
    "access tokens are signed with a key that this process has just made: they end with it, and no other process takes them",
  );
  return fixedRing(newKeyRing(policy.token.algorithm, clock.now()));
}

const fixedRing = (ring: KeyRing): LiveKeyRing => ({ latest: () => ring, settled: () => ring });

/** A name that no request can choose: tokens would be good wherever somebody's Host header led. */
function issuerOf({ policy, publicOrigin }: TokenWiring): string {
  if (publicOrigin !== undefined) return publicOrigin;
  if (policy.environment !== "production") return "http://localhost";
  throw new Error("Tokens in production need publicOrigin: it is the issuer that they name.");
}

/**
 * A session that is signed out takes the tokens along that were got in it; whatever ends all sessions of a user ends all
 * tokens, those got in the session that stays among them. Tokens go first: where that fails, the session is there to try
 * again with. And once more when the sessions are gone, for what was given in them meanwhile (see POST /api/auth/token).
 */
function endingTokens(store: SessionStore, service: TokenService): SessionStore {
  return {
    isDurable: store.isDurable,
    create: (record, limit) => store.create(record, limit),
    findByTokenHash: (hash, now) => store.findByTokenHash(hash, now),
    ...(store.peek === undefined ? {} : { peek: store.peek.bind(store) }),
    touch: (session, times) => store.touch(session, times),
    rotate: (session, change) => store.rotate(session, change),
    prove: (session, change) => store.prove(session, change),
    enterTenant: (session, change) => store.enterTenant(session, change),
    listByUser: (userId, now) => store.listByUser(userId, now),
    async revoke(userId, id, reason) {
      // Signing in anew in the same browser replaces its session: that is no word about the programs.
      if (reason === "replaced") return store.revoke(userId, id, reason);
      await service.revokeSession(id);
      const ended = await store.revoke(userId, id, reason);
      await service.revokeSession(id);
      return ended;
    },
    async revokeAll(userId, reason, exceptId) {
      await service.revokeUser(userId);
      const count = await store.revokeAll(userId, reason, exceptId);
      await service.revokeFamilies(userId);
      return count;
    },
    removeExpired: (now) => store.removeExpired(now),
  };
}
