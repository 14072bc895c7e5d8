/**
 * One at a time, whoever is killed. The lock is the file with the highest number in a folder; whoever wants it
 * makes the next one by link(2), which one of many wins, and holds it only if no higher one has come. Numbers are never
 * used again, so that taking over from a dead process cannot meet somebody else's new lock.
 */
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { isAlive, startOf } from "./process-identity.ts";

const holderSchema = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  started: Type.String({ maxLength: 256 }),
  what: Type.String({ maxLength: 256 }),
  at: Type.String({ maxLength: 64 }),
});
export type LockHolder = Readonly<Type.Static<typeof holderSchema>>;
type Holder = LockHolder;

/**
 * Gives it back; what it held stays as a number that is taken. @throws what `held` makes, where a living process has it;
 * undefined: it was taken at this very moment
 */
export async function takeLock(
  folder: string,
  what: string,
  now: number,
  held: (holder: LockHolder | undefined) => Error,
): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const highest = Math.max(0, ...(await numbersIn(folder)));
  const holder = highest === 0 ? undefined : await holderOf(join(folder, String(highest)));
  if (holder !== undefined && isAlive(holder)) throw held(holder);
  const mine = highest + 1;
  const own: Holder = {
    pid: process.pid,
    started: startOf(process.pid) ?? "unknown",
    what,
    at: new Date(now).toISOString(),
  };
  const made = join(folder, `new-${randomUUID()}`);
  await writeFile(made, JSON.stringify(own), { mode: 0o600 });
  try {
    // Whole from the first moment, and refused where the number exists.
    await link(made, join(folder, String(mine)));
  } catch (error) {
    // Taken by somebody, or tidied up by whoever has it by now.
    if (!(error instanceof Error && "code" in error && ["EEXIST", "ENOENT"].includes(String(error.code))))
      throw error;
    throw held(await holderOf(join(folder, String(mine))));
  } finally {
    await rm(made, { force: true });
  }
  const others = (await numbersIn(folder)).filter((number) => number !== mine);
  const higher = Math.max(0, ...others);
  if (higher > mine) {
    // It was taken, and perhaps given back, since the folder was read.
    await rm(join(folder, String(mine)), { force: true });
    throw held(await holderOf(join(folder, String(higher))));
  }
  const left = (await readdir(folder)).filter((name) => name.startsWith("new-"));
  for (const old of [...others.map(String), ...left]) await rm(join(folder, old), { force: true });
  return async () => writeFile(join(folder, String(mine)), "{}"); // no holder; the number stays
}

const numbersIn = async (folder: string): Promise<readonly number[]> =>
  (await readdir(folder)).filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number);

/** Undefined: given back. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    const data: unknown = JSON.parse(await readFile(file, "utf8"));
    return Value.Check(holderSchema, data) ? data : undefined;
  } catch {
    return undefined;
  }
}
