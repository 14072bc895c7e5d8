/** What every BlobStore must do. */
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlobRange, BlobStore } from "./blobs.ts";

export function describeBlobStore(
  name: string,
  open: () => Promise<{ store: BlobStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a blob store`, () => {
    let store: BlobStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const read = async (id: string, range?: BlobRange): Promise<string | undefined> => {
      const stream = await store.read(id, range);
      return stream === undefined ? undefined : (await buffer(stream)).toString();
    };
    const put = async (text: string): Promise<string> => {
      const id = randomUUID();
      const writer = await store.begin(id);
      await writer.write(Buffer.from(text));
      await writer.commit();
      return id;
    };

    it("shows nothing before it is whole, and then all of it", async () => {
      const id = randomUUID();
      const writer = await store.begin(id);
      await writer.write(Buffer.from("one, "));
      await writer.write(Buffer.from("two"));
      expect(await read(id)).toBeUndefined();
      expect((await writer.contents()).toString()).toBe("one, two");
      await writer.commit();
      expect(await read(id)).toBe("one, two");
      expect(await read(id, { start: 5, end: 7 })).toBe("tw");
      await writer.discard();
      expect(await read(id)).toBe("one, two");
    });

    it("keeps what replaced the first bytes, longer or shorter", async () => {
      for (const text of ["short", "longer than what there was"]) {
        const id = randomUUID();
        const writer = await store.begin(id);
        await writer.write(Buffer.from("what there was"));
        await writer.replace(Buffer.from(text));
        expect((await writer.contents()).toString()).toBe(text);
        await writer.commit();
        expect(await read(id)).toBe(text);
      }
    });

    it("keeps nothing of what was discarded, and takes no more of it", async () => {
      const id = randomUUID();
      const writer = await store.begin(id);
      await writer.write(Buffer.from("x"));
      await writer.discard();
      await writer.discard();
      expect(await read(id)).toBeUndefined();
      await expect(writer.write(Buffer.from("y"))).rejects.toThrow();
      await expect(writer.commit()).rejects.toThrow();
    });

    it("overwrites nothing", async () => {
      const id = await put("first");
      const second = await store.begin(id);
      await second.write(Buffer.from("second"));
      await expect(second.commit()).rejects.toThrow(/already/);
      await second.discard();
      expect(await read(id)).toBe("first");
    });

    it("removes, once", async () => {
      const id = await put("x");
      expect(await store.remove(id)).toBe(true);
      expect(await store.remove(id)).toBe(false);
      expect(await read(id)).toBeUndefined();
    });

    it("takes ids of ours alone, never a path", async () => {
      for (const id of [
        "../../etc/passwd",
        "",
        "a/b",
        `${randomUUID()}/x`,
        `${randomUUID()}\0`,
        "__proto__",
      ]) {
        await expect(store.begin(id)).rejects.toThrow(/id/);
        await expect(store.read(id)).rejects.toThrow(/id/);
        await expect(store.remove(id)).rejects.toThrow(/id/);
      }
    });
  });
}
