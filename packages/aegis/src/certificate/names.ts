/** The names that a certificate is for: host names and addresses, and nothing that only looks like one. */
import { isIP } from "node:net";
import { CertificateError } from "./errors.ts";

export interface CertificateName {
  readonly type: "dns" | "ip";
  readonly value: string;
}

const MOST_NAMES = 100;
const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
// RFC 9525 6.3: a wildcard is the whole leftmost label, and stands for one.
const HOST = new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`);

/**
 * Host names in lower case and addresses, each once.
 * @throws CertificateError for none, too many, or what is neither
 */
export function certificateNames(texts: readonly string[]): readonly CertificateName[] {
  const distinct = [...new Set(texts.map((text) => text.toLowerCase()))];
  if (distinct.length === 0 || distinct.length > MOST_NAMES)
    throw new CertificateError(
      `A certificate is for 1 to ${MOST_NAMES} names.`,
      "Give host names and addresses, e.g. hub.example 127.0.0.1.",
    );
  return distinct.map((value) => {
    // Zones ("%eth0") and addresses of two spellings are what no client compares with.
    if (isIP(value) !== 0 && !/%|:.*\./.test(value)) return { type: "ip", value };
    // All digits and dots is a mistyped address: a browser would take it for one and never match it.
    if (value.length > 253 || !HOST.test(value) || /^[\d.]+$/.test(value))
      throw new CertificateError(`"${value}" is neither a host name nor an address.`);
    return { type: "dns", value };
  });
}
