/** Reads headers for the controls, strictly: what does not read as its grammar says is undefined, never a default. */
import type { WireResponse } from "../../control.ts";

export function headersOf(response: WireResponse, name: string): readonly string[] {
  return response.headers.filter(([key]) => key === name.toLowerCase()).map(([, value]) => value);
}

/** The one value; undefined where the header is absent or comes more than once (which of them counts, nobody can tell). */
export function headerOf(response: WireResponse, name: string): string | undefined {
  const values = headersOf(response, name);
  return values.length === 1 ? values[0] : undefined;
}

/** Directives of a Content-Security-Policy; of equal ones the first counts (CSP 3, 2.2.1). */
export function parseCsp(text: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, readonly string[]>();
  for (const part of text.split(";", 100)) {
    const [name, ...values] = part.trim().split(/\s+/);
    if (name !== undefined && name !== "" && !directives.has(name.toLowerCase()))
      directives.set(name.toLowerCase(), values);
  }
  return directives;
}

export interface Hsts {
  readonly maxAgeSeconds: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
}

export function parseHsts(text: string): Hsts | undefined {
  const parts = text.split(";").map((part) => part.trim().toLowerCase());
  const ages = parts.filter((part) => part.startsWith("max-age"));
  const age = /^max-age\s*=\s*"?(\d{1,12})"?$/.exec(ages[0] ?? "");
  if (ages.length !== 1 || age === null) return undefined;
  return {
    maxAgeSeconds: Number(age[1]),
    includeSubDomains: parts.includes("includesubdomains"),
    preload: parts.includes("preload"),
  };
}

/** Feature -> allow-list as sent ("()" is nobody); undefined when the header does not read as one. */
export function parsePermissionsPolicy(text: string): ReadonlyMap<string, string> | undefined {
  const features = new Map<string, string>();
  for (const part of text.split(",")) {
    const match = /^\s*([a-z][a-z0-9-]*)=(\*|self|\([^()]*\)|"[^"]*")\s*$/.exec(part);
    if (match === null) return undefined;
    features.set(match[1] ?? "", match[2] ?? "");
  }
  return features;
}
