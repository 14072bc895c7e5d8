/** What is right and wrong with a certificate, its chain and its key; pure (TLS-3). */
import type { KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { vouchingOf } from "./constraints.ts";

export const certificateChecks = [
  "days-left",
  "already-valid",
  "names",
  "chain-order",
  "chain-complete",
  "strength",
  "key-match",
  "key-permissions",
  "protocols",
] as const;

export interface CertificateFinding {
  readonly check: (typeof certificateChecks)[number];
  /** unknown: it could not be seen, which is no pass. */
  readonly outcome: "pass" | "fail" | "unknown";
  readonly observed: string;
  /** What to do; empty for a pass. */
  readonly fix: string;
}

export interface ToInspect {
  /** The server's own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** Authorities that are believed. */
  readonly authorities: readonly X509Certificate[];
  /** Host names and addresses that it must be good for. */
  readonly names: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Fewer days left than this is a fault. Default 30. */
  readonly minDays?: number;
  readonly key?: { readonly key: KeyObject; readonly mode: number } | undefined;
}

export const DEFAULT_MIN_DAYS = 30;
const DAY_MS = 86_400_000;

/** Whole days until it is over; negative afterwards. */
export const daysLeft = (certificate: X509Certificate, now: number): number =>
  Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);

/** Everything that can be said without asking anybody. */
export function inspectCertificate(input: ToInspect): readonly CertificateFinding[] {
  const [own] = input.chain;
  if (own === undefined) return [];
  return [
    daysFinding(input),
    startFinding(input.chain, input.now),
    ...input.names.map((name) => nameFinding(input, own, name)),
    orderFinding(input.chain),
    completeFinding(input),
    strengthFinding(input.chain),
    ...(input.key === undefined ? [] : keyFindings(own, input.key)),
  ];
}

const found = (
  check: CertificateFinding["check"],
  isRight: boolean,
  observed: string,
  fix: string,
): CertificateFinding => ({ check, outcome: isRight ? "pass" : "fail", observed, fix: isRight ? "" : fix });

/** The whole chain: an authority that is over ends what it vouches for. */
function daysFinding({ chain, now, minDays = DEFAULT_MIN_DAYS }: ToInspect): CertificateFinding {
  const left = Math.min(...chain.map((one) => daysLeft(one, now)));
  const over = left < 0;
  return found(
    "days-left",
    left >= minDays,
    over ? `over since ${-left} days` : `${left} days left`,
    `Renew it: ${minDays} days are needed to notice and to repair what failed.`,
  );
}

function startFinding(chain: readonly X509Certificate[], now: number): CertificateFinding {
  const starts = Math.max(...chain.map(({ validFromDate }) => validFromDate.getTime()));
  return found(
    "already-valid",
    starts <= now,
    `valid from ${new Date(starts).toISOString()}`,
    "Set the clock of this machine, or wait.",
  );
}

function nameFinding(
  { chain, authorities }: ToInspect,
  own: X509Certificate,
  name: string,
): CertificateFinding {
  const matched =
    isIP(name) === 0
      ? own.checkHost(name, { subject: "never", partialWildcards: false }) // RFC 9525 6.3: the alternative names alone
      : own.checkIP(name);
  const { issuers, roots } = pathOf(chain, authorities);
  const type = isIP(name) === 0 ? "dns" : "ip";
  // Of several authorities that could be at the end a client takes one that fits.
  const mayFor = (one: X509Certificate): boolean => vouchingOf(one.toString()).mayFor({ type, value: name });
  if (matched !== undefined && !(issuers.every(mayFor) && (roots.length === 0 || roots.some(mayFor))))
    return found(
      "names",
      false,
      `${name}: named, by an authority that may not vouch for it`,
      `Have it made for ${name} by an authority whose name constraints allow that.`,
    );
  return found(
    "names",
    matched !== undefined,
    `${name}: ${matched === undefined ? `not among ${own.subjectAltName ?? "no names"}` : "named"}`,
    `Have it made for ${name}, too.`,
  );
}

const isIssuedBy = (one: X509Certificate, issuer: X509Certificate): boolean =>
  one.checkIssued(issuer) && one.verify(issuer.publicKey);

