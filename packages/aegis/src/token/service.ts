/** What can be done with tokens, in the words of the domain; the only caller of the stores. */
import { sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import type { Aal } from "../request.ts";
import { type AccessClaims, type AccessTokens, SKEW_SECONDS } from "./access-token.ts";
import { type Mismatch, mismatchOf, type SeenBinding } from "./binding.ts";
import type { TokenPolicy } from "./policy.ts";
import type { Denial, FamilyRef, RefreshStore, TokenDenylist, TokenFamily } from "./store.ts";

export interface TokenOwner {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
}

/** Where a call comes from. */
export interface TokenOrigin {
  readonly ip: string;
  readonly userAgent: string;
  readonly binding: SeenBinding;
}

export interface TokenOrder {
  readonly client: string;
  readonly scopes: readonly string[];
  readonly tenantId: string | null;
  /** The session that asks: complete, and of this owner. */
  readonly session: { readonly id: string; readonly aal: Aal; readonly provenAt: number };
}

export interface TokenPair {
  readonly family: TokenFamily;
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  readonly refreshToken: string;
}

export type Refreshed =
  | { readonly outcome: "refreshed"; readonly pair: TokenPair; readonly mismatch: Mismatch | undefined }
  | { readonly outcome: "refused"; readonly because: "unknown" | "expired" }
  | {
      readonly outcome: "refused";
      readonly because: "reused" | "ended" | "overtaken" | "account";
      readonly family: TokenFamily;
    }
  | {
      readonly outcome: "refused";
      readonly because: "binding";
      readonly family: TokenFamily;
      readonly mismatch: Mismatch;
    };

export interface TokenService {
  /** Tokens for a program of this person's. The caller has seen the session, and looks again afterwards. */
  open(owner: TokenOwner, order: TokenOrder, origin: TokenOrigin): Promise<TokenPair>;
  refresh(refreshToken: string, origin: TokenOrigin): Promise<Refreshed>;
  /** The claims of an access token that is good now; `onMismatch` hears of one from elsewhere. */
  check(
    accessToken: string,
    seen: SeenBinding,
    onMismatch: (claims: AccessClaims, mismatch: Mismatch) => void,
  ): Promise<AccessClaims | undefined>;
  list(accountId: string): Promise<readonly TokenFamily[]>;
  /** One token, whichever it is, with all that a refresh token stands for; the owner, where there was anything to end. */
  revokeToken(token: string): Promise<{ readonly accountId: string; readonly id: string } | undefined>;
  revokeFamily(accountId: string, id: string): Promise<boolean>;
  revokeSession(sessionId: string): Promise<number>;
  /** Every access token that was given so far, and every family. */
  revokeUser(accountId: string): Promise<number>;
  /** Families alone: those that were opened while the sessions of their owner ended. */
  revokeFamilies(accountId: string): Promise<number>;
  removeExpired(): Promise<number>;
}

export interface TokenParts {
  readonly families: RefreshStore;
  readonly denylist: TokenDenylist;
  readonly access: AccessTokens;
  /** The account as it is now, where it may have tokens with a proof of this strength. */
  readonly ownerOf: (family: TokenFamily) => Promise<TokenOwner | undefined>;
  readonly clock: Clock;
  readonly random: Random;
}

const TOKEN_BYTES = 32;
/** One machine may be ahead by so much when it forgets a denial, and another behind by as much when it looks for it. */
const APART_MS = 2 * SKEW_SECONDS * 1000;
const REFRESH_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export function tokenService(policy: DeepReadonly<TokenPolicy>, parts: TokenParts): TokenService {
  const { families, denylist, access, clock, random } = parts;
  const refreshUntil = (now: number, end: number): number =>
    Math.min(now + policy.refreshSeconds * 1000, end);

  const pairOf = async (
    owner: TokenOwner,
    family: TokenFamily,
    refreshToken: string,
    now: number,
  ): Promise<TokenPair> => {
    const expiresAt = Math.min(now + policy.accessSeconds * 1000, family.expiresAt);
    const accessToken = await access.sign({
      id: random.uuid(),
      familyId: family.id,
      userId: owner.id,
      username: owner.username,
      roles: owner.roles,
      tenantId: family.tenantId,
      scopes: family.scopes,
      aal: family.aal,
      provenAt: family.provenAt,
      issuedAt: now,
      expiresAt,
      binding: family.binding,
    });
    return { family, accessToken, accessExpiresAt: expiresAt, refreshToken };
  };

  /** No access token lives for longer than `accessSeconds`: a denial that lasts as long outlives them all, just. */
  const deny = (subjects: readonly Pick<Denial, "kind" | "id">[]): Promise<void> => {
    const now = clock.now();
    const expiresAt = now + policy.accessSeconds * 1000 + APART_MS;
    return denylist.deny(subjects.map(({ kind, id }) => ({ kind, id, issuedBefore: now, expiresAt })));
  };
  /** The second half of every end; where it fails, the store names the family again to whoever comes next. */
  const settle = async (
    ended: readonly FamilyRef[],
    also: readonly Pick<Denial, "kind" | "id">[] = [],
  ): Promise<number> => {
    const subjects = [...also, ...ended.map(({ id }) => ({ kind: "family", id }) as const)];
    if (subjects.length === 0) return 0;
    await deny(subjects); // at once: each acknowledgement asks every instance
    return (await Promise.all(ended.map((one) => families.settle(one)))).filter(Boolean).length;
  };

  const revokeFamilies = async (accountId: string): Promise<number> =>
    settle(await families.revokeAll(accountId, clock.now()));

  return {
    async open(owner, { client, scopes, tenantId, session }, { ip, userAgent, binding }) {
      const now = clock.now();
      const expiresAt = now + policy.familySeconds * 1000;
      const family: TokenFamily = {
        id: random.uuid(),
        accountId: owner.id,
        sessionId: session.id,
        tenantId,
        client,
        scopes,
        aal: session.aal,
        provenAt: session.provenAt,
        binding: { userAgent: binding.userAgent, network: binding.network },
        ip,
        userAgent: userAgent.slice(0, 256),
        createdAt: now,
        lastUsedAt: now,
        refreshUntil: refreshUntil(now, expiresAt),
        expiresAt,
      };
      const refreshToken = random.token(TOKEN_BYTES);
      await settle(await families.open(family, sha256(refreshToken)));
      return pairOf(owner, family, refreshToken, now);
    },

    async refresh(refreshToken, { ip, userAgent, binding }) {
      const now = clock.now();
      if (!REFRESH_SHAPE.test(refreshToken)) return { outcome: "refused", because: "unknown" };
      const fromHash = sha256(refreshToken);
      // What is refused for another reason is not used up; a used one goes on to where its second use is noticed.
      const found = await families.find(fromHash, now);
      const mismatch = found === undefined ? undefined : mismatchOf(policy, found.binding, binding);
      if (found !== undefined && mismatch?.refused === true)
        return { outcome: "refused", because: "binding", family: found, mismatch };
      const owner = found === undefined ? undefined : await parts.ownerOf(found);
      if (found !== undefined && owner === undefined)
        return { outcome: "refused", because: "account", family: found };

      const toToken = random.token(TOKEN_BYTES);
      const rotation = await families.rotate(fromHash, {
        toHash: sha256(toToken),
        now,
        refreshUntil: now + policy.refreshSeconds * 1000,
        graceSeconds: policy.reuseGraceSeconds,
        ip,
        userAgent: userAgent.slice(0, 256),
      });
      switch (rotation.outcome) {
        case "rotated":
          if (owner === undefined) return { outcome: "refused", because: "unknown" };
          return {
            outcome: "refreshed",
            pair: await pairOf(owner, rotation.family, toToken, now),
            mismatch,
          };
        case "reused":
        case "ended": {
          // Before anybody is told no: from that answer on, no access token of the family is good.
          const { outcome: because, family } = rotation;
          if ((await settle([family])) === 0) return { outcome: "refused", because: "unknown" };
          return { outcome: "refused", because, family };
        }
        case "overtaken":
          return { outcome: "refused", because: "overtaken", family: rotation.family };
        default:
          return { outcome: "refused", because: rotation.outcome };
      }
    },

    async check(accessToken, seen, onMismatch) {
      const claims = await access.verify(accessToken);
      if (claims === undefined) return undefined;
      const mismatch = mismatchOf(policy, claims.binding, seen);
      if (mismatch !== undefined) onMismatch(claims, mismatch);
      if (mismatch?.refused === true) return undefined;
      const { id: jti, familyId: family, userId, issuedAt } = claims;
      return (await denylist.isRevoked({ jti, family, userId, issuedAt }, clock.now())) ? undefined : claims;
    },

    list: (accountId) => families.listByAccount(accountId, clock.now()),

    async revokeToken(token) {
      if (REFRESH_SHAPE.test(token)) {
        const family = await families.revokeByToken(sha256(token), clock.now());
        if (family === undefined || (await settle([family])) === 0) return undefined;
        return { accountId: family.accountId, id: family.id };
      }
      const claims = await access.verify(token);
      if (claims === undefined) return undefined;
      const { id, userId, expiresAt } = claims;
      const denied = {
        kind: "token",
        id,
        issuedBefore: clock.now(),
        expiresAt: expiresAt + APART_MS,
      } as const;
      await denylist.deny([denied]);
      return { accountId: userId, id: claims.familyId };
    },

    async revokeFamily(accountId, id) {
      if (!(await families.revoke(accountId, id, clock.now()))) return false;
      return (await settle([{ id, accountId }])) === 1;
    },
    revokeSession: async (sessionId) => settle(await families.revokeBySession(sessionId, clock.now())),
    async revokeUser(accountId) {
      // A token that is being signed meanwhile is of a family that was found; the user's denial is for those of families
      // that nobody refreshed in time, whose access tokens may live.
      const ended = await families.revokeAll(accountId, clock.now());
      return settle(ended, [{ kind: "user", id: accountId }]);
    },
    revokeFamilies,
    removeExpired: async () => {
      const now = clock.now();
      return (await families.removeExpired(now)) + (await denylist.removeExpired(now));
    },
  };
}
