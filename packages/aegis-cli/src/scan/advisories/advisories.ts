/** What is installed, held against advisories. Where nobody could be asked, that is said: it is no "none found". */
import { createHash } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { lineStarts, placeOf } from "../../source/place.ts";
import { oneLine } from "../one-line.ts";
import type { RuleText, ScanFinding } from "../rule.ts";
import { type Advisory, AdvisoryError, advisoriesFrom } from "./advisory.ts";
import { type Lock, readLock } from "./lock.ts";
import { askRegistry, RegistryError, registryOf } from "./registry.ts";

export const ADVISORY: RuleText = {
  id: "advisory",
  claim: "No package is installed in a version that is known to be vulnerable.",
  cwe: 1395,
  asvs: "v5.0.0-15.2.1",
  severity: "high",
  advice: {
    symptom: "What is public about the package works here too.",
    cause: "The lock file names a version that an advisory covers.",
    fix: "Run `npm audit fix`, or update what asks for the package; `npm ls NAME` says what does.",
  },
};

export interface Checked {
  readonly findings: readonly ScanFinding[];
  /** Why nothing is known; undefined: it was checked, or there was nothing to check. */
  readonly unchecked: string | undefined;
  /** How many packages were held against advisories. */
  readonly packages: number;
}

const MAX_FILE_BYTES = 268_435_456;
const MAX_FINDINGS = 1000;

export async function checkAdvisories(folder: string, file: string | undefined): Promise<Checked> {
  const lock = await readLock(folder);
  if (lock.kind === "none") return { findings: [], unchecked: undefined, packages: 0 };
  if (lock.kind === "unread") return { findings: [], unchecked: lock.why, packages: 0 };
  try {
    const data =
      file === undefined ? await askRegistry(await registryOf(), lock.packages) : await readAdvisories(file);
    const found = findingsOf(lock, advisoriesFrom(data));
    return { findings: found, unchecked: undefined, packages: lock.packages.length };
  } catch (error) {
    const isKnown = error instanceof AdvisoryError || error instanceof RegistryError;
    const why = isKnown ? error.message : error instanceof SyntaxError ? "it is no JSON" : undefined;
    if (why === undefined) throw error;
    const from = file === undefined ? "" : `${file}: `;
    return { findings: [], unchecked: `${from}${why}`, packages: 0 };
  }
}

async function readAdvisories(file: string): Promise<unknown> {
  let text: string;
  try {
    const stat = await lstat(file);
    if (stat.size > MAX_FILE_BYTES) throw new AdvisoryError(`it is larger than ${MAX_FILE_BYTES} bytes`);
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof AdvisoryError) throw error;
    throw new AdvisoryError("it cannot be read");
  }
  return JSON.parse(text);
}

function findingsOf(
  lock: Extract<Lock, { kind: "packages" }>,
  advisories: readonly Advisory[],
): ScanFinding[] {
  const byName = Map.groupBy(advisories, ({ name }) => name);
  const starts = lineStarts(lock.text);
  const findings: ScanFinding[] = [];
  const seen = new Set<string>();
  for (const { name, version, dev, place } of lock.packages)
    for (const { id, title, severity, fixed, covers } of byName.get(name) ?? []) {
      const key = `advisory\0${id}\0${name}\0${version}`;
      if (seen.has(key) || !covers(version) || findings.length >= MAX_FINDINGS) continue;
      seen.add(key);
      findings.push({
        rule: ADVISORY.id,
        severity,
        file: lock.file,
        ...placeOf(starts, Math.max(0, lock.text.indexOf(`"${place}"`))),
        observed: `${name} ${version}${dev ? " (for development)" : ""}: ${oneLine(title)} (${oneLine(id)})${fixed === undefined ? "" : `; mended in ${fixed}`}`,
        fingerprint: createHash("sha256").update(key).digest("hex").slice(0, 32),
        state: "open",
      });
    }
  return findings;
}
