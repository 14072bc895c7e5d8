/** What a watch looks at beside health: the controls, and the certificate. */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { CertificateError, inspectCertificate, lookAtHost } from "aegis/certs";
import { catalogue, type Finding, hastenedControls, verify } from "aegis/verify";
import { type CertificateFacts } from "aegis/watch";
import type { aimAt } from "../verify/verify.ts";

export type Aim = Awaited<ReturnType<typeof aimAt>>;

export interface ControlsLook {
  readonly findings: readonly Finding[];
  readonly accountsMade: number;
  readonly reachable: boolean;
}

export interface Scope {
  readonly words: string;
  /** Ids of what is looked at; slow ones only while there are accounts that hasten them. */
  readonly fast: ReadonlySet<string>;
  readonly hastened: ReadonlySet<string>;
}

/** Fast controls, and of the slow ones those that probe accounts make fast: a watch may use up no limits. */
export function scopeOf({ policy, probes }: Aim, only: string | undefined): Scope {
  const all = catalogue
    .flatMap(({ controls }) => controls)
    .filter(({ room }) => only === undefined || room === only);
  const hastened = hastenedControls(all, probes?.accounts ?? [], policy).map(({ control }) => control.id);
  const fast = all.filter(({ slow }) => !slow).map(({ id }) => id);
  const extra = hastened.length === 0 ? "" : `, and ${hastened.length} on probe accounts`;
  return {
    words: `${fast.length} fast controls${only === undefined ? "" : ` of ${only}`}${extra}`,
    fast: new Set(fast),
    hastened: new Set(hastened),
  };
}

export async function lookAtControls(
  { probes, ...aim }: Aim,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ControlsLook> {
  const { findings, accountsCreated, reachable } = await verify({
    ...aim,
    ...(probes === undefined ? {} : { probeAccounts: probes.accounts }),
    only: ({ id }) => ids.has(id),
    signal,
  });
  return { findings, accountsMade: accountsCreated.length, reachable };
}

/** Slow controls whose accounts are gone: nobody can see them any more, and that is said. */
export const endedFindings = ({ hastened }: Scope, until: string): readonly Finding[] =>
  catalogue
    .flatMap(({ controls }) => controls)
    .filter(({ id }) => hastened.has(id))
    .map(({ id, room, claim, advice, proves, references }) => ({
      id,
      room,
      claim,
      advice,
      proves,
      references,
      outcome: "unknown",
      observed: `the probe accounts ended at ${until}`,
      seconds: 0,
      evidence: [],
    }));

/** Undefined: nothing answers there in TLS, which health tells of. */
export async function lookAtCertificate({ origin, wire }: Aim): Promise<CertificateFacts | undefined> {
  const url = new URL(origin);
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  const given = wire.ca === undefined ? [] : [wire.ca];
  try {
    const address = { host, port: url.port === "" ? 443 : Number(url.port) };
    const { chain, findings } = await lookAtHost(address, [...rootCertificates, ...given]);
    const own = inspectCertificate({
      chain,
      authorities: given.map((pem) => new X509Certificate(pem)),
      names: [host],
      now: Date.now(),
    });
    // Days are judged by the watch; the order of a chain is lost on the way through OpenSSL.
    const elsewhere = ["days-left", "chain-order", "chain-complete"];
    const problems = [...own.filter(({ check }) => !elsewhere.includes(check)), ...findings]
      .filter(({ outcome }) => outcome === "fail")
      .map(({ check, observed }) => `${check}: ${observed}`);
    return chain.length === 0 ? undefined : { chain, problems: wire.insecure ? undefined : problems };
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}
