import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeBlobStore } from "../../upload/blobs.contract.ts";
import { fileBlobs } from "./blob-store.ts";

const folder = () => mkdtemp(join(tmpdir(), "aegis-blobs-"));

describeBlobStore("A folder", async () => {
  const directory = await folder();
  return { store: fileBlobs(join(directory, "files")), close: () => rm(directory, { recursive: true }) };
});

describe("a folder of blobs", () => {
  it("is for its owner alone, and holds no half-written file after a discard", async () => {
    const directory = await folder();
    const store = fileBlobs(directory);
    const [kept, gone] = [randomUUID(), randomUUID()];
    for (const id of [kept, gone]) {
      const writer = await store.begin(id);
      await writer.write(Buffer.from("x"));
      await (id === kept ? writer.commit() : writer.discard());
    }
    const path = join(directory, kept.slice(0, 2));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, kept))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, "parts"))).toEqual([]);
    await rm(directory, { recursive: true });
  });

  it("removes what a process that died left half-written, and nothing that is new", async () => {
    const directory = await folder();
    const store = fileBlobs(directory);
    const writer = await store.begin(randomUUID());
    await writer.write(Buffer.from("x"));
    expect(await store.removeBroken(Date.now() - 60_000)).toBe(0);
    expect(await store.removeBroken(Date.now() + 60_000)).toBe(1);
    await writer.discard();
    await rm(directory, { recursive: true });
  });

  it("reads through no link that somebody planted", async () => {
    const directory = await folder();
    const store = fileBlobs(directory);
    const id = randomUUID();
    const writer = await store.begin(id);
    await writer.commit();
    const path = join(directory, id.slice(0, 2), id);
    await writeFile(join(directory, "secret"), "secret");
    await rm(path);
    await symlink(join(directory, "secret"), path);
    await expect(store.read(id)).rejects.toThrow();
    await rm(directory, { recursive: true });
  });
});
