/** Commands of guides, run as they stand: with this project's `npx aegis`, and stand-ins for what systemd has here. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { repository, run } from "./processes.ts";

/** The shell blocks of a page, in their order. */
export const shellBlocks = (page: string): readonly string[] =>
  [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);

/** Those of a guide of this project: "backups.md". */
export const blocksOf = (guide: string): readonly string[] =>
  shellBlocks(readFileSync(join(repository, "docs", guide), "utf8"));

/** By heading of the second level, what stands below it. */
export const sectionsOf = (page: string): ReadonlyMap<string, string> =>
  new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return [section.slice(0, end), section.slice(end + 1)];
      }),
  );

/** `aegis` and `npx aegis` as they are where Aegis is installed, out of the sources: to be found first. */
export function aegisPrograms(bin: string): void {
  mkdirSync(bin, { recursive: true });
  const main = join(repository, "packages/aegis-cli/src/main.ts");
  const call = `exec "${process.execPath}" --conditions=source "${main}" "$@"`;
  program(bin, "aegis", call);
  program(bin, "npx", `shift\n${call}`);
}

function program(bin: string, name: string, text: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** A folder of programs to be found first; `journal` is what `journalctl` prints with `-o json`, a line of a log each. */
export function guideTools(folder: string, journal: () => readonly string[]) {
  const bin = join(folder, "bin");
  aegisPrograms(bin);
  program(bin, "systemctl", `echo "$1 $2"`);
  program(bin, "journalctl", `cat "${join(folder, "journal")}"`);
  return async (command: string, env: Readonly<Record<string, string>>, cwd = folder) => {
    writeFileSync(
      join(folder, "journal"),
      journal()
        .map((line) => `${JSON.stringify({ __REALTIME_TIMESTAMP: `${Date.now()}000`, MESSAGE: line })}\n`)
        .join(""),
    );
    const child = run(
      "sh",
      ["-c", command],
      { ...env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", TERM: "dumb" },
      cwd,
    );
    return { status: await child.ended(), output: child.output() };
  };
}

export interface How {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in the guide for something of the reader's own. */
  readonly replaced?: readonly (readonly [string | RegExp, string])[];
  /** How a line ends where it is not with 0. */
  readonly ends?: readonly (readonly [RegExp, number])[];
  /** Lines that another test calls, or that never end. */
  readonly elsewhere?: RegExp;
}

/** Calls a guide's commands, line by line, in their order; comments are not called. */
export async function followLines(
  guide: string,
  { bin, folder }: { readonly bin: string; readonly folder: string },
  { env = {}, replaced = [], ends = [], elsewhere }: How,
): Promise<void> {
  const lines = blocksOf(guide)
    .flatMap((block) => block.split("\n"))
    .filter((line) => /^\S/.test(line) && !line.startsWith("#"));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    if (elsewhere?.test(line) === true) continue;
    const said = replaced.reduce((text, [from, to]) => text.replaceAll(from, to), line);
    const child = run(
      "sh",
      ["-c", said],
      { PATH: `${bin}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", NODE_ENV: "test", ...env },
      folder,
    );
    const status = await child.ended();
    const wanted = ends.find(([which]) => which.test(line))?.[1] ?? 0;
    expect([said, status, child.output()]).toEqual([said, wanted, expect.any(String)]);
  }
}
