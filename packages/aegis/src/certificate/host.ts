/** What a server shows: its certificates, and which versions of TLS it speaks. */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, type SecureVersion, type TLSSocket } from "node:tls";
import { CertificateError } from "./errors.ts";
import type { CertificateFinding } from "./inspect.ts";

const ANSWER_WITHIN_MS = 10_000;
const MAX_CERTIFICATES = 10;
const VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const GOOD: readonly string[] = ["TLSv1.2", "TLSv1.3"];
/** What OpenSSL says of a chain that it cannot follow to somebody whom it knows. */
const INCOMPLETE =
  /^UNABLE_TO_|^SELF_SIGNED_CERT_IN_CHAIN$|^DEPTH_ZERO_SELF_SIGNED_CERT$|^CERT_CHAIN_TOO_LONG$/;
/** What it says of one that leads to somebody whom it knows, at another time: `inspect` looks at that. */
const ANOTHER_TIME = /^CERT_HAS_EXPIRED$|^CERT_NOT_YET_VALID$/;

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

export interface ShownByHost {
  /** What it sent, as far as it belongs together, and the authority behind it where that is known here. */
  readonly chain: readonly X509Certificate[];
  readonly findings: readonly CertificateFinding[];
}

/**
 * Connects and looks; sends nothing of an application's.
 * @throws CertificateError where nothing answers, or not in TLS
 */
export async function lookAtHost(
  address: HostAddress,
  authoritiesPem: readonly string[],
): Promise<ShownByHost> {
  const { chain, verdict } = await shake(address, { ca: [...authoritiesPem] }, (socket) => ({
    chain: chainOf(socket),
    verdict: socket.authorized ? "" : String(socket.authorizationError),
  }));
  const isComplete = verdict === "" || ANOTHER_TIME.test(codeIn(verdict));
  return {
    chain,
    findings: [
      {
        check: "chain-complete",
        outcome: isComplete ? "pass" : "fail",
        observed: isComplete
          ? "leads to an authority that is known"
          : `${INCOMPLETE.test(codeIn(verdict)) ? "does not lead to a known authority" : "leads to an authority that may not vouch for it, or is refused otherwise"} (${verdict})`,
        fix: isComplete
          ? ""
          : "Send the certificates in between, name the authority (--ca), or have it issued by one that may.",
      },
      await versionFinding(address),
    ],
  };
}

/**
 * When the certificate ends that a server shows to whoever asks for `servername`: milliseconds since the Unix epoch. What
 * it is not trusted with is read all the same.
 * @throws CertificateError where nothing answers, or not in TLS
 */
export const certificateEndsAt = (address: HostAddress, servername = address.host): Promise<number> =>
  shake(address, isIP(servername) === 0 ? { servername } : {}, (socket) => {
    const end = Date.parse(socket.getPeerX509Certificate()?.validTo ?? "");
    if (Number.isNaN(end))
      throw new CertificateError(`${address.host}:${address.port} shows no certificate.`);
    return end;
  });

const codeIn = (verdict: string): string => /[A-Z][A-Z_]{5,}/.exec(verdict)?.[0] ?? verdict;

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (
    next !== undefined &&
    chain.length < MAX_CERTIFICATES &&
    !chain.some((one) => one.raw.equals(next?.raw ?? one.raw))
  ) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

async function versionFinding(address: HostAddress): Promise<CertificateFinding> {
  const seen: string[] = [];
  let unseen = "";
  for (const version of VERSIONS) {
    const answer = await speaks(address, version);
    if (answer === "yes") seen.push(version);
    if (answer === "unknown") unseen = version;
  }
  const isGood = seen.length > 0 && seen.every((version) => GOOD.includes(version));
  return {
    check: "protocols",
    outcome: !isGood ? "fail" : unseen === "" ? "pass" : "unknown",
    observed: `${seen.join(", ")}${unseen === "" ? "" : `; ${unseen} could not be tried from here`}`,
    fix: isGood ? "" : "Allow TLS 1.2 and 1.3 alone (nginx: ssl_protocols TLSv1.2 TLSv1.3).",
  };
}

/** Old versions need ciphers that OpenSSL has put away (SECLEVEL=0); without them nothing old would ever be seen. */
async function speaks(address: HostAddress, version: SecureVersion): Promise<"yes" | "no" | "unknown"> {
  try {
    return await shake(
      address,
      { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" },
      (socket) => (socket.getProtocol() === version ? "yes" : "unknown"),
    );
  } catch (error) {
    const code = error instanceof CertificateError ? (error.hint ?? "") : "";
    // Our own library's refusal to try it says nothing of the server.
    return /NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|INVALID_PROTOCOL|TIMEOUT/.test(code)
      ? "unknown"
      : "no";
  }
}

/** One handshake. What it is not trusted with is looked at all the same: that is what this is for. */
function shake<T>(
  { host, port }: HostAddress,
  options: ConnectionOptions,
  look: (socket: TLSSocket) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...options,
      // aegis-ignore tls-off until 2027-11-20: the certificate is what is looked at; nothing is sent or believed
      rejectUnauthorized: false,
      // aegis-ignore tls-off until 2027-11-20: the names are compared by inspect, and what differs is a finding
      checkServerIdentity: () => undefined, // names are looked at by themselves
    });
    const timer = setTimeout(() => fail("TIMEOUT"), ANSWER_WITHIN_MS);
    const fail = (code: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CertificateError(`${host}:${port} does not answer in TLS.`, code));
    };
    socket.once("error", (error) => fail("code" in error ? String(error.code) : error.message));
    socket.once("close", () => fail("CLOSED"));
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      try {
        resolve(look(socket));
      } catch (error) {
        reject(error instanceof Error ? error : new CertificateError(String(error)));
      }
      socket.destroy();
    });
  });
}
