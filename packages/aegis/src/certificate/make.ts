/** Keys, certificates, a local authority and requests (RFC 5280, RFC 2986), as PEM. */
import "reflect-metadata"; // before the library below, which will not load without it
import { type KeyObject, X509Certificate as NodeCertificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { NAME_CONSTRAINTS, vouchingOf } from "./constraints.ts";
import { CertificateError } from "./errors.ts";
import { type CertificateName, certificateNames } from "./names.ts";

/** ecdsa: P-256, which every browser takes and is fast; rsa: 4096 bits, for what knows nothing else. */
export type KeyKind = "ecdsa" | "rsa";

export interface CertificateOptions {
  /** Host names and addresses. */
  readonly names: readonly string[];
  /** Default "ecdsa". */
  readonly kind?: KeyKind;
  /** How long it is valid, in days. Default 365, or what the authority has left; 1 to 397 (browsers refuse more), an authority to 3650. */
  readonly days?: number;
}

export interface Made {
  readonly certificatePem: string;
  /** PKCS #8, not encrypted: write it with `writeSecretFile`. */
  readonly keyPem: string;
}

export interface Authority {
  readonly certificatePem: string;
  readonly key: KeyObject;
}

interface Sources {
  readonly clock: Clock;
  readonly random: Random;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 365;
/** CA/Browser Forum Baseline Requirements 6.3.2: 398 days; the last second of them counts. */
const MOST_DAYS = 397;
const MOST_AUTHORITY_DAYS = 3650;
/** Clocks of two machines differ; a certificate that is not valid yet would be refused by the slower one. */
const BACKDATED_MS = 5 * 60_000;

const ALGORITHMS = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 4096,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
} as const;

/** A certificate that vouches for itself: a browser warns, once for each visitor. For tests and machines among themselves. */
export async function selfSignedCertificate(options: CertificateOptions, sources: Sources): Promise<Made> {
  const names = certificateNames(options.names);
  const { keys, keyPem, signingAlgorithm } = await newKeys(options.kind);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...(await commonParts(names, validDays(options.days, MOST_DAYS), sources)),
    keys,
    signingAlgorithm,
    extensions: await leafExtensions(names, keys.publicKey),
  });
  return { certificatePem: pemOf(certificate), keyPem };
}

/**
 * A local authority. It can vouch for the given names and what is under them alone (RFC 5280 4.2.1.10): whoever steals
 * its key from a developer's machine, where browsers trust it, cannot be anybody else.
 */
export async function localAuthority(options: CertificateOptions, sources: Sources): Promise<Made> {
  const names = certificateNames(options.names);
  const { keys, keyPem, signingAlgorithm } = await newKeys(options.kind);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...(await commonParts(names, validDays(options.days, MOST_AUTHORITY_DAYS), sources)),
    name: [{ CN: [`Local authority for ${names[0]?.value ?? ""}`.slice(0, 64)] }],
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new Extension(NAME_CONSTRAINTS, true, AsnConvert.serialize(constraintsOf(names))),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem };
}

/**
 * A certificate by a local authority.
 * @throws CertificateError where the authority is over before the certificate would be
 */
export async function issuedCertificate(
  options: CertificateOptions,
  authority: Authority,
  sources: Sources,
): Promise<Made> {
  const names = certificateNames(options.names);
  const { keys, keyPem } = await newKeys(options.kind);
  const issuer = new X509Certificate(authority.certificatePem);
  demandAuthority(authority, names);
  // Not asked for, it lasts no longer than the authority.
  const left = Math.floor((issuer.notAfter.getTime() - sources.clock.now()) / DAY_MS);
  const days = options.days ?? Math.max(1, Math.min(DEFAULT_DAYS, left));
  const parts = await commonParts(names, validDays(days, MOST_DAYS), sources);
  if (issuer.notAfter < parts.notAfter)
    throw new CertificateError(
      `The authority is over on ${issuer.notAfter.toISOString().slice(0, 10)}, before the certificate would be.`,
      "Give fewer --days, or make a new authority.",
    );
  const { signingKey, signingAlgorithm } = await signerOf(authority.key);
  const certificate = await X509CertificateGenerator.create({
    ...parts,
    subject: parts.name,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm,
    extensions: [
      ...(await leafExtensions(names, keys.publicKey)),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem };
}

/** Whoever checks the certificate would refuse it all the same, with a worse reason. */
function demandAuthority({ certificatePem, key }: Authority, names: readonly CertificateName[]): void {
  const seen = new NodeCertificate(certificatePem);
  if (!seen.ca) throw new CertificateError("The certificate of the authority is none of an authority.");
  if (!seen.checkPrivateKey(key)) throw new CertificateError("The key is not the authority's.");
  const { mayFor, hosts } = vouchingOf(certificatePem);
  const beyond = names.find((name) => !mayFor(name));
  if (beyond !== undefined)
    throw new CertificateError(
      `The authority may not vouch for ${beyond.value}.`,
      beyond.type === "ip"
        ? "It may for the addresses that it was made for: make one for that address, too."
        : `It may for ${hosts.length === 0 ? "no host name" : hosts.join(", ")} and what is under it: make one for that name.`,
    );
}

/** A request for an authority elsewhere, and the key that stays here. */
export async function certificateRequest(
  options: Omit<CertificateOptions, "days">,
): Promise<{ readonly requestPem: string; readonly keyPem: string }> {
  const names = certificateNames(options.names);
  const { keys, keyPem, signingAlgorithm } = await newKeys(options.kind);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subjectOf(names),
    keys,
    signingAlgorithm,
    extensions: [new SubjectAlternativeNameExtension([...names])],
  });
  return { requestPem: `${request.toString("pem")}\n`, keyPem };
}

