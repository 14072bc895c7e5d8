/**
 * Runs a configured command: a list of arguments, no shell that reads them. It waits until it is known that it runs:
 * whoever is killed between starting a command and writing that down must not leave one behind that acts later, when
 * somebody else believes that nothing was begun.
 */
import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { isAlive, type ProcessIdentity, startOf } from "../lib/process-identity.ts";
import type { Command } from "./settings.ts";

export interface CommandCall {
  readonly command: Command;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** What it prints goes to LOG.out and LOG.err: a process that it leaves behind never meets a closed pipe. */
  readonly log: string;
}

export interface CommandEnd {
  /** 0: it did what it was for. Null: it was ended by a signal, or was not there. */
  readonly status: number | null;
  readonly out: string;
  /** The end of what it said, for a person. */
  readonly said: string;
}

/** Ends without the word: who was to give it is gone. The arguments are never part of this text. */
const GATE = 'IFS= read -r word && [ "$word" = go ] && exec "$@" </dev/null';
const MOST_SAID = 3000;
const MOST_OUT_BYTES = 1_048_576;
const KILL_AFTER_MS = 5000;

export async function runCommand(
  call: CommandCall,
  onStart: (identity: ProcessIdentity) => Promise<void>,
): Promise<CommandEnd> {
  const [out, err] = await Promise.all([
    open(`${call.log}.out`, "w", 0o600),
    open(`${call.log}.err`, "w", 0o600),
  ]);
  let status: number | null;
  let late = false;
  try {
    const child = spawn("/bin/sh", ["-c", GATE, "sh", ...call.command], {
      cwd: call.cwd,
      env: { ...process.env, ...call.env },
      stdio: ["pipe", out.fd, err.fd],
      detached: true, // a group of its own: a Ctrl-C for us does not cut a migration in two
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("exit", (code) => resolve(code));
    });
    child.stdin?.on("error", () => undefined); // it ended before it was told to go
    const { pid } = child;
    if (pid !== undefined) await onStart({ pid, started: startOf(pid) ?? "unknown" });
    child.stdin?.end("go\n");
    const timer = setTimeout(() => {
      late = true;
      endGroup(pid, "SIGTERM");
      setTimeout(() => endGroup(pid, "SIGKILL"), KILL_AFTER_MS).unref();
    }, call.seconds * 1000);
    status = await ended;
    clearTimeout(timer);
  } finally {
    await Promise.all([out.close(), err.close()]);
  }
  const [printed, complained] = await Promise.all([
    readFile(`${call.log}.out`, "utf8"),
    readFile(`${call.log}.err`, "utf8"),
  ]);
  const said = `${printed.trim()}\n${complained.trim()}`.trim().slice(-MOST_SAID);
  return late
    ? { status: null, out: "", said: `not done within ${call.seconds} s\n${said}` }
    : { status, out: printed.slice(0, MOST_OUT_BYTES), said };
}

/** Waits until a command that a killed run left behind has ended, and ends it when that takes too long. */
export async function awaitLeftover(identity: ProcessIdentity, seconds: number): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + seconds * 1000;
  while (isAlive(identity) && performance.now() < until) await pause();
  if (!isAlive(identity)) return;
  endGroup(identity.pid, "SIGTERM");
  const last = performance.now() + KILL_AFTER_MS;
  while (isAlive(identity) && performance.now() < last) await pause();
  if (isAlive(identity)) endGroup(identity.pid, "SIGKILL");
  while (isAlive(identity)) await pause();
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
