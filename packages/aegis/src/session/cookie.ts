/** The rule of the cookie, pure: (policy, token) -> Set-Cookie (RFC 6265bis). */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SessionPolicy } from "./policy.ts";

type CookiePolicy = DeepReadonly<SessionPolicy["cookie"]>;

export const TOKEN_BYTES = 32; // 256 bits; ASVS 7.2.3 asks for 128
const TOKEN_LENGTH = 43;
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
  // Most have ours once, whole and in the first place, or not at all; whatever else there may be is read with care.
  const at = header === undefined ? -1 : header.indexOf(name);
  if (header === undefined || at === -1) return undefined;
  const next = name.length + 1 + TOKEN_LENGTH;
  const isAlone = at === 0 && header[name.length] === "=" && !header.includes(name, 1);
  if (isAlone && (header.length === next || header[next] === ";"))
    return shaped(header.slice(name.length + 1, next));
  let token: string | undefined;
  for (let start = 0; start <= header.length;) {
    const semicolon = header.indexOf(";", start);
    const end = semicolon === -1 ? header.length : semicolon;
    // Blanks and tabs alone: trim() takes more, and would make a cookie of ours of one that carries no __Host- promise.
    let [from, to] = [start, end];
    while (from < to && isBlank(header.charCodeAt(from))) from += 1;
    while (to > from && isBlank(header.charCodeAt(to - 1))) to -= 1;
    if (header.startsWith(name, from) && header[from + name.length] === "=") {
      if (token !== undefined) return undefined;
      token = header.slice(from + name.length + 1, to);
    }
    start = end + 1;
  }
  return token === undefined ? undefined : shaped(token);
}

const shaped = (token: string): string | undefined => (TOKEN_SHAPE.test(token) ? token : undefined);

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
