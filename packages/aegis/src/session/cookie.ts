/** The rule of the cookie, pure: (policy, token) -> Set-Cookie (RFC 6265bis). */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SessionPolicy } from "./policy.ts";

type CookiePolicy = DeepReadonly<SessionPolicy["cookie"]>;

export const TOKEN_BYTES = 32; // 256 bits; ASVS 7.2.3 asks for 128
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export function cookieName(policy: CookiePolicy): string {
  return policy.hostPrefix ? `__Host-${policy.name}` : policy.name;
}

/** `maxAgeSeconds` undefined: the cookie ends with the browser. */
export function setCookie(policy: CookiePolicy, token: string, maxAgeSeconds?: number): string {
  const sameSite = { lax: "Lax", strict: "Strict", none: "None" }[policy.sameSite];
  return [
    `${cookieName(policy)}=${token}`,
    "Path=/",
    ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
    "HttpOnly",
    ...(policy.secure ? ["Secure"] : []),
    `SameSite=${sameSite}`,
  ].join("; ");
}

export function clearCookie(policy: CookiePolicy): string {
  return setCookie(policy, "", 0);
}

/**
 * The token in a Cookie header, or undefined. Two cookies of our name mean that somebody planted one (a subdomain,
 * another path): which of them is ours cannot be told, so neither is believed.
 */
export function tokenFromCookie(name: string, header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const found = header
    .split(";")
    // Blanks and tabs alone: trim() takes more, and would make a cookie of ours of one that carries no __Host- promise.
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [token] = found;
  return found.length === 1 && token !== undefined && TOKEN_SHAPE.test(token) ? token : undefined;
}