async function newKeys(kind: KeyKind = "ecdsa") {
  const algorithm = ALGORITHMS[kind];
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    keys,
    keyPem: ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n"),
    signingAlgorithm: algorithm,
  };
}

type Keys = Awaited<ReturnType<typeof newKeys>>["keys"];

async function signerOf(key: KeyObject) {
  const kind: KeyKind | undefined =
    key.asymmetricKeyType === "rsa"
      ? "rsa"
      : key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1"
        ? "ecdsa"
        : undefined;
  if (kind === undefined || key.type !== "private")
    throw new CertificateError("The authority's key is neither RSA nor ECDSA P-256.");
  const der = key.export({ type: "pkcs8", format: "der" });
  const signingAlgorithm = ALGORITHMS[kind];
  return {
    signingKey: await crypto.subtle.importKey("pkcs8", der, signingAlgorithm, false, ["sign"]),
    signingAlgorithm,
  };
}

async function commonParts(names: readonly CertificateName[], days: number, { clock, random }: Sources) {
  const now = Math.floor(clock.now() / 1000) * 1000; // certificates know whole seconds
  return {
    // 126 random bits, positive, the first byte never zero (RFC 5280 4.1.2.2; the Baseline Requirements ask for 64).
    serialNumber: serialOf(Buffer.from(random.token(16), "base64url")),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + days * DAY_MS),
    name: subjectOf(names),
  };
}

function serialOf(bytes: Buffer): string {
  const [first = 0] = bytes;
  bytes[0] = (first & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** Browsers read the alternative names alone; the common name is for people, and 64 characters long at most (RFC 5280 A.1). */
const subjectOf = ([first]: readonly CertificateName[]) => {
  const value = first?.value ?? "";
  // OpenSSL holds a common name that looks like a host name against the constraints for hosts; an address alone does.
  return [{ CN: [(first?.type === "ip" ? `Address ${value}` : value).slice(0, 64)] }];
};

const leafExtensions = async (names: readonly CertificateName[], key: Keys["publicKey"]) => [
  new BasicConstraintsExtension(false, undefined, true),
  // Signing alone: every suite that is left makes a new key for each connection.
  new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  new SubjectAlternativeNameExtension([...names]),
  await SubjectKeyIdentifierExtension.create(key),
];

/** A kind that nothing names is unconstrained: where there is no address, all of them are excluded. */
function constraintsOf(names: readonly CertificateName[]): NameConstraints {
  const subtrees = (bases: readonly GeneralName[]) =>
    new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
  const dns = names.filter(({ type }) => type === "dns");
  const addresses = names.filter(({ type }) => type === "ip");
  const permitted = [
    ...dns.map(({ value }) => new GeneralName({ dNSName: value.replace(/^\*\./, "") })),
    ...addresses.map(
      ({ value }) => new GeneralName({ iPAddress: `${value}/${value.includes(":") ? 128 : 32}` }),
    ),
  ];
  const excluded = [
    ...(dns.length === 0 ? [new GeneralName({ dNSName: "" })] : []),
    ...(addresses.length === 0
      ? ["0.0.0.0/0", "::/0"].map((iPAddress) => new GeneralName({ iPAddress }))
      : []),
  ];
  return new NameConstraints({
    permittedSubtrees: subtrees(permitted),
    ...(excluded.length === 0 ? {} : { excludedSubtrees: subtrees(excluded) }),
  });
}

function validDays(days = DEFAULT_DAYS, most: number): number {
  if (!Number.isInteger(days) || days < 1 || days > most)
    throw new CertificateError(`A certificate here is valid for 1 to ${most} days.`);
  return days;
}

const pemOf = (certificate: X509Certificate): string => `${certificate.toString("pem")}\n`;
