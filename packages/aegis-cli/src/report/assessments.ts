/** Which frameworks a report shows, and what people signed of them. */
import { InvalidArgumentError } from "commander";
import type { ChecklistKeys } from "aegis/checklist";
import {
  assess,
  type Assessment,
  framework,
  frameworkIds,
  MAX_ATTESTATIONS_BYTES,
  readAttestations,
  type Run,
  seenRun,
} from "aegis/report";
import { UsageError } from "../talk.ts";
import { readBounded } from "./files.ts";

export const FRAMEWORK_HELP = `show what it says of a framework; repeatable: ${frameworkIds.join(", ")}, or all`;

/** Each once, in the order in which they were named. */
export function frameworksFrom(one: string, all: readonly string[]): readonly string[] {
  if (one !== "all" && !frameworkIds.some((id) => id === one))
    throw new InvalidArgumentError(`Known: ${frameworkIds.join(", ")}, all.`);
  return [...new Set([...all, ...(one === "all" ? frameworkIds : [one])])];
}

export interface Wanted {
  readonly framework: readonly string[];
  readonly attestations?: string;
}

/** The text of the file of statements, where one was named. */
export function attestationsIn({ framework: wanted, attestations }: Wanted): string | undefined {
  if (attestations === undefined) return undefined;
  if (wanted.length === 0)
    throw new UsageError("--attestations belongs to a framework.", "Say which: --framework asvs, or all");
  return readBounded(attestations, MAX_ATTESTATIONS_BYTES).toString("utf8");
}

/** @param text of the run's file: the assessments name it by its digest */
export function assessmentsOf(
  { framework: wanted }: Wanted,
  { run, text }: { readonly run: Run; readonly text: string },
  spoken: { readonly attestations: string | undefined; readonly keys: ChecklistKeys },
  now: number,
): readonly Assessment[] {
  if (wanted.length === 0) return [];
  const seen = seenRun(run, text);
  const statements = spoken.attestations === undefined ? [] : readAttestations(spoken.attestations);
  return wanted.map((id) =>
    assess({ framework: framework(id), run: seen, statements, keys: spoken.keys, now }),
  );
}
