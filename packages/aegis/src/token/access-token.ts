/**
 * Access tokens as signed JSON (RFC 9068). What a header says of itself is believed in nothing but which of our own keys
 * to try (RFC 8725 3.1): the algorithm is the key's, and a header with any other member (jku, x5u, jwk, crit) is none of
 * ours.
 */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import Type from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../lib/clock.ts";
import type { Aal } from "../request.ts";
import type { Binding } from "./binding.ts";
import type { TokenKeys } from "./keys.ts";

/** Times are milliseconds since the Unix epoch; on the wire they are whole seconds. */
export interface AccessClaims {
  /** jti */
  readonly id: string;
  /** sid: what is revoked as one. */
  readonly familyId: string;
  readonly userId: string;
  readonly username: string;
  readonly roles: readonly string[];
  /** tid */
  readonly tenantId: string | null;
  readonly scopes: readonly string[];
  readonly aal: Aal;
  readonly provenAt: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly binding: Binding;
}

export interface AccessTokens {
  sign(claims: AccessClaims): Promise<string>;
  /** Undefined for whatever is not a good one of ours now. */
  verify(text: string): Promise<AccessClaims | undefined>;
}

export interface AccessTokenParts {
  readonly keys: TokenKeys;
  /** Who signs, and who is meant: one and the same, so a token for another service is none for us. */
  readonly issuer: string;
  /** No token is believed for longer, whatever it says: a policy that was shortened holds at once. */
  readonly accessSeconds: number;
  readonly clock: Clock;
}

const TYPE = "at+jwt";
const HEADER_MEMBERS = new Set(["alg", "typ", "kid"]);
/** How far the clocks of two of our machines may be apart. */
export const SKEW_SECONDS = 5;

const hash = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
const claimsSchema = Type.Object({
  jti: Type.String(),
  sid: Type.String(),
  sub: Type.String(),
  preferred_username: Type.String(),
  roles: Type.Array(Type.String()),
  tid: Type.Optional(Type.String({ maxLength: 64 })),
  scope: Type.String(),
  aal: Type.Enum([1, 2]),
  auth_time: Type.Integer(),
  iat: Type.Integer(),
  nbf: Type.Integer(),
  exp: Type.Integer(),
  bnd: Type.Object({ ua: hash, net: hash }),
});

export function accessTokens({ keys, issuer, accessSeconds, clock }: AccessTokenParts): AccessTokens {
  return {
    sign(claims) {
      const issued = Math.floor(claims.issuedAt / 1000);
      return new SignJWT({
        sid: claims.familyId,
        preferred_username: claims.username,
        roles: [...claims.roles],
        ...(claims.tenantId === null ? {} : { tid: claims.tenantId }),
        scope: claims.scopes.join(" "),
        aal: claims.aal,
        auth_time: Math.floor(claims.provenAt / 1000),
        bnd: { ua: claims.binding.userAgent, net: claims.binding.network },
      })
        .setProtectedHeader({ alg: keys.signing.algorithm, typ: TYPE, kid: keys.signing.kid })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(claims.userId)
        .setJti(claims.id)
        .setIssuedAt(issued)
        .setNotBefore(issued - SKEW_SECONDS)
        .setExpirationTime(Math.floor(claims.expiresAt / 1000))
        .sign(keys.signing.privateKey);
    },

    async verify(text) {
      const kid = kidIn(text);
      const key = kid === undefined ? undefined : keys.verifying.get(kid);
      if (key === undefined) return undefined;
      try {
        const { payload } = await jwtVerify(text, key.publicKey, {
          algorithms: [key.algorithm],
          typ: TYPE,
          issuer,
          audience: issuer,
          currentDate: new Date(clock.now()),
        });
        return claimsFrom(payload, accessSeconds, clock.now());
      } catch (error) {
        // Only what is wrong with the token is the token's fault; anything else must not look like it.
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

/** The key that a header of our own form asks for. */
function kidIn(text: string): string | undefined {
  try {
    const header = decodeProtectedHeader(text);
    const isOurs = header.typ === TYPE && Object.keys(header).every((member) => HEADER_MEMBERS.has(member));
    return isOurs ? header.kid : undefined;
  } catch {
    return undefined; // no header that can be read
  }
}

function claimsFrom(payload: unknown, accessSeconds: number, now: number): AccessClaims | undefined {
  if (!Value.Check(claimsSchema, payload)) return undefined;
  const age = now / 1000 - payload.iat;
  if (age < -SKEW_SECONDS || age >= accessSeconds + 1) return undefined;
  return {
    id: payload.jti,
    familyId: payload.sid,
    userId: payload.sub,
    username: payload.preferred_username,
    roles: payload.roles,
    tenantId: payload.tid ?? null,
    scopes: payload.scope === "" ? [] : payload.scope.split(" "),
    aal: payload.aal,
    provenAt: payload.auth_time * 1000,
    issuedAt: payload.iat * 1000,
    expiresAt: payload.exp * 1000,
    binding: { userAgent: payload.bnd.ua, network: payload.bnd.net },
  };
}
