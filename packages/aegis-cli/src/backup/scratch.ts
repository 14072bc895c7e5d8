/** A PostgreSQL server of its own, behind a socket in a folder of its owner's: nobody else reaches it, and it leaves nothing. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackupError, type Bytes } from "aegis/backup";
import pg from "pg";
import { appendFor, give } from "./handed-over.ts";
import { bareEnvironment, feed, type RunAs, serverPrograms, userOf } from "./programs.ts";

export interface ScratchOptions {
  readonly pgBin?: string | undefined;
  readonly as: string;
  readonly preloadLibraries: readonly string[];
  /** The files of a cluster, as pg_basebackup writes them, and its superuser; otherwise one is made. */
  readonly base?: { readonly tar: Bytes; readonly superuser: string };
}

export interface Scratch {
  url(database: string): string;
  close(): Promise<void>;
}

const OWNER = "aegis_drill";
/** What was copied of a running server is led to its end first. */
const START_WITHIN_MS = 600_000;

export async function startScratch({ pgBin, as, preloadLibraries, base }: ScratchOptions): Promise<Scratch> {
  const bin = serverPrograms(pgBin);
  const user = userOf(as);
  const folder = mkdtempSync(join(tmpdir(), "aegis-drill-")); // 0700
  const data = join(folder, "data");
  let server: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    process.off("exit", remove);
    await stopped(server);
    remove();
  };
  const remove = (): void => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", remove); // also where somebody gives up
  try {
    // Our own files: those of the base may name places, certificates and an archive that are none of a drill's.
    appendFor(user, join(folder, "scratch.conf"), "");
    appendFor(user, join(folder, "hba.conf"), "local all all trust\n");
    if (base !== undefined) {
      mkdirSync(data, { mode: 0o700 });
      give(user, data);
    }
    give(user, folder); // last: what is made in it from now on is made by its owner
    if (base === undefined)
      execFileSync(
        join(bin, "initdb"),
        ["-D", data, "-U", OWNER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
        { ...user, env: bareEnvironment(), cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
      );
    else await unpackCluster(base.tar, data, user);
    const settings = {
      config_file: join(folder, "scratch.conf"),
      hba_file: join(folder, "hba.conf"),
      data_directory: data,
      listen_addresses: "",
      unix_socket_directories: folder,
      unix_socket_permissions: "0700",
      fsync: "off",
      full_page_writes: "off",
      ssl: "off",
      archive_mode: "off", // its log must not get among that of the server
      shared_preload_libraries: preloadLibraries.join(","),
    };
    server = spawn(
      join(bin, "postgres"),
      ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      // What a restored base does by itself (its libraries, its triggers) reads its environment, too.
      { ...user, env: bareEnvironment(), cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    const superuser = base?.superuser ?? OWNER;
    const url = (database: string): string =>
      `postgres://${encodeURIComponent(superuser)}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(folder)}`;
    await answering(server, url("postgres"));
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The archive of a cluster into its folder, by `tar`, as the user whose it is to be. */
export async function unpackCluster(tar: Bytes, data: string, user: RunAs): Promise<void> {
  await feed(
    { command: "tar", args: ["--extract", "--file=-", `--directory=${data}`, "--no-same-owner"], env: {} },
    tar,
    user,
  );
  // As its owner: for root the name may be a link by now.
  execFileSync("chmod", ["0700", data], { ...user, env: bareEnvironment(), stdio: "ignore" });
}

async function answering(server: ChildProcess, url: string): Promise<void> {
  let said = "";
  server.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const until = Date.now() + START_WITHIN_MS;
  while (Date.now() < until) {
    if (server.exitCode !== null)
      throw new BackupError("AEGIS_BACKUP_FAILED", `the restored server does not start: ${said.trim()}`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new BackupError("AEGIS_BACKUP_FAILED", `the restored server did not answer in time: ${said.trim()}`);
}

async function stopped(server: ChildProcess | undefined): Promise<void> {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGQUIT"); // at once: what it holds is thrown away
  await ended;
}
