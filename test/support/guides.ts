/** Commands of guides, run as they stand: with this project's `npx aegis`, and stand-ins for what systemd has here. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository, run } from "./processes.ts";

/** The shell blocks of a page, in their order. */
export const shellBlocks = (page: string): readonly string[] =>
  [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);

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

/** A folder of programs to be found first; `journal` is what `journalctl` prints with `-o json`, a line of a log each. */
export function guideTools(folder: string, journal: () => readonly string[]) {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const main = join(repository, "packages/aegis-cli/src/main.ts");
  program("npx", `shift\nexec "${process.execPath}" --conditions=source "${main}" "$@"`);
  program("systemctl", `echo "$1 $2"`);
  program("journalctl", `cat "${join(folder, "journal")}"`);
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
