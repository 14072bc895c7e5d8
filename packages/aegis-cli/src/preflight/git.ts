/** Facts of the repository: environment files in it, and secrets in its history. Bounded in bytes and time. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import {
  checkGit,
  type GitFacts,
  historyReader,
  preflightDefaults,
  type PreflightFinding,
  seen,
  unseen,
} from "aegis/preflight";
import type { Scene } from "./scene.ts";

const ask = promisify(execFile);
const MAX_ANSWER_BYTES = 64_000_000;
const WITHIN_MS = 60_000;

/**
 * Settings of whoever runs this must not change what is seen. Those of the repository may be a stranger's, and must not run
 * a program: of a submodule another git would show what is in it, as that one's `diff.external` says (CWE-78).
 */
const QUIET = "core.quotePath=false log.showSignature=false core.fsmonitor=false diff.submodule=short"
  .split(" ")
  .flatMap((setting) => ["-c", setting]);
/** An object that is missing is never fetched: with what, the repository says (`remote.*.uploadpack`, `core.sshCommand`). */
const ALONE = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none", GIT_OPTIONAL_LOCKS: "0" };

const git = async (folder: string, args: readonly string[]): Promise<string> => {
  const { stdout } = await ask("git", [...QUIET, ...args], {
    cwd: folder,
    env: { ...process.env, ...ALONE },
    maxBuffer: MAX_ANSWER_BYTES,
    timeout: WITHIN_MS,
  });
  return stdout;
};

const isEnvFile = (path: string): boolean =>
  /(^|\/)\.env(\.[^/]*)?$/.test(path) && !/\.(example|sample|template|dist)$/.test(path);

/** Of a scene, what is looked at here: the folder, and what was reviewed. */
type Place = Pick<Scene, "folder" | "settings">;

export async function gitFindings(scene: Place): Promise<readonly PreflightFinding[]> {
  let folder: string;
  try {
    folder = (await git(scene.folder, ["rev-parse", "--show-toplevel"])).trim();
  } catch {
    return checkGit(unseen("there is no repository here, or no git"));
  }
  try {
    return checkGit(seen(await factsOf(folder, scene)));
  } catch {
    return checkGit(unseen("git cannot read the repository"));
  }
}

async function factsOf(folder: string, scene: Place): Promise<GitFacts> {
  // A copy without its history, as servers of continuous integration make it, would look clean.
  const isShallow = (await git(folder, ["rev-parse", "--is-shallow-repository"])).trim() === "true";
  const split = (text: string): readonly string[] => text.split("\0").filter((one) => one !== "");
  const tracked = split(await git(folder, ["ls-files", "-z"]));
  const ever = split(
    await git(folder, ["log", "--all", "--no-renames", "--diff-filter=A", "--name-only", "--format=", "-z"]),
  ).map((path) => path.trim());
  const history = await withoutAttributes(folder, (place) => historyOf(place, scene));
  return {
    envTracked: tracked.filter(isEnvFile),
    envInHistory: [...new Set(ever.filter(isEnvFile))],
    notIgnored: await takenIn(folder),
    history: {
      ...history,
      cutBy: history.cutBy ?? (isShallow ? "the history of this clone ends (it is shallow)" : undefined),
    },
  };
}

async function takenIn(folder: string): Promise<readonly string[]> {
  const names = [".env", ".env.production"];
  const ignored = await Promise.all(
    names.map((name) =>
      git(folder, ["check-ignore", "-q", "--no-index", name]).then(
        () => true,
        () => false,
      ),
    ),
  );
  return names.filter((_name, place) => ignored[place] !== true);
}

/**
 * A line `* -diff` in .gitattributes has git keep what changed to itself. They are read from the work tree, else from the
 * index: the history is looked through with neither. Those in .git/info are no part of what is cloned.
 */
async function withoutAttributes<T>(
  folder: string,
  look: (place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) => Promise<T>,
): Promise<T> {
  const own = (await git(folder, ["rev-parse", "--absolute-git-dir"])).trim();
  const cwd = await mkdtemp(join(tmpdir(), "aegis-history-"));
  try {
    return await look({
      cwd,
      env: { GIT_DIR: own, GIT_WORK_TREE: cwd, GIT_INDEX_FILE: join(cwd, "index") },
    });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Newest first, until there is no more, or a limit is reached: then the process is ended. */
async function historyOf(
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  { settings }: Place,
): Promise<GitFacts["history"]> {
  const {
    reviewed = [],
    maxBytes = preflightDefaults.historyBytes,
    seconds = preflightDefaults.historySeconds,
  } = settings.git ?? {};
  const reader = historyReader(new Set(reviewed));
  const child = spawn(
    "git",
    [
      ...QUIET,
      ..."log -p -m --all --no-color --no-ext-diff --no-textconv --no-renames -U0".split(" "),
      "--format=commit %H",
    ],
    { cwd, env: { ...process.env, ...ALONE, ...env }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
  let cutBy: string | undefined;
  const stop = (why: string): void => {
    cutBy ??= why;
    child.kill("SIGKILL");
  };
  const timer = setTimeout(() => stop(`the time was over (${seconds} s)`), seconds * 1000);
  let bytes = 0;
  let commits = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) stop(`${maxBytes} bytes were read`);
  });
  // A line without an end would be gathered whole; the limit of bytes ends that too.
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
    if (/^commit [0-9a-f]{40}/.test(line)) commits += 1;
    reader.take(line);
  }
  const code = await ended;
  clearTimeout(timer);
  if (code !== 0) cutBy ??= "git ended with an error";
  return { hits: [...reader.hits.values()], commits, cutBy };
}
