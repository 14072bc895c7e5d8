/** Findings that somebody has accepted, by fingerprint. */
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { UsageError } from "../talk.ts";
import type { ScanFinding } from "./rule.ts";

const VERSION = 1;
const MAX_BYTES = 16_777_216;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function readBaseline(file: string): ReadonlySet<string> {
  let data: unknown;
  try {
    if (lstatSync(file).size > MAX_BYTES) throw new UsageError(`${file} is larger than ${MAX_BYTES} bytes.`);
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read as a baseline.`, "Make one with --write-baseline.");
  }
  const findings = isRecord(data) && data["version"] === VERSION ? data["findings"] : undefined;
  if (!Array.isArray(findings))
    throw new UsageError(`${file} is no baseline.`, "Make one with --write-baseline.");
  return new Set(
    findings.map((one: unknown) => {
      const print = isRecord(one) ? one["fingerprint"] : undefined;
      if (typeof print !== "string" || !/^[0-9a-f]{32}$/.test(print))
        throw new UsageError(
          `${file} has an entry without a fingerprint.`,
          "Make it anew with --write-baseline.",
        );
      return print;
    }),
  );
}

/** What is open is accepted; the rest says why by itself. A wrong suppression cannot be accepted: it has no effect either way. */
export function writeBaseline(file: string, findings: readonly ScanFinding[]): number {
  const accepted = findings
    .filter(({ state, rule }) => state !== "suppressed" && rule !== "suppression")
    .map(({ fingerprint, rule, file: path }) => ({ fingerprint, rule, file: path }))
    .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  try {
    writeFileSync(file, `${JSON.stringify({ version: VERSION, findings: accepted }, undefined, 2)}\n`);
  } catch {
    throw new UsageError(`${file} cannot be written.`);
  }
  return accepted.length;
}

export const accepted = (
  findings: readonly ScanFinding[],
  baseline: ReadonlySet<string>,
): readonly ScanFinding[] =>
  findings.map((one) =>
    one.state === "open" && one.rule !== "suppression" && baseline.has(one.fingerprint)
      ? { ...one, state: "accepted" }
      : one,
  );
