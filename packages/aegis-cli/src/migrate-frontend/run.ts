/** One run over a folder: reads, reports, and writes where it is asked to. */
import { readSources, replaceFile, type Sources } from "../source/files.ts";
import { deadly } from "../source/probe.ts";
import { counted, paint, print, table, tell, UsageError } from "../talk.ts";
import { unifiedDiff } from "./diff.ts";
import { fileFinding, IDENTITY_HEADERS, migrate, type Migration, sorted } from "./engine.ts";
import type { Finding, MigrateOptions } from "./finding.ts";

export interface Options {
  readonly write?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly header?: readonly string[];
  readonly api?: readonly string[];
  readonly apiBase?: readonly string[];
}

export async function migrateFolder(folder: string, options: Options): Promise<void> {
  if (options.write === true && options.check === true)
    throw new UsageError("--check changes nothing, --write does.", "Give one of them.");
  const sources = await readSources(folder);
  const { changes, findings } = migrateSources(sources, {
    headers: [...IDENTITY_HEADERS, ...(options.header ?? [])],
    origins: new Set(options.api ?? []),
    bases: new Set(options.apiBase ?? []),
  });
  const failed: Finding[] = [];
  const written = new Set<string>();
  if (options.write === true)
    for (const { path, before, after } of changes)
      try {
        await replaceFile(sources.root, path, before, after);
        written.add(path);
      } catch (error) {
        failed.push(
          fileFinding(path, `could not be written: ${error instanceof Error ? error.message : "unknown"}`),
        );
      }
  const all = sorted([...findings, ...failed]);
  const left = all.filter(
    (one) => one.action === "review" || (one.action === "rewrite" && !written.has(one.file)),
  );
  if (options.json === true)
    print(JSON.stringify(asJson(all, changes, written, sources.files.length), undefined, 2));
  else {
    if (options.check !== true)
      for (const { path, before, edits } of changes) process.stdout.write(unifiedDiff(path, before, edits));
    report(all, written, options.check === true ? print : tell);
    tell(summary(all, changes, written, sources.files.length));
  }
  process.exitCode = failed.length > 0 ? 2 : left.length > 0 ? 1 : 0;
}

function migrateSources({ files, unread }: Sources, options: MigrateOptions): Migration {
  const dead = deadly(files);
  const { changes, findings } = migrate(
    new Map(files.filter(({ path }) => !dead.has(path)).map(({ path, text }) => [path, text])),
    options,
  );
  return {
    changes,
    findings: sorted([
      ...findings,
      ...unread.map(({ path, why }) => fileFinding(path, `is not looked at: ${why}`)),
      ...[...dead].map((path) => fileFinding(path, "is not looked at: it is nested too deeply to be parsed")),
    ]),
  };
}

/** A path may hold anything but "/" and NUL; a terminal gets none of its control characters. */
const shown = (path: string): string => path.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");

function report(
  findings: readonly Finding[],
  written: ReadonlySet<string>,
  say: (text: string) => void,
): void {
  if (findings.length === 0) return;
  say(
    table(
      findings.map(({ file, line, what, confidence, action }) => {
        const state = action === "rewrite" ? (written.has(file) ? "written" : "rewrite") : action;
        return [
          `${shown(file)}:${line}`,
          state,
          confidence,
          state === "review" ? paint("yellow", what) : what,
        ];
      }),
    ),
  );
}

function summary(
  findings: readonly Finding[],
  changes: Migration["changes"],
  written: ReadonlySet<string>,
  files: number,
): string {
  const count = (action: Finding["action"]): number => findings.filter((one) => one.action === action).length;
  const verb = written.size > 0 ? "changed" : "to change";
  return `${counted(files, "file")} read, ${written.size > 0 ? written.size : changes.length} ${verb} (${counted(count("rewrite"), "place")}), ${counted(count("review"), "place")} to review, ${counted(count("note"), "note")}`;
}

const asJson = (
  findings: readonly Finding[],
  changes: Migration["changes"],
  written: ReadonlySet<string>,
  files: number,
): unknown => ({
  files,
  findings,
  changes: changes.map(({ path, before, edits }) => ({
    file: path,
    written: written.has(path),
    diff: unifiedDiff(path, before, edits),
  })),
});
