/** What the deployment has of its own: configuration, secrets, their files, backups, releases. */
import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  checkBackups,
  checkConfiguration,
  checkFiles,
  checkRollback,
  checkVariables,
  type FileFacts,
  isNeeded,
  preflightDefaults,
  type PreflightFinding,
  problemOf,
  type ReleaseFacts,
  seen,
  unseen,
  type VariableFacts,
} from "aegis/preflight";
import { ReleaseError, ReleaseFolder, wayBack } from "aegis/release";
import type { EnvSetting } from "aegis/secrets";
import type { Scene } from "./scene.ts";

/** The reason in one word, without the words of the system. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";

export async function configurationFindings({ env, policy, deployment }: Scene) {
  return checkConfiguration(
    {
      nodeEnv: env.get("NODE_ENV"),
      publicOrigin: env.get("PUBLIC_ORIGIN"),
      policy:
        "problem" in policy
          ? policy
          : {
              fingerprint: policy.fingerprint,
              secureCookie: policy.policy.session.cookie.secure,
              idleTimeoutSeconds: policy.policy.session.idleTimeoutSeconds,
              absoluteTimeoutSeconds: policy.policy.session.absoluteTimeoutSeconds,
            },
    },
    deployment,
  );
}

/** As the server finds them, in whichever source of the policy's. */
export async function secretFindings(scene: Scene): Promise<readonly PreflightFinding[]> {
  return checkVariables(
    scene.variables.map((setting) => variableFacts(setting, scene)),
    scene.deployment,
  );
}

function variableFacts(need: EnvSetting, { plain, policy, secrets }: Scene): VariableFacts {
  const { name, secret } = need;
  const inEnvironment = plain.has(name);
  const base = { need, isNeeded: "problem" in policy || isNeeded(policy.policy, need), inEnvironment };
  if (secret === undefined)
    return { ...base, from: inEnvironment ? "the environment" : undefined, problem: undefined };
  if ("problem" in policy || "problem" in secrets) {
    const unreadable = "problem" in secrets ? secrets.problem : "the policy is not valid";
    return { ...base, from: undefined, problem: undefined, unreadable };
  }
  const value = secrets.get(name);
  return {
    ...base,
    from: value === undefined ? undefined : (secrets.whereOf(name) ?? "a source"),
    problem:
      value === undefined ? undefined : problemOf({ name, ...secret }, value, policy.policy.environment),
  };
}

export async function fileFindings(scene: Scene): Promise<readonly PreflightFinding[]> {
  const { flags, settings, variables, env } = scene;
  const paths = new Set<string>();
  if (flags.env !== undefined) paths.add(flags.env);
  for (const path of settings.files ?? []) paths.add(scene.at(path));
  for (const { key } of settings.certificates ?? []) if (key !== undefined) paths.add(scene.at(key));
  for (const { name, secret } of variables) {
    const file = secret === undefined ? undefined : env.get(`${name}_FILE`);
    if (file !== undefined) paths.add(file);
  }
  return checkFiles(await Promise.all([...paths].map(modeOf)));
}

const STICKY = 0o1000;

async function modeOf(path: string): Promise<FileFacts> {
  try {
    const [{ mode }, folder] = await Promise.all([stat(path), stat(dirname(resolve(path)))]);
    const folderOpen = (folder.mode & 0o002) !== 0 && (folder.mode & STICKY) === 0;
    return { path, mode: seen({ bits: mode & 0o777, folderOpen }) };
  } catch (error) {
    return { path, mode: unseen(`it cannot be looked at (${reasonOf(error)})`) };
  }
}

export async function backupFindings(scene: Scene): Promise<readonly PreflightFinding[]> {
  const { directory: named, maxAgeSeconds = preflightDefaults.maxAgeSeconds } = scene.settings.backups ?? {};
  const directory = named === undefined ? scene.env.get("BACKUP_DIRECTORY") : scene.at(named);
  if (directory === undefined) return checkBackups(undefined);
  return checkBackups({
    directory,
    maxAgeSeconds,
    isFirst: scene.release?.isFirst === true,
    now: Date.now(),
    backups: await backupsIn(directory),
  });
}

const MAX_MANIFEST_BYTES = 262_144;

async function backupsIn(directory: string) {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    // One that is being made, or was left by a killed process, has a name that begins with a dot.
    const names = entries
      .filter((one) => one.isDirectory() && !one.name.startsWith("."))
      .map(({ name }) => name);
    const made = await Promise.all(
      names.map(async (id) => ({ id, at: await madeAt(join(directory, id, "manifest.json")) })),
    );
    return seen({
      made: made.flatMap(({ id, at }) => (at === undefined ? [] : [{ id, at }])),
      broken: made.filter(({ at }) => at === undefined).length,
    });
  } catch (error) {
    return unseen(`${directory} cannot be read (${reasonOf(error)})`);
  }
}

const field = (data: unknown, key: string): unknown =>
  typeof data === "object" && data !== null && Object.hasOwn(data, key) ? Reflect.get(data, key) : undefined;

async function madeAt(manifest: string): Promise<number | undefined> {
  try {
    if ((await stat(manifest)).size > MAX_MANIFEST_BYTES) return undefined;
    const data: unknown = JSON.parse(await readFile(manifest, "utf8"));
    const time = field(field(data, "body") ?? data, "created_at");
    const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
    return Number.isFinite(at) ? at : undefined;
  } catch {
    return undefined;
  }
}

export async function rollbackFindings(scene: Scene): Promise<readonly PreflightFinding[]> {
  const { releases } = scene.settings;
  if (releases === undefined) return checkRollback(undefined, scene.deployment);
  const directory = scene.at(releases);
  const found = await releasesIn(directory);
  return checkRollback({ directory, found, during: scene.release?.id }, scene.deployment);
}

async function releasesIn(directory: string): Promise<ReleaseFacts["found"]> {
  const found = join(directory, "releases");
  let names: readonly string[];
  try {
    names = (await readdir(found, { withFileTypes: true }))
      .filter((one) => one.isDirectory() && !one.name.startsWith("."))
      .map(({ name }) => name)
      .toSorted((a, b) => (a < b ? -1 : 1));
  } catch (error) {
    return unseen(`${found} cannot be read (${reasonOf(error)})`);
  }
  const current = await linkedIn(directory, found);
  const folder = new ReleaseFolder(directory);
  try {
    const [records, journal] = [await folder.records(), await folder.journal()];
    const lived = new Set(records.filter(({ outcome }) => outcome === "live").map(({ id }) => id));
    const history = { lived: [...lived], back: wayBack(records, current ?? "", names) };
    return seen({
      releases: names,
      current,
      history: records.length === 0 && journal === undefined ? undefined : history,
      underWay: journal?.to,
    });
  } catch (error) {
    return unseen(error instanceof ReleaseError ? error.message : reasonOf(error));
  }
}

async function linkedIn(directory: string, releases: string): Promise<string | undefined> {
  const link = join(directory, "current");
  const there = await lstat(link).catch(() => undefined);
  if (there === undefined) return undefined;
  if (!there.isSymbolicLink()) return "";
  const target = resolve(directory, await readlink(link));
  return dirname(target) === resolve(releases) ? basename(target) : "";
}
