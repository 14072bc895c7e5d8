/** What is installed, as package-lock.json (version 2 and 3) says it. */
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Installed {
  readonly name: string;
  readonly version: string;
  /** Only for development. */
  readonly dev: boolean;
  /** The key of the entry. */
  readonly place: string;
}

export type Lock =
  | {
      readonly kind: "packages";
      readonly file: string;
      readonly text: string;
      readonly packages: readonly Installed[];
    }
  /** Nothing is installed here. */
  | { readonly kind: "none" }
  | { readonly kind: "unread"; readonly why: string };

const MAX_BYTES = 67_108_864;
const OTHERS = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "deno.lock"];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

export async function readLock(folder: string): Promise<Lock> {
  for (const file of ["npm-shrinkwrap.json", "package-lock.json"])
    if (await isThere(join(folder, file))) return readNpm(folder, file);
  for (const file of OTHERS)
    if (await isThere(join(folder, file)))
      return { kind: "unread", why: `${file} is not read; only package-lock.json of version 2 and 3 is` };
  return (await isThere(join(folder, "package.json")))
    ? { kind: "unread", why: "there is a package.json and no lock file, so nobody knows what is installed" }
    : { kind: "none" };
}

async function readNpm(folder: string, file: string): Promise<Lock> {
  const unread = (why: string): Lock => ({ kind: "unread", why: `${file} ${why}` });
  const path = join(folder, file);
  let data: unknown;
  let text: string;
  try {
    const stat = await lstat(path);
    if (!stat.isFile()) return unread("is no file");
    if (stat.size > MAX_BYTES) return unread(`is larger than ${MAX_BYTES} bytes`);
    text = await readFile(path, "utf8");
    data = JSON.parse(text);
  } catch {
    return unread("cannot be read");
  }
  if (!isRecord(data)) return unread("is no lock file");
  if (data["lockfileVersion"] !== 2 && data["lockfileVersion"] !== 3)
    return unread(
      `has version ${String(data["lockfileVersion"]).slice(0, 20)}; write it anew: npm install --lockfile-version 3`,
    );
  if (!isRecord(data["packages"])) return unread("has no packages");
  const packages: Installed[] = [];
  for (const [place, entry] of Object.entries(data["packages"])) {
    const at = place.lastIndexOf("node_modules/");
    if (at === -1 || !isRecord(entry) || entry["link"] === true) continue;
    // An alias is installed under one name, and is another package.
    const name = typeof entry["name"] === "string" ? entry["name"] : place.slice(at + "node_modules/".length);
    const { version } = entry;
    if (typeof version === "string" && /^(?:@[\w.~-]+\/)?[\w.~-]+$/.test(name))
      packages.push({ name, version, dev: entry["dev"] === true || entry["devOptional"] === true, place });
  }
  return { kind: "packages", file, text, packages };
}
