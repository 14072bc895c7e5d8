/**
 * Which controls were seen to fail, and at what: the machine-readable half of test/mutation.test.ts and
 * test/broken-mechanisms.test.ts, which write it under UPDATE_FLIPS=1 and are held to it otherwise. `aegis compliance` counts
 * no pass of a control that is not in it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { format } from "./format-json.ts";

const file = new URL("../../packages/aegis/src/report/compliance/frameworks/flips.json", import.meta.url);

export type Flips = Readonly<Record<string, readonly string[]>>;

export const readFlips = (): Flips => JSON.parse(readFileSync(file, "utf8"));

/** Controls that are said to fail at `cause` ("policy:session.cookie.secure", "fault:a banner"). */
export const saidToFail = (cause: string): readonly string[] =>
  Object.entries(readFlips())
    .filter(([, causes]) => causes.includes(cause))
    .map(([id]) => id);

export const isUpdate = process.env["UPDATE_FLIPS"] === "1";

/** Replaces what stands there of the causes that were tried; `kind` is "policy" or "fault". */
export function writeFlips(kind: string, seen: ReadonlyMap<string, readonly string[]>): void {
  const all = new Map<string, Set<string>>();
  const add = (id: string, cause: string): void => void all.set(id, (all.get(id) ?? new Set()).add(cause));
  for (const [id, causes] of Object.entries(readFlips()))
    for (const cause of causes)
      if (!cause.startsWith(`${kind}:`) || !seen.has(cause.slice(kind.length + 1))) add(id, cause);
  for (const [cause, ids] of seen) for (const id of ids) add(id, `${kind}:${cause}`);
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(
    file,
    format(
      Object.fromEntries(
        sorted.map(([id, causes]) => [id, [...causes].toSorted((a, b) => (a < b ? -1 : 1))]),
      ),
    ),
  );
}
