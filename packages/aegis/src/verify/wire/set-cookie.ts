/** Reads a Set-Cookie line as it is on the wire (RFC 6265bis 5.6), with a parser of our own. */
export interface WireCookie {
  readonly name: string;
  readonly value: string;
  /** Lower-case attribute names with their values as sent; "" for a flag. The last of equal ones counts. */
  readonly attributes: ReadonlyMap<string, string>;
}

export function parseSetCookie(line: string): WireCookie | undefined {
  if (line.length > 8192) return undefined;
  const [pair = "", ...rest] = line.split(";", 64);
  const equals = pair.indexOf("=");
  const cookieName = pair.slice(0, Math.max(equals, 0)).trim();
  if (cookieName === "") return undefined;
  const attributes = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf("=");
    const name = (at === -1 ? part : part.slice(0, at)).trim().toLowerCase();
    if (name !== "") attributes.set(name, at === -1 ? "" : part.slice(at + 1).trim());
  }
  return { name: cookieName, value: pair.slice(equals + 1).trim(), attributes };
}

/** True when the line takes the cookie away. */
export function isDeletion(cookie: WireCookie, now: number): boolean {
  const maxAge = cookie.attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = cookie.attributes.get("expires");
  return expires !== undefined && Date.parse(expires) <= now;
}
