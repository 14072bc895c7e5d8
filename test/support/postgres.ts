/** A real PostgreSQL for one test file: its own cluster, its own port, ended by pid. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./ports.ts";

const VERSIONS = "/usr/lib/postgresql";

export function binaries(): string {
  const found = existsSync(VERSIONS)
    ? readdirSync(VERSIONS)
        .map((version) => `${VERSIONS}/${version}/bin`)
        .find((bin) => existsSync(`${bin}/initdb`))
    : undefined;
  if (found === undefined)
    throw new Error("There is no PostgreSQL server on this machine: apt-get install postgresql");
  return found;
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
export function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string) => Number(execFileSync("id", [kind, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export interface TestPostgres {
  /** As who migrates and owns: a superuser. */
  readonly url: string;
  /** As the application in production: bound by row-level security, owner of nothing. */
  readonly appUrl: string;
  start(): Promise<void>;
  /** As an outage: at once, connections cut. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

const ROLES = "create role aegis_app nologin; create role hub_app login in role aegis_app";

/** `settings` as in postgresql.conf: ["shared_preload_libraries=pgaudit"]. `roles`: none, where a test makes its own. */
export async function startPostgres(settings: readonly string[] = [], roles = ROLES): Promise<TestPostgres> {
  const bin = binaries();
  const user = owner();
  const folder = mkdtempSync(join(tmpdir(), "aegis-pg-"));
  if (user.uid !== undefined) execFileSync("chown", ["postgres", folder]);
  execFileSync(
    `${bin}/initdb`,
    ["-D", `${folder}/data`, "-U", "hub", "--auth=trust", "--no-sync", "-E", "UTF8"],
    { ...user, stdio: "ignore", cwd: folder },
  );
  const port = await freePort();
  const url = `postgres://hub@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    server = spawn(
      `${bin}/postgres`,
      [
        "-D",
        `${folder}/data`,
        "-h",
        "127.0.0.1",
        "-p",
        String(port),
        "-k",
        "",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=60",
        ...settings.flatMap((setting) => ["-c", setting]),
      ],
      { ...user, stdio: "ignore", cwd: folder },
    );
    for (let tries = 0; tries < 100; tries++) {
      const client = new pg.Client({ connectionString: url });
      try {
        await client.connect();
        await client.end();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    throw new Error("PostgreSQL did not start within 10 s");
  };
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGQUIT");
    await ended;
  };
  await start();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(roles);
  await client.end();
  return {
    url,
    appUrl: url.replace("//hub@", "//hub_app@"),
    start,
    stop,
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
