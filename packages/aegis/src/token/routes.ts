import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { rowId } from "../lib/schema.ts";
import type { SessionFacts } from "../request.ts";
import { tokenError } from "./errors.ts";
import type { Refreshed, TokenOrigin, TokenOwner, TokenPair, TokenService } from "./service.ts";
import type { TokenFamily } from "./store.ts";

export interface TokenRoutesWiring<A extends TokenOwner> {
  /** Undefined while the policy gives out no tokens: the routes stand all the same, and find nothing. */
  readonly service: TokenService | undefined;
  readonly jwks: () => unknown;
  readonly now: () => number;
  readonly accountOf: (request: FastifyRequest) => Promise<A>;
  readonly sessionOf: (request: FastifyRequest) => SessionFacts;
  /** Whether the session of this request still lives, by the store's word. */
  readonly isAlive: (request: FastifyRequest) => Promise<boolean>;
  readonly signInRequired: () => Error;
  /** What routes ask of tokens, in order; a token is good for no more. */
  readonly knownScopes: () => readonly string[];
  readonly originOf: (request: FastifyRequest) => TokenOrigin;
  readonly describeDevice: (userAgent: string) => string;
  readonly onIssued: (request: FastifyRequest, account: A, family: TokenFamily) => void;
  readonly onRefreshed: (request: FastifyRequest, result: Refreshed) => Promise<void>;
  readonly onRevoked: (request: FastifyRequest, accountId: string, familyId: string) => Promise<void>;
}

const closed = { additionalProperties: false } as const;
const schemas = {
  issue: Type.Object(
    {
      client: Type.String({ minLength: 1, maxLength: 64, pattern: "^[^\\p{C}]*[^\\p{C}\\s][^\\p{C}]*$" }),
      scopes: Type.Optional(
        Type.Array(Type.String({ pattern: "^[a-z][a-z0-9:_-]{0,63}$" }), { maxItems: 64, uniqueItems: true }),
      ),
    },
    closed,
  ),
  refresh: Type.Object({ refresh_token: Type.String({ maxLength: 256 }) }, closed),
  revoke: Type.Object(
    {
      token: Type.String({ maxLength: 4096 }),
      /** RFC 7009 2.1: a hint, and not needed: the two are told apart by their form. */
      token_type_hint: Type.Optional(Type.String({ maxLength: 64 })),
    },
    closed,
  ),
  id: Type.Object({ id: rowId() }),
};
/** Short, so that a new key is known everywhere before its first token has to be renewed. */
const JWKS_SECONDS = 300;

/** The HTTP surface of tokens (TOK-1 to TOK-3): get, renew, give back, see and end one's own. */
export function tokenRoutes<A extends TokenOwner>(app: FastifyInstance, wiring: TokenRoutesWiring<A>): void {
  const { now, accountOf } = wiring;
  const demand = (): TokenService => {
    if (wiring.service === undefined) throw tokenError("AEGIS_TOKEN_OFF");
    return wiring.service;
  };
  const pairView = ({ family, accessToken, accessExpiresAt, refreshToken }: TokenPair) => ({
    id: family.id,
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: Math.floor((accessExpiresAt - now()) / 1000),
    refresh_token: refreshToken,
    refresh_expires_in: Math.floor((family.refreshUntil - now()) / 1000),
    scope: family.scopes.join(" "),
  });
  // No cookie is looked at: there is nothing that another site could lend itself.
  const open = { access: "public", session: "none", csrf: "origin-only", limit: "refresh" } as const;

  app.get("/.well-known/jwks.json", {
    config: { access: "public", session: "none" },
    handler: async (_request, reply) => {
      demand();
      return reply
        .header("cache-control", `public, max-age=${JWKS_SECONDS}`)
        .type("application/jwk-set+json")
        .send(JSON.stringify(wiring.jwks()));
    },
  });

  // A fresh proof, because what is given out here outlives the session: a thief of the cookie must not get it.
  app.post<{ Body: Type.Static<typeof schemas.issue> }>("/api/auth/token", {
    config: { access: "authenticated", maxAuthAgeSeconds: "policy" },
    schema: { body: schemas.issue },
    handler: async (request) => {
      const service = demand();
      const known = wiring.knownScopes();
      const { client, scopes = known } = request.body;
      if (!scopes.every((scope) => known.includes(scope))) throw tokenError("AEGIS_TOKEN_SCOPE_UNKNOWN");
      const account = await accountOf(request);
      const session = wiring.sessionOf(request);
      const { tenantId } = request.principal;
      const order = { client: client.trim(), scopes, tenantId, session };
      const pair = await service.open(account, order, wiring.originOf(request));
      // Whoever ends sessions ends tokens once more after them. A session that ended while the body was on its way was
      // seen alive at its head: looked at again now, either it is gone, or this family is among those that end with it.
      if (!(await wiring.isAlive(request))) {
        await service.revokeFamily(account.id, pair.family.id);
        throw wiring.signInRequired();
      }
      wiring.onIssued(request, account, pair.family);
      return pairView(pair);
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.refresh> }>("/api/auth/refresh", {
    config: open,
    schema: { body: schemas.refresh },
    handler: async (request) => {
      const result = await demand().refresh(request.body.refresh_token, wiring.originOf(request));
      await wiring.onRefreshed(request, result);
      if (result.outcome === "refreshed") return pairView(result.pair);
      throw tokenError(
        result.because === "overtaken" ? "AEGIS_TOKEN_OVERTAKEN" : "AEGIS_TOKEN_REFRESH_REFUSED",
      );
    },
  });

  // RFC 7009 2.2: the same answer for a token that was never one; whoever has it may end it.
  app.post<{ Body: Type.Static<typeof schemas.revoke> }>("/api/auth/revoke", {
    config: open,
    schema: { body: schemas.revoke },
    handler: async (request) => {
      const revoked = await demand().revokeToken(request.body.token);
      if (revoked !== undefined) await wiring.onRevoked(request, revoked.accountId, revoked.id);
      return {};
    },
  });

  app.get("/api/account/tokens", {
    config: { access: "authenticated", session: "passive" },
    handler: async (request) => {
      const found = await demand().list(request.principal.userId);
      const items = found.map((family) => familyView(family, wiring.describeDevice));
      return { items, total: items.length };
    },
  });

  app.delete<{ Params: { id: string } }>("/api/account/tokens/:id", {
    config: { access: "authenticated" },
    schema: { params: schemas.id },
    handler: async (request) => {
      const { userId } = request.principal;
      const { id } = request.params;
      if (!(await demand().revokeFamily(userId, id))) throw tokenError("AEGIS_TOKEN_NOT_FOUND");
      await wiring.onRevoked(request, userId, id);
      return { revoked: 1 };
    },
  });
}

/** A family as its owner may see it: nothing that opens anything. */
export const familyView = (family: TokenFamily, describeDevice: (userAgent: string) => string) => ({
  id: family.id,
  client: family.client,
  device: describeDevice(family.userAgent),
  ip: family.ip,
  scopes: family.scopes,
  created_at: iso(family.createdAt),
  last_used_at: iso(family.lastUsedAt),
  refresh_until: iso(family.refreshUntil),
  expires_at: iso(family.expiresAt),
});

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
