/**
 * What an assessment needs of a saved run. Threat: a run file that was edited, cut or made up to look better than what was
 * seen. Rule: which requirement a control counts for, and whether it proves anything, is never read from the file; a pass
 * without a stored exchange is none; what the file does not say counts as not seen. Whether the file is the one that was
 * written is not shown by itself: the digest in the result names it.
 */
import { hash } from "node:crypto";
import type { Outcome } from "../../control.ts";
import { valueAt } from "../../lib/freeze.ts";
import type { EvidenceExchange } from "../../verify/finding.ts";
import type { Run, RunFinding } from "../run-file.ts";
import { ComplianceError } from "./errors.ts";

export interface SeenExchange {
  /** Where it stands in the file: "/findings/12/evidence/3" (RFC 6901). */
  readonly pointer: string;
  readonly request: string;
  /** 0 where a raw connection ended without an answer. */
  readonly status: number;
}

export interface Seen {
  readonly outcome: Outcome;
  readonly observed: string;
  /** The last that was stored, on which the verdict most often rests; undefined: none was. */
  readonly exchange: SeenExchange | undefined;
}

export interface SeenRun {
  readonly origin: string;
  readonly startedAt: string;
  readonly fingerprint: string;
  /** SHA-256 of the file's text, hexadecimal. */
  readonly digest: string;
  readonly findings: ReadonlyMap<string, Seen>;
  /** A setting that the target was held against; undefined where the file does not say. */
  readonly setting: (leaf: string) => unknown;
}

/**
 * @param run as `parseRun` gave it
 * @param text what `parseRun` was given: its digest names the file
 * @throws ComplianceError where the target was not reached
 */
export function seenRun(run: Run, text: string): SeenRun {
  if (!run.reachable)
    throw new ComplianceError("The target could not be reached in this run, so nothing of it is known.");
  const { origin, startedAt, fingerprint, policy } = run;
  return {
    origin,
    startedAt,
    fingerprint,
    digest: hash("sha256", text, "hex"),
    findings: new Map(
      run.findings.map((one, place) => [
        one.id,
        { outcome: one.outcome, observed: one.observed, exchange: exchangeOf(one, `/findings/${place}`) },
      ]),
    ),
    setting: (leaf) => (policy === undefined ? undefined : valueAt(policy, leaf)),
  };
}

function exchangeOf({ outcome, evidence, matrix }: RunFinding, place: string): SeenExchange | undefined {
  const own = evidence.map((one, at) => stored(one, `${place}/evidence/${at}`));
  const cells = matrix.map((cell, at) =>
    cell.outcome === outcome && cell.evidence !== undefined
      ? stored(cell.evidence, `${place}/matrix/${at}/evidence`)
      : undefined,
  );
  return [...cells, ...own].findLast((one) => one !== undefined);
}

/** Something was asked, and something came back: an answer, or the end of the connection. */
function stored(
  { request, status, connection }: EvidenceExchange,
  pointer: string,
): SeenExchange | undefined {
  const isAnswer = status >= 100 && status <= 599;
  const hasEnded = status === 0 && connection !== undefined;
  return /^[A-Z]{1,20} \S/.test(request) && (isAnswer || hasEnded) ? { pointer, request, status } : undefined;
}

/** The exchange that a pointer names: "/findings/12/evidence/3", "/findings/12/matrix/3/evidence". */
export function exchangeAt({ findings }: Run, pointer: string): EvidenceExchange | undefined {
  const [, place, own, cell] =
    /^\/findings\/(\d{1,5})\/(?:evidence\/(\d{1,5})|matrix\/(\d{1,5})\/evidence)$/.exec(pointer) ?? [];
  const finding = findings[Number(place)];
  return own === undefined ? finding?.matrix[Number(cell)]?.evidence : finding?.evidence[Number(own)];
}
