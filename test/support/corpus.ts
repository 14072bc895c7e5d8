/** Cases as text: `# title`, `# options: ...`, then files, each behind a line `@@@ path`. */
import { readdirSync, readFileSync } from "node:fs";
import { IDENTITY_HEADERS } from "../../packages/aegis-cli/src/migrate-frontend/engine.ts";
import { unifiedDiff } from "../../packages/aegis-cli/src/migrate-frontend/diff.ts";
import type { Migration } from "../../packages/aegis-cli/src/migrate-frontend/engine.ts";
import type { MigrateOptions } from "../../packages/aegis-cli/src/migrate-frontend/finding.ts";

export const folder = new URL("../../packages/aegis-cli/corpus/", import.meta.url);

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly files: ReadonlyMap<string, string>;
  readonly options: MigrateOptions;
  readonly expected: string;
}

const NO_NEWLINE = " (no newline at end)";

export function readCases(): readonly Case[] {
  const names = readdirSync(folder);
  return names
    .filter((name) => name.endsWith(".case"))
    .toSorted()
    .map((file) => {
      const [head = "", ...sections] = readFileSync(new URL(file, folder), "utf8").split(/^@@@ /m);
      const name = file.slice(0, -".case".length);
      const files = sections.map((section): [string, string] => {
        const line = section.slice(0, section.indexOf("\n"));
        const body = section.slice(line.length + 1);
        return line.endsWith(NO_NEWLINE)
          ? [line.slice(0, -NO_NEWLINE.length), body.slice(0, -1)]
          : [line, body];
      });
      return {
        name,
        title: /^# (.*)$/m.exec(head)?.[1] ?? name,
        files: new Map(files),
        options: optionsOf(/^# options: (.*)$/m.exec(head)?.[1] ?? ""),
        expected: names.includes(`${name}.expected`)
          ? readFileSync(new URL(`${name}.expected`, folder), "utf8")
          : "",
      };
    });
}

function optionsOf(text: string): MigrateOptions {
  const values = (name: string): string[] =>
    [...text.matchAll(new RegExp(`--${name} (\\S+)`, "g"))].map(([, value = ""]) => value);
  return {
    headers: [...IDENTITY_HEADERS, ...values("header").map((name) => name.toLowerCase())],
    origins: new Set(values("api")),
    bases: new Set(values("api-base")),
  };
}

/** What stands in a case's file of expectations: the report, and the diff. */
export const told = ({ findings, changes }: Migration): string =>
  [
    ...findings.map(
      ({ file, line, column, action, confidence, rule, what }) =>
        `${file}:${line}:${column} ${action} ${confidence} ${rule}: ${what}\n`,
    ),
    ...changes.map(({ path, before, edits }) => `\n${unifiedDiff(path, before, edits)}`),
  ].join("") || "nothing to do\n";