/** RFC 8446 4.4.2: each vouches for the one before; what does not is in the way of clients that take them in order. */
function orderFinding(chain: readonly X509Certificate[]): CertificateFinding {
  const broken = chain.findIndex((one, place) => {
    const next = chain[place + 1];
    return next !== undefined && !isIssuedBy(one, next);
  });
  return found(
    "chain-order",
    broken < 0,
    broken < 0
      ? chain.length === 1
        ? "1 certificate"
        : `${chain.length} certificates, each by the next`
      : `certificate ${broken + 2} did not issue certificate ${broken + 1}`,
    "Put the server's own first, then each certificate's issuer after it.",
  );
}

/** From the server's own certificate to whoever is believed. */
function pathOf(chain: ToInspect["chain"], authorities: ToInspect["authorities"]) {
  // As far as the order holds: what comes after a break vouches for nothing, and neither does what is no authority.
  let end = chain[0];
  const issuers: X509Certificate[] = [];
  for (const next of chain.slice(1))
    if (end !== undefined && next.ca && isIssuedBy(end, next)) issuers.push((end = next));
  const last = end;
  const roots = authorities.filter(
    (root) => last !== undefined && (root.raw.equals(last.raw) || isIssuedBy(last, root)),
  );
  return { end, issuers, roots };
}

function completeFinding({ chain, authorities, now }: ToInspect): CertificateFinding {
  const { end, roots } = pathOf(chain, authorities);
  const isKnown = roots.some((root) => root.validToDate.getTime() > now);
  const isSelf = end !== undefined && isIssuedBy(end, end);
  const by = end === undefined ? "" : end.issuer.replaceAll("\n", ", ");
  return found(
    "chain-complete",
    isKnown,
    isKnown
      ? `ends at an authority that is known: ${by}`
      : isSelf
        ? `ends at ${by}, which vouches for itself and is not known here`
        : `ends at a certificate by ${by}, which is missing or not known here`,
    isSelf
      ? "Name its authority (--ca), or have it issued by one that browsers know."
      : "Add the certificates in between, or name the authority (--ca).",
  );
}

/** ASVS 5.0 11.2.3: 112 bits of strength; SHA-1 has been forged. */
function strengthFinding(chain: readonly X509Certificate[]): CertificateFinding {
  const weak = chain.flatMap((one, place) => {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = one.publicKey;
    const isShort =
      ((type === "rsa" || type === "rsa-pss") && (details?.modulusLength ?? 0) < 2048) ||
      type === "dsa" ||
      (type === "ec" && !["prime256v1", "secp384r1", "secp521r1"].includes(details?.namedCurve ?? ""));
    // A root is believed for being known; its own signature proves nothing.
    const isForgeable = /md5|sha1/i.test(one.signatureAlgorithm ?? "") && !isIssuedBy(one, one);
    return isShort || isForgeable ? [place + 1] : [];
  });
  return found(
    "strength",
    weak.length === 0,
    weak.length === 0 ? strengthOf(chain) : `weak key or signature: certificate ${weak.join(", ")}`,
    "Have it made anew with ECDSA P-256 or RSA of 2048 bits at least, and SHA-256.",
  );
}

function strengthOf([own]: readonly X509Certificate[]): string {
  const details = own?.publicKey.asymmetricKeyDetails;
  return `${own?.publicKey.asymmetricKeyType ?? ""} ${details?.namedCurve ?? details?.modulusLength ?? ""}, ${own?.signatureAlgorithm ?? ""}`;
}

function keyFindings(
  own: X509Certificate,
  { key, mode }: { readonly key: KeyObject; readonly mode: number },
): CertificateFinding[] {
  const matches = own.checkPrivateKey(key);
  return [
    found(
      "key-match",
      matches,
      matches ? "the key is the certificate's" : "the key is another certificate's",
      "Name the key that the certificate was requested with.",
    ),
    found(
      "key-permissions",
      (mode & 0o077) === 0,
      `mode ${mode.toString(8).padStart(4, "0")}`,
      "Only its owner may read a key: chmod 600, or 400 in production.",
    ),
  ];
}
