/**
 * What `aegis verify --save` wrote, read as data from outside. Threat: a run file that was edited, cut or made up to look
 * better than what was seen. Rule: which requirement a control counts for, and whether it proves anything, is never read
 * from the file; a pass without a stored exchange is none; what the file does not say counts as not seen. Whether the file
 * is the one that was written is not shown by itself: the digest in the result names it.
 */
import { createHash } from "node:crypto";
import type { Outcome } from "../../control.ts";
import { canonical } from "../../lib/canonical.ts";
import { isRecord, valueAt } from "../../lib/freeze.ts";
import { oneLine } from "../../lib/one-line.ts";
import { ComplianceError } from "./errors.ts";

export interface SeenExchange {
  /** Where it stands in the file: "/findings/12/evidence/3" (RFC 6901). */
  readonly pointer: string;
  readonly request: string;
  readonly status: number;
}

export interface Seen {
  readonly outcome: Outcome;
  readonly observed: string;
  /** The last that was stored, on which the verdict most often rests; undefined: none was. */
  readonly exchange: SeenExchange | undefined;
}

export interface Run {
  readonly origin: string;
  readonly startedAt: string;
  readonly fingerprint: string;
  /** SHA-256 of the file's text, hexadecimal. */
  readonly digest: string;
  readonly findings: ReadonlyMap<string, Seen>;
  /** A setting that the target was held against; undefined where the file does not say. */
  readonly setting: (leaf: string) => unknown;
}

export const MAX_RUN_BYTES = 64_000_000;
const MAX_FINDINGS = 10_000;
const MAX_LOOKED_AT = 200;
const OUTCOMES: readonly Outcome[] = ["pass", "fail", "not-applicable", "unknown", "error"];

const line = (value: unknown, longest: number): string | undefined =>
  typeof value === "string" ? oneLine(value.toWellFormed()).slice(0, longest).toWellFormed() : undefined;

/** @throws ComplianceError where the text is not what `aegis verify --save` writes, or the target was not reached */
export function readRun(text: string): Run {
  if (text.length > MAX_RUN_BYTES) throw new ComplianceError("It is too large to be a run.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ComplianceError("It is no JSON. Give what `aegis verify URL --save FILE` wrote.");
  }
  const list: unknown = isRecord(data) ? data["findings"] : undefined;
  if (!isRecord(data) || !Array.isArray(list) || list.length > MAX_FINDINGS)
    throw new ComplianceError("There are no findings in it. Give what `aegis verify URL --save FILE` wrote.");
  if (data["reachable"] !== true)
    throw new ComplianceError("The target could not be reached in this run, so nothing of it is known.");
  const findings = new Map<string, Seen>();
  for (const [place, one] of list.entries()) {
    const id = line(valueAt(one, "id"), 120);
    const outcome = OUTCOMES.find((known) => known === valueAt(one, "outcome"));
    const observed = line(valueAt(one, "observed"), 300);
    if (id === undefined || outcome === undefined || observed === undefined)
      throw new ComplianceError(`Finding ${place} has no id, outcome or observation.`);
    // Of two that contradict each other one was put in.
    if (findings.has(id)) throw new ComplianceError(`There are two findings of ${id}.`);
    findings.set(id, { outcome, observed, exchange: exchangeOf(one, `/findings/${place}`) });
  }
  const policy = policyOf(data);
  return {
    origin: line(data["origin"], 300) ?? "",
    startedAt: line(data["startedAt"], 40) ?? "",
    fingerprint: line(data["fingerprint"], 64) ?? "",
    digest: createHash("sha256").update(text).digest("hex"),
    findings,
    setting: (leaf) => (policy === undefined ? undefined : valueAt(policy, leaf)),
  };
}

/** Only the one that the fingerprint names: findings of a weak policy must not pass for those of a strict one. */
function policyOf(data: Readonly<Record<string, unknown>>): unknown {
  const { policy, fingerprint } = data;
  if (!isRecord(policy)) return undefined;
  try {
    const digest = createHash("sha256").update(canonical(policy)).digest("hex");
    return digest.slice(0, 16) === fingerprint ? policy : undefined;
  } catch {
    return undefined; // no canonical form, and so no fingerprint
  }
}

function exchangeOf(finding: unknown, place: string): SeenExchange | undefined {
  const listed = (key: string): readonly unknown[] => {
    const list = valueAt(finding, key);
    return Array.isArray(list) ? list.slice(0, MAX_LOOKED_AT) : [];
  };
  const own = listed("evidence").map((one, at) => stored(one, `${place}/evidence/${at}`));
  const cells = listed("matrix").map((cell, at) =>
    valueAt(cell, "outcome") === valueAt(finding, "outcome")
      ? stored(valueAt(cell, "evidence"), `${place}/matrix/${at}/evidence`)
      : undefined,
  );
  return [...cells, ...own].findLast((one) => one !== undefined);
}

/** Something was asked, and something came back: an answer, or the end of the connection. */
function stored(data: unknown, pointer: string): SeenExchange | undefined {
  const request = line(valueAt(data, "request"), 300);
  const status = valueAt(data, "status");
  const isAnswer = typeof status === "number" && Number.isInteger(status) && status >= 100 && status <= 599;
  const hasEnded = status === 0 && typeof valueAt(data, "connection") === "string";
  return request !== undefined && /^[A-Z]{1,20} \S/.test(request) && (isAnswer || hasEnded)
    ? { pointer, request, status }
    : undefined;
}
