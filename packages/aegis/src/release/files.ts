/** The folder of a deployment: what is written there is there whole, and stays through a crash, or is not there. */
import { constants } from "node:fs";
import { cp, mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { makeOpenFolder, replaceFile, syncFolder } from "../lib/files.ts";
import { isReleaseId, type Journal, parseJournal, parseRecords, type ReleaseRecord } from "./journal.ts";
import { parseReleaseSettings, ReleaseError, type ReleaseSettings } from "./settings.ts";

/** More is no settings, journal or history of ours, and is not read. */
const MOST_BYTES = 4_194_304;
/** Folders with what the commands of a run have printed. */
const MOST_RUNS = 20;

/** A deployment's folder; all paths are absolute. */
export class ReleaseFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  readonly releasePath = (id: string): string => join(this.root, "releases", id);
  readonly currentPath = (): string => join(this.root, "current");
  readonly lockPath = (): string => join(this.root, "lock");
  readonly markPath = (instance: string): string => join(this.root, "out", instance);

  async settings(): Promise<ReleaseSettings> {
    const source = await textOf(join(this.root, "release.config.json"));
    if (source === undefined)
      throw new ReleaseError(`There is no release.config.json in ${this.root}. See docs/releases.md.`);
    let data: unknown;
    try {
      data = JSON.parse(source);
    } catch {
      throw new ReleaseError("release.config.json is no JSON.");
    }
    const settings = parseReleaseSettings(data);
    const files = await Promise.all(settings.environmentFiles.map(environmentOf));
    return { ...settings, environment: Object.assign({}, ...files) };
  }

  async journal(): Promise<Journal | undefined> {
    const source = await textOf(join(this.root, "journal.json"));
    return source === undefined ? undefined : parseJournal(source);
  }

  write(journal: Journal): Promise<void> {
    return replaceFile(join(this.root, "journal.json"), `${JSON.stringify(journal, undefined, 2)}\n`);
  }

  async forget(): Promise<void> {
    await rm(join(this.root, "journal.json"), { force: true });
    await syncFolder(this.root);
  }

  async records(): Promise<readonly ReleaseRecord[]> {
    return parseRecords(await textOf(join(this.root, "releases.json")));
  }

  writeRecords(records: readonly ReleaseRecord[]): Promise<void> {
    return replaceFile(join(this.root, "releases.json"), `${JSON.stringify(records, undefined, 2)}\n`);
  }

  /** The release that `current` names; undefined before the first one. */
  async current(): Promise<string | undefined> {
    let target: string;
    try {
      target = await readlink(this.currentPath());
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new ReleaseError(`${this.currentPath()} is no link; a release would replace what is there.`);
    }
    const id = basename(target);
    if (!isReleaseId(id))
      throw new ReleaseError(`${this.currentPath()} leads to ${target}, which is no release.`);
    return id;
  }

  /** From one moment to the next: rename(2) replaces the link, and nobody sees none. */
  async switchTo(id: string): Promise<void> {
    const made = `${this.currentPath()}.new`;
    await rm(made, { force: true });
    await symlink(join("releases", id), made);
    await rename(made, this.currentPath());
    await syncFolder(this.root);
  }

  async has(id: string): Promise<boolean> {
    return (await this.ids()).includes(id);
  }

  async ids(): Promise<readonly string[]> {
    const entries = await readdir(join(this.root, "releases"), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory() && isReleaseId(entry.name)).map(({ name }) => name);
  }

  /** Under its name when all of it is there; a copy that was interrupted is begun anew. */
  async bring(id: string, from: string): Promise<void> {
    const partial = join(this.root, "releases", `.${id}.partial`);
    await makeOpenFolder(join(this.root, "releases"));
    await rm(partial, { recursive: true, force: true });
    await cp(from, partial, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      mode: constants.COPYFILE_FICLONE,
    });
    await rename(partial, this.releasePath(id));
    await syncFolder(join(this.root, "releases"));
  }

  remove(id: string): Promise<void> {
    return rm(this.releasePath(id), { recursive: true, force: true });
  }

  /** A proxy that finds this file sends the instance nothing: looked at for each request, so that nothing is reloaded. */
  async mark(instance: string, isOut: boolean): Promise<void> {
    const path = this.markPath(instance);
    if (!isOut) return rm(path, { force: true });
    await makeOpenFolder(dirname(path));
    await replaceFile(path, "", 0o644);
  }

  /** Where the commands of a run print to; the oldest runs go. */
  async logs(run: string): Promise<string> {
    const all = join(this.root, "logs");
    await mkdir(join(all, run), { recursive: true, mode: 0o700 });
    const others = (await readdir(all)).filter((name) => isReleaseId(name) && name !== run).toSorted();
    for (const old of others.slice(0, Math.max(0, others.length + 1 - MOST_RUNS)))
      await rm(join(all, old), { recursive: true, force: true });
    return join(all, run);
  }
}

async function textOf(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (text.length > MOST_BYTES) throw new ReleaseError(`${path} is larger than ${MOST_BYTES} bytes.`);
  return text;
}

const OTHERS = 0o077;

/**
 * What is in it decides what runs as whoever releases (PATH, NODE_OPTIONS), and opens the database: a file that others
 * may read or change is not taken.
 */
async function environmentOf(path: string): Promise<Readonly<Record<string, string>>> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined)
    throw new ReleaseError(`${path} (environmentFiles) is not there, or may not be looked at.`);
  let text: string;
  try {
    // What is looked at is what is read: between two looks at a name somebody could put another file there.
    const found = await file.stat();
    const owners = [0, process.getuid?.() ?? 0];
    if ((found.mode & OTHERS) !== 0 || !owners.includes(found.uid))
      throw new ReleaseError(
        `${path} (environmentFiles) is open to others than its owner, or not yours: chmod 600 ${path}`,
      );
    if (found.size > MOST_BYTES) throw new ReleaseError(`${path} is larger than ${MOST_BYTES} bytes.`);
    text = await file.readFile("utf8");
  } finally {
    await file.close();
  }
  const entries = Object.entries(parseEnv(text));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
