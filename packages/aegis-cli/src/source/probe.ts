/**
 * A parser in machine code recurses on its own stack: ten thousand open brackets end the process, and no `catch` sees it.
 * So files that could hold so many are parsed in a process that may die; those that kill it are not parsed in ours.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "./files.ts";
import { parseTree } from "./parse.ts";

/** The smallest text found to end a process is nearly three times as long. */
const HARMLESS_LENGTH = 2048;
/** More than this in one folder are no accident. */
const MOST_DEATHS = 20;
/** How deep the stack already is when the probe parses, so that what survives there survives here. */
const FRAMES = 400;
const MAX_SECONDS = 120;

const itself = fileURLToPath(import.meta.url);

/** The paths that cannot be parsed without dying of it. */
export function deadly(files: readonly SourceFile[]): ReadonlySet<string> {
  const dead = new Set<string>();
  let rest = files.filter(({ text }) => text.length > HARMLESS_LENGTH);
  while (rest.length > 0) {
    const { stdout } = spawnSync(process.execPath, [itself], {
      input: JSON.stringify(rest.map(({ path, text }) => [path, text])),
      encoding: "utf8",
      timeout: MAX_SECONDS * 1000,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const done = stdout.split("\n").length - 1;
    const [killer] = rest.slice(done);
    if (killer === undefined) break;
    dead.add(killer.path);
    rest = dead.size >= MOST_DEATHS ? [] : rest.slice(done + 1);
    if (dead.size >= MOST_DEATHS) for (const { path } of files.slice(files.indexOf(killer))) dead.add(path);
  }
  return dead;
}

function tryAll(): void {
  const files: unknown = JSON.parse(readFileSync(0, "utf8"));
  if (!Array.isArray(files)) return;
  const parse = (path: string, text: string, frames: number): number => {
    if (frames > 0) return parse(path, text, frames - 1) + 1;
    try {
      parseTree(path, text);
    } catch {
      // A file that is refused in good order is one that does no harm.
    }
    return 0;
  };
  for (const file of files) {
    const [path, text]: unknown[] = Array.isArray(file) ? file : [];
    if (typeof path === "string" && typeof text === "string") parse(path, text, FRAMES);
    writeSync(1, ".\n");
  }
}

if (process.argv[1] === itself) tryAll();
