/** One scan of a folder: sources, installed packages, repository; and how it is told. */
import { loadConfig } from "../config.ts";
import { isMinified, isTestFile } from "../source/kinds.ts";
import { LIMITS, readSources } from "../source/files.ts";
import { deadly } from "../source/probe.ts";
import { counted, print, tell, UsageError } from "../talk.ts";
import { checkAdvisories } from "./advisories/advisories.ts";
import { accepted, readBaseline, writeBaseline } from "./baseline.ts";
import { scan } from "./engine.ts";
import { lookAtRepository } from "./repository.ts";
import { type ScanResult, statusOf } from "./result.ts";
import { isTemplate } from "./rules/template.ts";
import { sarifOf } from "./sarif.ts";
import { summaryOf, textOf } from "./text.ts";

export interface ScanOptions {
  readonly format: "text" | "json" | "sarif";
  /** A file, or false: not asked for. */
  readonly advisories?: string | boolean;
  readonly git: boolean;
  readonly tests?: boolean;
  readonly baseline?: string;
  readonly writeBaseline?: boolean;
}

export async function scanFolder(folder: string, options: ScanOptions, version: string): Promise<void> {
  if (options.writeBaseline === true && options.baseline === undefined)
    throw new UsageError("--write-baseline needs to know where to.", "Add --baseline FILE.");
  const baseline =
    options.baseline === undefined || options.writeBaseline === true
      ? new Set<string>()
      : readBaseline(options.baseline);
  const found = await look(folder, options);
  if (options.writeBaseline === true && options.baseline !== undefined) {
    const count = writeBaseline(options.baseline, found.findings);
    tell(`accepted in ${options.baseline}: ${counted(count, "finding")}`);
    return;
  }
  const result = { ...found, findings: accepted(found.findings, baseline) };
  const stale = [...baseline].filter(
    (one) => !result.findings.some(({ fingerprint }) => fingerprint === one),
  );
  if (options.format === "json")
    print(JSON.stringify({ ok: statusOf(result) === 0, ...result }, undefined, 2));
  else if (options.format === "sarif") print(JSON.stringify(sarifOf(result, version), undefined, 2));
  else {
    const text = textOf(result);
    if (text !== "") print(text);
  }
  tell(summaryOf(result));
  if (stale.length > 0)
    tell(`gone since the baseline: ${counted(stale.length, "finding")}; --write-baseline takes them out`);
  process.exitCode = statusOf(result);
}

export async function look(folder: string, options: ScanOptions): Promise<ScanResult> {
  const sources = await readSources(folder, LIMITS, { also: isTemplate, links: true });
  const leftOut = { tests: 0, built: 0 };
  const files = sources.files.filter(({ path, text }) => {
    if (options.tests !== true && isTestFile(path)) leftOut.tests += 1;
    else if (isMinified(path, text)) leftOut.built += 1;
    else return true;
    return false;
  });
  const dead = deadly(files);
  const { findings, unread } = scan(
    new Map(files.filter(({ path }) => !dead.has(path)).map(({ path, text }) => [path, text])),
    new Date(),
  );
  const advisories =
    options.advisories === false
      ? { findings: [], unchecked: undefined, packages: 0 }
      : await checkAdvisories(
          sources.root,
          typeof options.advisories === "string" ? options.advisories : undefined,
        );
  // The configuration of where the command runs; that of the scanned folder would be code of whoever wrote it.
  const settings = options.git ? ((await loadConfig(process.cwd()))?.preflight ?? {}) : {};
  const repository = options.git
    ? await lookAtRepository(sources.root, settings)
    : { findings: [], unchecked: [] };
  return {
    findings: [...findings, ...advisories.findings, ...repository.findings],
    unread: [
      ...sources.unread,
      ...unread,
      ...[...dead].map((path) => ({ path, why: "it is nested too deeply to be parsed" })),
    ],
    unchecked: [
      ...(advisories.unchecked === undefined ? [] : [{ what: "advisories", why: advisories.unchecked }]),
      ...repository.unchecked.map((why) => ({ what: "the repository", why })),
    ],
    files: files.length,
    lines: files.reduce((sum, { text }) => sum + text.split("\n").length, 0),
    packages: advisories.packages,
    leftOut,
  };
}
