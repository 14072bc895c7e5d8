/** Starts the programs that the library describes, and passes bytes through them at the pace of the slower side. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BackupError, type Bytes } from "aegis/backup";
import type { Program } from "aegis/stores/postgres";
import { UsageError } from "../talk.ts";

/** Whom a program runs as; PostgreSQL's server refuses root. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** What a program said last is enough to know why it ended. */
const MAX_SAID = 4096;

interface Started {
  readonly child: ChildProcess;
  /** @throws BackupError where it ends with an error */
  readonly ended: Promise<void>;
}

/** Nothing of this process's environment but what finds programs: SECRET_KEY is none of their business. */
export const bareEnvironment = (): Readonly<Record<string, string>> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: process.env["HOME"] ?? "/",
  LC_ALL: "C",
});

export function started({ command, args, env }: Program, stdio: "in" | "out", as: RunAs = {}): Started {
  const child = spawn(command, args, {
    ...as,
    env: { ...bareEnvironment(), ...env },
    stdio: [stdio === "in" ? "pipe" : "ignore", stdio === "out" ? "pipe" : "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-MAX_SAID);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", () =>
      reject(
        new UsageError(
          `The program ${command} is not here.`,
          "Install PostgreSQL's programs: apt-get install postgresql-client",
        ),
      ),
    );
    child.once("close", (status) =>
      status === 0
        ? resolve()
        : reject(
            new BackupError(
              "AEGIS_BACKUP_FAILED",
              `${command} ended with ${status ?? "a signal"}: ${said.trim()}`,
            ),
          ),
    );
  });
  ended.catch(() => undefined); // whoever awaits it is told
  return { child, ended };
}

/** What it writes; the end comes only where it ended well, so that half a dump is no dump. */
export async function* outputOf(program: Program): AsyncGenerator<Uint8Array> {
  const { child, ended } = started(program, "out");
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) yield bytesOf(chunk);
    await ended;
  } finally {
    child.kill("SIGKILL"); // where it still runs, nobody reads it any more
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (!(chunk instanceof Uint8Array)) throw new TypeError("a program's output is bytes");
  return chunk;
}

/** Gives it everything; an input that breaks off ends it at once, so that it finishes nothing. */
export async function feed(program: Program, input: Bytes, as: RunAs = {}): Promise<void> {
  const { child, ended } = started(program, "in", as);
  const { stdin } = child;
  if (stdin === null) throw new TypeError("a program without an input");
  stdin.on("error", () => undefined); // it ended before it had read all: `ended` says why
  const isOver = ended.then(
    () => true,
    () => true,
  );
  try {
    for await (const chunk of input) {
      if (stdin.destroyed) break;
      if (!stdin.write(chunk))
        await Promise.race([isOver, new Promise((resolve) => stdin.once("drain", () => resolve(true)))]);
    }
  } catch (error) {
    child.kill("SIGKILL");
    await isOver;
    throw error;
  }
  stdin.end();
  await ended;
}

/** Root becomes `name`; anybody else stays who they are. */
export function userOf(name: string): RunAs {
  if (process.getuid?.() !== 0) return {};
  if (!/^[a-z_][\w-]{0,31}$/.test(name)) throw new UsageError(`"${name}" is no name of a user.`);
  try {
    const id = (kind: string): number =>
      Number(execFileSync("id", [kind, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    throw new UsageError(`There is no user ${name}.`, "PostgreSQL refuses root: name a user with --as.");
  }
}

const DEBIAN = "/usr/lib/postgresql";

/** The folder of the server's programs, which stand on no PATH in Debian. */
export function serverPrograms(given: string | undefined): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = given === undefined ? versions.map((version) => join(DEBIAN, version, "bin")) : [given];
  const path = given === undefined ? (process.env["PATH"] ?? "").split(":") : [];
  const found = [...folders, ...path].find((folder) => existsSync(join(folder, "initdb")));
  if (found === undefined)
    throw new UsageError(
      "PostgreSQL's server programs are not here.",
      "Install them (apt-get install postgresql), or name their folder with --pg-bin.",
    );
  return found;
}
