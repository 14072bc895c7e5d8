/** `aegis backup create` and `wal`. */
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { fingerprint } from "aegis";
import {
  beginBackup,
  type BackupContents,
  type BackupManifest,
  type Bytes,
  folderEntries,
  keepWal,
  type NewBackup,
  parseContents,
  tarOf,
} from "aegis/backup";
import {
  baseProgram,
  type DatabaseSnapshot,
  dumpProgram,
  walPlace,
  withSnapshot,
} from "aegis/stores/postgres";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { withDatabase } from "../database.ts";
import { countedEmbedded } from "./embedded.ts";
import { outputOf } from "./programs.ts";
import {
  freshSuffix,
  type KeyFlags,
  keysOf,
  type PlaceFlags,
  placeOf,
  recipientsOf,
  shownBytes,
  shownSeconds,
  signerOf,
} from "./settings.ts";
import { readSecrets } from "../secrets.ts";
import { print, tell, UsageError } from "../talk.ts";

interface SealFlags extends PlaceFlags {
  readonly keys?: string;
  readonly recipients?: string;
  readonly recipient: readonly string[];
}
export interface CreateFlags extends SealFlags, PolicyChoice {
  readonly url?: string;
  readonly embedded?: string;
  readonly uploads?: string;
  readonly base?: boolean;
  readonly env?: string;
}
const MAX_ENV_BYTES = 1 << 20;
const MAX_NAME = 256;
export type WalFlags = SealFlags & KeyFlags;

type DatabaseFacts = NonNullable<BackupContents["database"]>;

export async function createBackup(flags: CreateFlags): Promise<void> {
  const begun = Date.now();
  const policy = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const uploads = flags.uploads ?? process.env["UPLOADS_DIRECTORY"];
  if (flags.base === true && flags.embedded !== undefined)
    throw new UsageError("--base is for PostgreSQL: the embedded database is copied whole anyway.");
  // A folder that is misspelt would be a backup without uploads.
  const folder = uploads === undefined || uploads === "" ? undefined : resolve(uploads);
  if (folder !== undefined && !existsSync(folder))
    throw new UsageError(`There is no folder ${folder} of uploads.`);
  const environment = environmentNames(flags.env);
  const making = await beginBackup({
    directory: placeOf(flags),
    signer: await signerOf(flags.keys),
    recipients: await recipientsOf(flags.recipients, flags.recipient),
    now: begun,
    suffix: freshSuffix(),
  });
  // A person who gives up, or a shutdown, leaves nothing behind.
  const giveUp = (): void => void making.discard().finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, giveUp);
  try {
    const { facts, wal, serverVersion } =
      flags.embedded === undefined
        ? await fromPostgres(making, flags)
        : await fromEmbedded(making, resolve(flags.embedded));
    // After the database: a file that comes in between is spare, while a row without its file would be a loss.
    const files = folder === undefined ? undefined : await fromUploads(making, folder);
    const contents: BackupContents = {
      versions: {
        aegis: ownVersion(),
        node: process.version,
        postgresql: serverVersion,
        ...applicationVersion(),
      },
      environment,
      policy,
      policy_fingerprint: fingerprint(policy),
      database: facts,
      ...(files === undefined ? {} : { uploads: { files } }),
    };
    const text = JSON.stringify(contents);
    parseContents(text); // what no restore would read is no backup
    await making.part("contents", oneChunk(Buffer.from(text)));
    const { id, parts } = await making.finish(wal);
    print(id);
    tell(
      `${shownBytes(parts.reduce((sum, { bytes }) => sum + bytes, 0))} in ${shownSeconds(Date.now() - begun)}: ${parts.map(({ name }) => name).join(", ")}`,
    );
  } catch (error) {
    await making.discard();
    throw error;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, giveUp);
  }
}

/** Of this process, and of a file of settings; values are not even looked at. */
function environmentNames(file: string | undefined): string[] {
  const names = new Set(Object.keys(process.env).filter((name) => name !== "" && name.length <= MAX_NAME));
  if (file !== undefined) {
    if (!existsSync(file) || statSync(file).size > MAX_ENV_BYTES)
      throw new UsageError(`${file} is no file of settings.`);
    for (const [, name] of readFileSync(file, "utf8").matchAll(
      /^\s*(?:export\s+)?#?\s*([A-Za-z_]\w{0,127})=/gm,
    ))
      if (name !== undefined) names.add(name);
  }
  return [...names].toSorted();
}

