import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../", import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  /** Everything it has printed so far, both streams. */
  output(): string;
  /** Resolves with the match once it is printed; rejects when the process ends before, or after `seconds`. */
  until(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>;
  /** Its exit status, once it has ended. */
  ended(): Promise<number | null>;
  /** SIGTERM, and SIGKILL if it does not end within ten seconds. */
  stop(): Promise<number | null>;
}

/** Starts a program of this project with an environment of its own: nothing of the tests' leaks in. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = repository,
): Running {
  const child = spawn(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...env },
  });
  let text = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      for (const listener of listeners) listener();
    });
  const exit = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return {
    child,
    output: () => text,
    ended: () => exit,
    until: (pattern, seconds = 30) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => finish(() => reject(new Error(`no ${String(pattern)} within ${seconds} s:\n${text}`))),
          seconds * 1000,
        );
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          act();
        };
        const look = (): void => {
          const match = pattern.exec(text);
          if (match !== null) finish(() => resolve(match));
        };
        listeners.add(look);
        void exit.then((code) =>
          finish(() => reject(new Error(`ended with ${code} before ${String(pattern)}:\n${text}`))),
        );
        look();
      }),
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      const code = await exit;
      clearTimeout(timer);
      return code;
    },
  };
}

/** The command as people call it, in a folder that is there by then: its exit status, and all that it printed. */
export const aegisIn =
  (folder: () => string) =>
  async (...args: readonly string[]): Promise<{ readonly status: number | null; readonly text: string }> => {
    const bin = `${repository}packages/aegis-cli/bin/aegis.mjs`;
    const child = run(process.execPath, [bin, ...args], { NO_COLOR: "1" }, folder());
    return { status: await child.ended(), text: child.output() };
  };
