import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breachHash } from "./checker.ts";
import { type Corpus, corpusSource, openCorpus } from "./corpus.ts";
import { buildCorpus, type BuildOptions, type BuildProgress } from "./corpus-build.ts";

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "aegis-corpus-"));
});
afterAll(() => rm(folder, { recursive: true }));

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex").toUpperCase();
const fresh = (): string => join(folder, `file-${made++}`);

async function build(list: string | Buffer, options: BuildOptions = {}) {
  const [from, out] = [fresh(), fresh()];
  await writeFile(from, list);
  return { out, ...(await buildCorpus(from, out, options)) };
}

async function opened<T>(file: string, use: (corpus: Corpus) => Promise<T>): Promise<T> {
  const corpus = await openCorpus(file);
  try {
    return await use(corpus);
  } finally {
    await corpus.close();
  }
}

const seen = async (list: string | Buffer, passwords: readonly string[], options: BuildOptions = {}) =>
  opened((await build(list, options)).out, (corpus) =>
    Promise.all(passwords.map((password) => corpus.count(breachHash(password)))),
  );

describe("a corpus", () => {
  it("knows what was in its list, and how often, and nothing else", async () => {
    const list = `${sha1("one")}:12\r\n${sha1("two").toLowerCase()}\nthree\nthree\n\n${sha1("none")}:0\n`;
    expect(await seen(list, ["one", "two", "three", "none", "four"])).toEqual([12, 1, 2, 0, 0]);
  });

  it("answers as a source, also for letters encoded otherwise", async () => {
    const { out } = await build("Café ﬁn\n");
    await opened(out, async (corpus) => {
      const source = corpusSource(corpus);
      expect(await source.count("Cafe\u0301 fin")).toEqual({ checked: true, count: 1 });
      expect(await source.count("other")).toEqual({ checked: true, count: 0 });
    });
  });

  it("holds what a set of the same passwords holds, whatever they are and in whatever order", async () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 24 })
      .filter((text) => !/[\r\n\0\u{feff}]/u.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 400 }),
        fc.array(line),
        async (listed, others) => {
          fc.pre(listed.some((text) => text !== ""));
          const counts = new Map<string, number>();
          for (const text of listed)
            if (text !== "")
              counts.set(text.normalize("NFKC"), (counts.get(text.normalize("NFKC")) ?? 0) + 1);
          const asked = [...listed, ...others];
          expect(await seen(listed.join("\n"), asked, { format: "passwords", chunkEntries: 16 })).toEqual(
            asked.map((text) => counts.get(text.normalize("NFKC")) ?? 0),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("of 200,000 unsorted hashes is merged from many runs, duplicates added up", async () => {
    const rows = Array.from(
      { length: 200_000 },
      (_, index) => `${sha1(`p${index % 150_000}`)}:${1 + (index % 3)}`,
    );
    const progress: BuildProgress[] = [];
    const { out, entries, lines } = await build(rows.join("\n"), {
      chunkEntries: 1000,
      onProgress: (one) => void progress.push(one),
    });
    expect([entries, lines]).toEqual([150_000, 200_000]);
    expect(progress.at(-1)?.phase).toBe("merging");
    for (const { bytesRead, bytesTotal = 0 } of progress) expect(bytesRead).toBeLessThanOrEqual(bytesTotal);
    await opened(out, async (corpus) => {
      expect(corpus.entries).toBe(150_000);
      const places = Array.from({ length: 2000 }, (_, index) => index * 75);
      const counts = await Promise.all(places.map((place) => corpus.count(breachHash(`p${place}`))));
      const wanted = (place: number): number =>
        1 + (place % 3) + (place < 50_000 ? 1 + ((place + 150_000) % 3) : 0);
      expect(counts).toEqual(places.map(wanted));
      const strangers = await Promise.all(places.map((place) => corpus.count(breachHash(`q${place}`))));
      expect(new Set(strangers)).toEqual(new Set([0]));
    });
  });

  it("is the same file whatever the order of its list and the size of its chunks", async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => sha1(`p${index}`));
    const files = await Promise.all(
      [
        build(rows.join("\n"), { chunkEntries: 1 }),
        build(rows.toSorted().join("\n"), { chunkEntries: 1 }),
        build(rows.toReversed().join("\r\n")),
      ].map(async (one) => readFile((await one).out)),
    );
    expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
    expect(files[0]?.equals(files[2] ?? Buffer.alloc(0))).toBe(true);
  });

  it("counts to four billion and stays there", async () => {
    expect(
      await seen(`${sha1("a")}:4294967295\n${sha1("a")}:10\n${sha1("b")}:99999999999`, ["a", "b"]),
    ).toEqual([4_294_967_295, 4_294_967_295]);
  });
});

