/** The source files of a folder, and nothing outside it: symbolic links are neither followed nor written through. */
import { constants } from "node:fs";
import { lstat, open, opendir, realpath, rename, unlink } from "node:fs/promises";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { UsageError } from "../talk.ts";
import { SOURCE_EXTENSIONS } from "./parse.ts";

export interface SourceFile {
  /** Relative to the folder, with "/". */
  readonly path: string;
  readonly text: string;
}

export interface Sources {
  readonly root: string;
  readonly files: readonly SourceFile[];
  /** What was passed over, and why. */
  readonly unread: readonly { readonly path: string; readonly why: string }[];
}

/** Bounds for a folder that is no front end: a home directory, a disk. */
export const LIMITS = {
  fileBytes: 1_048_576,
  totalBytes: 33_554_432,
  files: 10_000,
  entries: 500_000,
  folders: 64,
};
const IGNORED = new Set(["node_modules", "bower_components", "dist", "build", "coverage"]);
const NOFOLLOW = constants.O_NOFOLLOW;

export interface Wanted {
  /** Beside source files: other names that are read. */
  readonly also?: (name: string) => boolean;
  /** Whether links are told of; they are never followed. */
  readonly links?: boolean;
}

export async function readSources(
  folder: string,
  limits: typeof LIMITS = LIMITS,
  { also = () => false, links = false }: Wanted = {},
): Promise<Sources> {
  const root = await rootOf(folder);
  const files: SourceFile[] = [];
  const unread: { path: string; why: string }[] = [];
  let [entries, total] = [0, 0];
  const visit = async (directory: string, depth: number): Promise<void> => {
    const found: string[] = [];
    const folders: string[] = [];
    try {
      for await (const entry of await opendir(directory)) {
        entries += 1;
        if (entries > limits.entries)
          throw new UsageError(
            `${folder} has more than ${limits.entries} entries.`,
            "Name a smaller folder.",
          );
        const path = join(directory, entry.name);
        if (entry.isDirectory() && !IGNORED.has(entry.name) && !entry.name.startsWith("."))
          folders.push(path);
        else if (entry.isFile() && (isSource(entry.name) || also(entry.name))) found.push(path);
        else if (links && entry.isSymbolicLink() && !IGNORED.has(entry.name))
          unread.push({ path: pathIn(root, path), why: "it is a link, and links are not followed" });
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      unread.push({ path: pathIn(root, directory), why: reasonOf(error) });
      return;
    }
    for (const path of found.toSorted()) {
      if (files.length >= limits.files)
        throw new UsageError(
          `${folder} has more than ${limits.files} source files.`,
          "Name a smaller folder.",
        );
      const name = pathIn(root, path);
      try {
        const text = decode(await readBytes(root, path, limits.fileBytes));
        total += text.length;
        files.push({ path: name, text });
      } catch (error) {
        unread.push({ path: name, why: reasonOf(error) });
      }
      if (total > limits.totalBytes)
        throw new UsageError(
          `${folder} has more than ${limits.totalBytes} bytes of sources.`,
          "Name a smaller folder.",
        );
    }
    if (depth >= limits.folders) {
      for (const path of folders) unread.push({ path: pathIn(root, path), why: "it lies too deep" });
      return;
    }
    for (const path of folders.toSorted()) await visit(path, depth + 1);
  };
  await visit(root, 1);
  return { root, files, unread };
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await lstat(root)).isDirectory()) return root;
  } catch {
    throw new UsageError(`There is no folder ${folder}.`);
  }
  throw new UsageError(`${folder} is no folder.`);
}

const isSource = (name: string): boolean =>
  SOURCE_EXTENSIONS.includes(extname(name)) && !/\.d\.[cm]?ts$/.test(name);

const pathIn = (root: string, path: string): string => relative(root, path).split(sep).join("/") || ".";

class ReadError extends Error {
  override readonly name = "ReadError";
}

const reasonOf = (error: unknown): string =>
  error instanceof ReadError
    ? error.message
    : error instanceof Error && "code" in error
      ? `it cannot be read (${String(error.code)})`
      : "it cannot be read";

/** Opened without following a link, from a folder that still lies inside the root. */
async function readBytes(root: string, path: string, most: number): Promise<Buffer> {
  await insideOnly(root, path);
  // Without waiting: a pipe in a file's place would never answer.
  const file = await open(path, constants.O_RDONLY | NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat().then((stat) => {
      if (!stat.isFile()) throw new ReadError("it is no file");
      return stat;
    });
    if (size > most) throw new ReadError(`it is larger than ${most} bytes`);
    const bytes = Buffer.alloc(size + 1);
    const { bytesRead } = await file.read(bytes, 0, size + 1, 0);
    if (bytesRead > size) throw new ReadError("it grows while it is read");
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function insideOnly(root: string, path: string): Promise<void> {
  const home = await realpath(dirname(path));
  if (home !== root && !home.startsWith(root.endsWith(sep) ? root : `${root}${sep}`))
    throw new ReadError("it leads out of the folder");
}

/** Byte order mark and all: what is decoded must encode to the same bytes. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ReadError("it is not UTF-8");
  }
}

/** All or nothing: a new file beside the old one takes its place, if the old one is still what was read. */
export async function replaceFile(root: string, path: string, before: string, after: string): Promise<void> {
  const target = join(root, ...path.split("/"));
  const current = await readBytes(root, target, LIMITS.fileBytes);
  if (!current.equals(Buffer.from(before, "utf8"))) throw new ReadError("it has changed since it was read");
  const fresh = join(dirname(target), `.${basename(target)}.aegis-${process.pid}`);
  const { mode } = await lstat(target);
  const file = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW, 0o600);
  try {
    try {
      await file.writeFile(after, "utf8");
      await file.chmod(mode & 0o777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, target);
  } catch (error) {
    await unlink(fresh).catch(() => undefined);
    throw error;
  }
}