interface Taken {
  readonly facts: DatabaseFacts;
  readonly serverVersion: string;
  readonly wal?: NonNullable<BackupManifest["wal"]>;
}

const READS_ALL =
  "Make one that may: create role hub_backup login bypassrls; grant pg_read_all_data, pg_read_all_settings to hub_backup;";

async function fromPostgres(making: NewBackup, flags: CreateFlags): Promise<Taken> {
  const url = flags.url ?? (await readSecrets("BACKUP_DATABASE_URL"))["BACKUP_DATABASE_URL"];
  return withDatabase(url, async (sql, address) => {
    const snapshot = await withSnapshot(sql, async (held) => {
      await making.part("database", outputOf(dumpProgram(address, held.id ?? "")));
      return held;
    }).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "42501")) throw error;
      throw new UsageError(`The role may not read everything: ${error.message}.`, READS_ALL);
    });
    const taken = { facts: factsOf(snapshot, "postgresql"), serverVersion: snapshot.serverVersion };
    if (flags.base !== true) return taken;
    const { segment: first, segmentBytes } = await walPlace(sql);
    await making.part("base", outputOf(baseProgram(address)));
    return { ...taken, wal: { first, last: (await walPlace(sql)).segment, segment_bytes: segmentBytes } };
  });
}

async function fromEmbedded(making: NewBackup, folder: string): Promise<Taken> {
  return countedEmbedded(folder, async (counted, data) => {
    await making.part(
      "embedded",
      tarOf(folderEntries(data, { leaveOut: (name) => name === "postmaster.pid" })),
    );
    return { facts: factsOf(counted, "embedded"), serverVersion: counted.serverVersion };
  });
}

const factsOf = (
  { database, tables, roles, preloadLibraries, audit, superuser }: Omit<DatabaseSnapshot, "id">,
  kind: DatabaseFacts["kind"],
): DatabaseFacts => ({
  kind,
  database: kind === "embedded" ? null : database,
  roles: [...roles],
  superuser,
  preload_libraries: [...preloadLibraries],
  tables: { ...tables },
  audit,
});

async function fromUploads(making: NewBackup, folder: string): Promise<number> {
  let files = 0;
  const entries = async function* () {
    const found = folderEntries(folder, {
      leaveOut: (name) => name === "parts", // files that are still arriving
      onStrange: (name) => tell(`left out, because it is no plain file: ${JSON.stringify(name)}`),
    });
    for await (const entry of found) {
      if (entry.file !== undefined) files += 1;
      yield entry;
    }
  };
  await making.part("uploads", tarOf(entries()));
  return files;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function ownVersion(): string {
  const data: unknown = createRequire(import.meta.url)("../../package.json");
  return versionIn(data) ?? "";
}

/** Of the application in this folder, so that a restore knows which release it belongs to. */
function applicationVersion(): { readonly application?: string } {
  try {
    const data: unknown = JSON.parse(readFileSync(join(process.cwd(), "package.json"), "utf8"));
    const version = versionIn(data);
    return version === undefined ? {} : { application: version };
  } catch {
    return {};
  }
}

const versionIn = (data: unknown): string | undefined =>
  typeof data === "object" && data !== null && "version" in data && typeof data.version === "string"
    ? data.version.slice(0, 256)
    : undefined;

export async function keepSegment(path: string, flags: WalFlags): Promise<void> {
  const keysFile = flags.keys;
  const signer = await signerOf(keysFile);
  const keys = await keysOf(keysFile !== undefined && flags.key.length === 0 ? { key: [keysFile] } : flags);
  await keepWal(basename(path), (): Bytes => createReadStream(path), {
    directory: placeOf(flags),
    signer,
    keys,
    recipients: await recipientsOf(flags.recipients, flags.recipient),
    suffix: freshSuffix(),
  });
}