describe("a list", () => {
  it("may hold passwords that look like hashes, if it is said so", async () => {
    const password = sha1("x");
    expect(await seen(password, [password, "x"], { format: "passwords" })).toEqual([1, 0]);
    expect(await seen(password, [password, "x"])).toEqual([0, 1]);
  });

  it("may begin with a mark, keep spaces, and mix encodings", async () => {
    const list = Buffer.concat([
      Buffer.from("\u{feff}first\n  spaced \r\n"),
      Buffer.from("contrase\xf1a", "latin1"),
    ]);
    expect(await seen(list, ["first", "  spaced ", "contraseña", "spaced"])).toEqual([1, 1, 1, 0]);
  });

  it("may have lines longer than any password, which are skipped and counted", async () => {
    const { lines, skipped, entries } = await build(`a\n${"x".repeat(300_000)}\nb\n${"y".repeat(20_000)}`);
    expect([lines, skipped, entries]).toEqual([4, 2, 2]);
  });

  it.each<[string, string, BuildOptions, RegExp]>([
    ["nothing", "", {}, /holds no password/],
    ["padding alone", `${sha1("x")}:0\n`, {}, /holds no password/],
    ["bytes that are no text", "\u001f\u008b\0\0packed", {}, /no text/],
    ["hashes of another kind", `${"A".repeat(32)}:5\n`, {}, /Line 1 of the list is a hash, but no SHA-1/],
    ["the halves of the range service", `ok\n${"A".repeat(35)}:5\n`, {}, /Line 2 of the list is a hash/],
    ["words among hashes", `${sha1("x")}\nword\n`, { format: "hashes" }, /Line 2 of the list is no SHA-1/],
    ["a broken count", `${sha1("x")}:1x\n`, { format: "hashes" }, /Line 1/],
  ])("is refused when it holds %s, and leaves nothing behind", async (_name, list, options, message) => {
    const before = (await readdir(folder)).length;
    await expect(build(list, options)).rejects.toThrow(message);
    expect(await readdir(folder)).toHaveLength(before + 1); // the list itself
  });

  it("must be there, and must not be a folder", async () => {
    await expect(buildCorpus(fresh(), fresh())).rejects.toThrow(/cannot be read/);
    await expect(buildCorpus(folder, fresh())).rejects.toThrow(/is a folder/);
    const list = fresh();
    await writeFile(list, "a");
    await expect(buildCorpus(list, join(folder, "missing", "out"))).rejects.toThrow(/cannot be written/);
  });

  it("is not overwritten when the names are given in the wrong order; an older corpus is replaced", async () => {
    const { out } = await build("old\n");
    const list = fresh();
    await writeFile(list, "new\n");
    await expect(buildCorpus(out, list)).rejects.toThrow(/is no corpus/);
    await expect(buildCorpus(list, folder)).rejects.toThrow(/is no corpus/);
    expect(await readFile(list, "utf8")).toBe("new\n");
    await buildCorpus(list, out);
    expect(await opened(out, (corpus) => corpus.count(breachHash("new")))).toBe(1);
  });

  it("given up on the way leaves the old corpus and nothing else", async () => {
    const { out } = await build("old\n");
    const list = fresh();
    await writeFile(list, Array.from({ length: 50_000 }, (_, index) => `p${index}`).join("\n"));
    const before = await readdir(folder);
    for (const phase of ["reading", "merging"]) {
      const stop = new AbortController();
      const onProgress = (progress: BuildProgress): void => {
        if (progress.phase === phase) stop.abort();
      };
      await expect(
        buildCorpus(list, out, { chunkEntries: 1000, onProgress, signal: stop.signal }),
      ).rejects.toThrow(/abort/i);
    }
    expect(await readdir(folder)).toEqual(before);
    expect(await opened(out, (corpus) => corpus.count(breachHash("old")))).toBe(1);
  });
});

describe("a corpus that is not whole", () => {
  const rows = Array.from({ length: 3000 }, (_, index) => `p${index}`).join("\n");

  it("is refused at every length but its own", async () => {
    const { out } = await build("a\nb\nc\n");
    const bytes = await readFile(out);
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(out, bytes.subarray(0, length));
      await expect(openCorpus(out)).rejects.toThrow(/no file that|cut off/);
    }
    await writeFile(out, Buffer.concat([bytes, Buffer.alloc(12)]));
    await expect(openCorpus(out)).rejects.toThrow(/instead of/);
  });

  it("is refused when any byte of its header is another", async () => {
    const { out } = await build("a\nb\nc\n");
    const bytes = await readFile(out);
    for (let at = 0; at < 32; at++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
      await writeFile(out, changed);
      await expect(openCorpus(out)).rejects.toMatchObject({ name: "CorpusError" });
    }
  });

  it("is refused when its entries are out of order, or blank", async () => {
    const { out } = await build(rows);
    const bytes = await readFile(out);
    await writeFile(out, Buffer.from(bytes).fill(0, 20_000, 24_096));
    await expect(openCorpus(out)).rejects.toThrow(/entries are damaged/);
    const swapped = Buffer.concat([bytes.subarray(0, 32), bytes.subarray(44, 56), bytes.subarray(32, 44)]);
    await writeFile(out, Buffer.concat([swapped, bytes.subarray(56)]));
    await expect(openCorpus(out)).rejects.toThrow(/entries are damaged/);
  });

  it("is refused when it is missing or a folder", async () => {
    await expect(openCorpus(join(folder, "missing"))).rejects.toThrow(/cannot be opened/);
    await expect(openCorpus(folder)).rejects.toThrow(/is no file/);
  });

  it("is not believed when it is cut off or overwritten while it is open", async () => {
    const { out } = await build(rows);
    const bytes = await readFile(out);
    await opened(out, async (corpus) => {
      const source = corpusSource(corpus);
      await truncate(out, 40);
      expect(await source.count("p1")).toEqual({
        checked: false,
        because: expect.stringContaining("corpus"),
      });
      await writeFile(out, Buffer.alloc(bytes.length));
      expect(await source.count("p1")).toMatchObject({ checked: false });
    });
  });

  it("is not believed after it was closed", async () => {
    const corpus = await openCorpus((await build("a\n")).out);
    await corpus.close();
    expect(await corpusSource(corpus).count("a")).toMatchObject({ checked: false });
  });

  it("is not asked for less than eight bytes of a hash", async () => {
    await opened((await build("a\n")).out, async (corpus) => {
      await expect(corpus.count(breachHash("a").subarray(0, 7))).rejects.toThrow(TypeError);
      expect(await corpus.count(breachHash("a").subarray(0, 8))).toBe(1);
    });
  });
});
