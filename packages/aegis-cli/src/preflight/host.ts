/** Facts of this machine: run-time, packages, room, ports, names, clocks. */
import { readdir, readFile, readlink, stat, statfs } from "node:fs/promises";
import { lookup } from "node:dns/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  checkClock,
  checkDependencies,
  checkDisk,
  checkName,
  checkPorts,
  checkRuntime,
  type ClockFacts,
  type DependencyFacts,
  lockedPackages,
  type NameFacts,
  type PortFacts,
  preflightDefaults,
  type RuntimeFacts,
  seen,
  unseen,
} from "aegis/preflight";
import { databaseClock } from "./data.ts";
import { reasonOf } from "./own.ts";
import type { Scene } from "./scene.ts";

const MAX_LOCK_BYTES = 64_000_000;

const packagesOf = (scene: Scene): string => scene.at(scene.settings.packages ?? ".");

async function jsonAt(file: string): Promise<unknown> {
  if ((await stat(file)).size > MAX_LOCK_BYTES) throw new Error("it is too large");
  const data: unknown = JSON.parse(await readFile(file, "utf8"));
  return data;
}

export async function runtimeFindings(scene: Scene) {
  const file = join(packagesOf(scene), "package.json");
  return checkRuntime({ version: process.versions.node, engines: await enginesOf(file) });
}

async function enginesOf(file: string): Promise<RuntimeFacts["engines"]> {
  try {
    const data = await jsonAt(file);
    const engines: unknown =
      typeof data === "object" && data !== null ? Reflect.get(data, "engines") : undefined;
    const node: unknown =
      typeof engines === "object" && engines !== null ? Reflect.get(engines, "node") : undefined;
    return seen(typeof node === "string" ? node : undefined);
  } catch (error) {
    return unseen(`${file} cannot be read (${reasonOf(error)})`);
  }
}

export async function dependencyFindings(scene: Scene) {
  const folder = packagesOf(scene);
  return checkDependencies({
    wanted: await packagesIn(join(folder, "package-lock.json")),
    installed: await packagesIn(join(folder, "node_modules", ".package-lock.json")),
  });
}

async function packagesIn(file: string): Promise<DependencyFacts["wanted"]> {
  try {
    const found = lockedPackages(await jsonAt(file));
    return found === undefined ? unseen(`${file} is no lock file`) : seen(found);
  } catch (error) {
    return unseen(`${file} cannot be read (${reasonOf(error)})`);
  }
}

export async function diskFindings(scene: Scene) {
  const named = scene.settings.disks ?? [{ path: ".", minBytes: preflightDefaults.minBytes }];
  const asked = scene.flags.diskBytes === undefined ? undefined : Number(scene.flags.diskBytes);
  return checkDisk(
    await Promise.all(
      named.map(async ({ path, minBytes }) => {
        const place = scene.at(path);
        const freeBytes = await statfs(place).then(
          // What is kept for root is no room for the server.
          ({ bavail, bsize }) => seen(bavail * bsize),
          (error: unknown) => unseen(`${place} cannot be looked at (${reasonOf(error)})`),
        );
        return { path: place, minBytes: asked ?? minBytes, freeBytes };
      }),
    ),
  );
}

export async function portFindings(scene: Scene) {
  const given = Number(scene.env.get("PORT") ?? "");
  const ports = scene.settings.ports ?? (Number.isInteger(given) && given > 0 ? [{ port: given }] : []);
  const facts: PortFacts[] = [];
  for (const one of ports)
    facts.push({ port: one.port, by: "by" in one ? one.by : undefined, holder: await holderOf(one.port) });
  return checkPorts(facts);
}

async function holderOf(port: number): Promise<PortFacts["holder"]> {
  const inode = await listening(port).catch(() => undefined);
  if (inode !== undefined) return seen(await processOf(inode));
  // Not every system has /proc; and a port below 1024 may not be ours to try.
  const reason = await tried(port);
  if (reason === undefined) return seen("nobody");
  if (reason === "EADDRINUSE") return seen({ pid: undefined, command: undefined });
  return unseen(`port ${port} cannot be tried (${reason})`);
}

const tried = (port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(reasonOf(error)));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(undefined)));
  });

const LISTEN = "0A";

/** The number of the socket that listens there; undefined where none does. */
async function listening(port: number): Promise<string | undefined> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  for (const table of ["tcp", "tcp6"]) {
    const text = await readFile(`/proc/net/${table}`, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTEN && local.endsWith(`:${wanted}`)) return inode;
    }
  }
  return undefined;
}

async function processOf(
  inode: string,
): Promise<{ readonly pid: number | undefined; readonly command: string | undefined }> {
  const link = `socket:[${inode}]`;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const folder = `/proc/${name}/fd`;
    const files = await readdir(folder).catch(() => []); // another user's, or gone meanwhile
    for (const file of files) {
      if ((await readlink(`${folder}/${file}`).catch(() => "")) !== link) continue;
      const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
      // The first words only: later ones may hold what nobody else should read.
      return { pid: Number(name), command: command.split("\0").slice(0, 2).join(" ").trim() };
    }
  }
  return { pid: undefined, command: undefined };
}

export async function nameFindings(scene: Scene) {
  const origin = scene.env.get("PUBLIC_ORIGIN");
  if (origin === undefined || !URL.canParse(origin)) return checkName(undefined);
  const { hostname: host } = new URL(origin);
  return checkName({ host, wanted: scene.settings.addresses ?? [], addresses: await addressesOf(host) });
}

async function addressesOf(host: string): Promise<NameFacts["addresses"]> {
  try {
    return seen((await lookup(host, { all: true })).map(({ address }) => address));
  } catch (error) {
    // ENOTFOUND: somebody said that there is none. Anything else: nobody could be asked.
    const reason = reasonOf(error);
    return reason === "ENOTFOUND" ? seen([]) : unseen(`no name server answers (${reason})`);
  }
}

export async function clockFindings(scene: Scene) {
  const { toleranceSeconds = preflightDefaults.toleranceSeconds, url: named } = scene.settings.clock ?? {};
  const clocks: ClockFacts[] = [];
  const database = await databaseClock(scene);
  if (database !== undefined) clocks.push({ reference: "the database", toleranceSeconds, ahead: database });
  const url = scene.flags.clock ?? named;
  if (url !== undefined) clocks.push({ reference: url, toleranceSeconds, ahead: await httpClock(url) });
  return checkClock(clocks, scene.deployment);
}

const HTTP_WITHIN_MS = 5000;

async function httpClock(url: string): Promise<ClockFacts["ahead"]> {
  try {
    const before = Date.now();
    const answer = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(HTTP_WITHIN_MS),
    });
    const after = Date.now();
    const said = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isFinite(said)) return unseen("its answer has no Date");
    // A Date says whole seconds, cut off: on average half a second ago.
    return seen({
      seconds: ((before + after) / 2 - (said + 500)) / 1000,
      uncertaintySeconds: (after - before) / 2000 + 0.5,
    });
  } catch {
    return unseen(`${url} does not answer`);
  }
}
