/** Programs of their own on cores of their own: the servers on the first, the load and the databases on the second. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { isRecord } from "./records.ts";

export const SERVER_CORE = 0;
const OTHER_CORE = 1;

/** Everything that this process starts stays on the other core with it. False where the machine has no way to. */
export function pin(): boolean {
  if (cpus().length < 2) return false;
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(OTHER_CORE), String(process.pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false; // no util-linux here
  }
}

/** What a program says, one message at a time. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  /** The next message, or the reason why there will be none. */
  next(): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`${this.#name} ended (${code})`));
      this.#child.once("exit", ended);
      this.#child.once("message", (message) => {
        this.#child.off("exit", ended);
        if (!isRecord(message)) reject(new Error(`${this.#name} said something that is no object`));
        else if (typeof message["failed"] === "string")
          reject(new Error(`${this.#name}: ${message["failed"]}`));
        else resolve(message);
      });
    });
  }

  ask(message: object | string): Promise<Readonly<Record<string, unknown>>> {
    const answer = this.next();
    this.#child.send(message);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await ended;
  }
}

export interface StartOptions {
  /** Undefined: that of this process. */
  readonly core?: number | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

/** @param file relative to bench/ */
export function start(
  file: string,
  { core, args = [], env = {}, nodeArgs = [] }: StartOptions = {},
): Program {
  const node = [
    process.execPath,
    "--conditions=source",
    "--disable-warning=ExperimentalWarning",
    ...nodeArgs,
    fileURLToPath(new URL(`../${file}`, import.meta.url)),
    ...args,
  ];
  const [command = "", ...rest] = core === undefined ? node : ["taskset", "-c", String(core), ...node];
  const child = spawn(command, rest, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, NODE_ENV: "production", ...env },
  });
  return new Program(child, file);
}
