import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackupError } from "./errors.ts";
import { extractFolder, folderEntries } from "./folder.ts";
import { entriesOf, isTarName, tarOf } from "./tar.ts";

async function* pieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* list<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}
const packed = (files: readonly (readonly [string, Uint8Array])[]) =>
  bytesOf(
    tarOf(
      list(files.map(([name, bytes]) => ({ name, file: { size: bytes.length, bytes: pieces(bytes, 7) } }))),
    ),
  );
async function read(archive: Uint8Array, size = 100): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, file } of entriesOf(pieces(archive, size)))
    found.push([name, file === undefined ? "/" : (await bytesOf(file.bytes)).toString("latin1")]);
  return found;
}
const folder = () => mkdtemp(join(tmpdir(), "aegis-tar-"));

describe("an archive", () => {
  it("gives back what went in, in pieces of any size", async () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,60}(\/[a-z0-9]{1,60}){0,3}$/).filter(isTarName);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 2000 })), { maxLength: 6 }),
        fc.integer({ min: 1, max: 1500 }),
        async (files, size) => {
          expect(await read(await packed(files), size)).toEqual(
            files.map(([one, bytes]) => [one, Buffer.from(bytes).toString("latin1")]),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is one that tar reads, and a folder again with what was in it", async () => {
    const [root, other] = [await folder(), await folder()];
    await mkdir(join(root, "empty"));
    await mkdir(join(root, "a".repeat(90)));
    await writeFile(join(root, "a".repeat(90), "b".repeat(90)), "long");
    await writeFile(join(root, "zero"), "");
    await symlink("/etc/passwd", join(root, "link"));
    const strange: string[] = [];
    const archive = await bytesOf(tarOf(folderEntries(root, { onStrange: (name) => strange.push(name) })));
    expect(strange).toEqual(["link"]);
    execFileSync("tar", ["-xf", "-", "-C", other], { input: archive });
    const extracted = join(other, "ours");
    expect(await extractFolder(pieces(archive), extracted, "x")).toBe(2);
    for (const place of [other, extracted]) {
      expect(await readFile(join(place, "a".repeat(90), "b".repeat(90)), "utf8")).toBe("long");
      expect(await readdir(join(place, "empty"))).toEqual([]);
      expect(await readFile(join(place, "zero"), "utf8")).toBe("");
    }
    for (const one of [root, other]) await rm(one, { recursive: true });
  });

  it.each([
    ["../up", ["cf", "-", "-C", "/", "--transform=s,.*,../up,", "-P", "etc/hostname"]],
    ["/abs", ["cf", "-", "-P", "/etc/hostname"]],
    ["a link", ["cf", "-", "-C", "/", "bin"]],
    [
      "a name that goes on elsewhere",
      ["cf", "-", "-C", "/", `--transform=s,.*,${"a/".repeat(150)}b,`, "etc/hostname"],
    ],
  ])("that holds %s is refused, and nothing of it is left", async (_name, args) => {
    const archive = execFileSync("tar", args, { maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "ignore"] });
    const root = await folder();
    await expect(extractFolder(pieces(archive), join(root, "into"), "x")).rejects.toThrow(
      /entry that we do not write/,
    );
    expect(await readdir(root)).toEqual([]);
    await rm(root, { recursive: true });
  });

  it("that was cut off, goes on behind its end or has a header that is none is refused", async () => {
    const archive = await packed([["a", Buffer.alloc(600, 1)]]);
    for (const bad of [
      archive.subarray(0, 100),
      archive.subarray(0, 900),
      archive.subarray(0, 1536),
      Buffer.concat([archive, Buffer.alloc(512, 1)]),
      Buffer.concat([Buffer.alloc(512, 65), archive]),
    ])
      await expect(read(bad)).rejects.toThrow(BackupError);
  });

  it("of a file that becomes shorter is not made, and of one that grows has what was there", async () => {
    const entry = (size: number) => list([{ name: "a", file: { size, bytes: pieces(Buffer.from("abc")) } }]);
    await expect(bytesOf(tarOf(entry(4)))).rejects.toThrow(/became shorter/);
    expect(await read(await bytesOf(tarOf(entry(2))))).toEqual([["a", "ab"]]);
  });
});
