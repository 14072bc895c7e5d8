/** `aegis migrate-frontend` as people call it, on folders of all kinds. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";
import { LIMITS, readSources, replaceFile } from "../source/files.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aegis-migrate-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function put(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
}

async function migrate(...args: readonly string[]): Promise<{ status: number | null; text: string }> {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "migrate-frontend", ...args],
    { NO_COLOR: "1" },
    home,
  );
  return { status: await child.ended(), text: child.output() };
}

const SENDS = 'fetch("/api/a", { headers: { "X-User-ID": id, Accept: "*/*" } });\n';
const FINE = 'fetch("/api/a", { headers: { Accept: "*/*" }, credentials: "include" });\n';

describe("aegis migrate-frontend", () => {
  it("shows a diff and a report, writes nothing, and ends with 1", async () => {
    put({ "src/a.ts": SENDS });
    const { status, text } = await migrate(".");
    expect(status).toBe(1);
    expect(text).toContain(`--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,1 +1,1 @@\n-${SENDS}+${FINE}`);
    expect(text).toMatch(/src\/a\.ts:1 +rewrite +certain +sends X-User-ID/);
    expect(text).toContain("1 file read, 1 to change (2 places), 0 places to review, 0 notes");
    expect(readFileSync(join(home, "src/a.ts"), "utf8")).toBe(SENDS);
  });

  it("writes with --write, keeps the mode, and finds nothing to do afterwards", async () => {
    put({ "src/a.ts": SENDS });
    chmodSync(join(home, "src/a.ts"), 0o640);
    expect(await migrate(".", "--write")).toMatchObject({
      status: 0,
      text: expect.stringMatching(/written +certain/),
    });
    expect(readFileSync(join(home, "src/a.ts"), "utf8")).toBe(FINE);
    expect(statSync(join(home, "src/a.ts")).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(home, "src"))).toEqual(["a.ts"]);
    const again = await migrate(".", "--write");
    expect([again.status, again.text]).toEqual([0, expect.not.stringContaining("@@")]);
  });

  it("ends with 1 after --write while something is left to review", async () => {
    put({ "a.ts": `${SENDS}fetch(where);\n` });
    expect((await migrate(".", "--write")).status).toBe(1);
    expect(readFileSync(join(home, "a.ts"), "utf8")).toBe(`${FINE}fetch(where);\n`);
  });

  it("reports without a diff under --check, and takes no --write beside it", async () => {
    put({ "a.ts": SENDS });
    const { status, text } = await migrate(".", "--check");
    expect([status, text]).toEqual([1, expect.not.stringContaining("@@")]);
    expect((await migrate(".", "--check", "--write")).status).toBe(2);
    put({ "a.ts": `${FINE}fetch("https://cdn.example.net/x");\n` });
    const fine = await migrate(".", "--check");
    expect([fine.status, fine.text]).toEqual([0, expect.stringMatching(/a\.ts:2 +note/)]);
  });

  it("tells a program the same as JSON", async () => {
    put({ "a.ts": `${SENDS}fetch(where);\n` });
    const { status, text } = await migrate(".", "--json");
    const told = JSON.parse(text);
    expect(status).toBe(1);
    expect(told).toMatchObject({ files: 1, changes: [{ file: "a.ts", written: false }] });
    expect(told.changes[0].diff).toMatch(/^--- a\/a\.ts\n/);
    expect(
      told.findings.map(({ line, action, confidence }: Record<string, unknown>) => [
        line,
        action,
        confidence,
      ]),
    ).toEqual([
      [1, "rewrite", "certain"],
      [1, "rewrite", "certain"],
      [2, "review", "manual"],
    ]);
  });

  it("takes more headers, origins and expressions", async () => {
    put({ "a.ts": 'fetch(`${ENV.API}/a`, { headers: { "x-org": o } });\nfetch("https://api.example/b");\n' });
    await migrate(
      ".",
      "--write",
      "--header",
      "X-Org",
      "--api",
      "https://api.example",
      "--api-base",
      "ENV.API",
    );
    expect(readFileSync(join(home, "a.ts"), "utf8")).toBe(
      'fetch(`${ENV.API}/a`, { headers: {}, credentials: "include" });\nfetch("https://api.example/b", { credentials: "include" });\n',
    );
  });

  it.each([
    [["nowhere"], /There is no folder/],
    [["a.ts"], /is no folder/],
    [[], /missing required argument/],
    [[".", "--header", "a b"], /name of a header/],
    [[".", "--api", "https://api.example/path"], /It must be an origin/],
    [[".", "--api-base", "alert(1)"], /It must be a name/],
  ])("%j ends with 2 and says why", async (args, message) => {
    put({ "a.ts": SENDS });
    const { status, text } = await migrate(...args);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("what the folder holds", () => {
  it("looks into no dependencies, builds, hidden folders or declarations", async () => {
    put({
      "node_modules/x/a.js": SENDS,
      "dist/a.js": SENDS,
      "web/dist/a.js": SENDS,
      ".git/hooks/a.js": SENDS,
      "types.d.ts": 'declare const a: "X-User-ID";\n',
      "readme.md": SENDS,
    });
    const { status, text } = await migrate(".", "--write");
    expect([status, text]).toEqual([0, expect.stringContaining("0 files read")]);
    expect(readFileSync(join(home, "web/dist/a.js"), "utf8")).toBe(SENDS);
  });

  it("follows no symbolic link, to a file or a folder, inside or outside", async () => {
    put({ "outside/a.ts": SENDS, "outside/folder/b.ts": SENDS, "in/fine.ts": FINE });
    symlinkSync(join(home, "outside/a.ts"), join(home, "in/a.ts"));
    symlinkSync(join(home, "outside/folder"), join(home, "in/folder"));
    symlinkSync(join(home, "in"), join(home, "in/circle"));
    expect((await migrate("in", "--write")).status).toBe(0);
    expect(readFileSync(join(home, "outside/a.ts"), "utf8")).toBe(SENDS);
    expect(readFileSync(join(home, "outside/folder/b.ts"), "utf8")).toBe(SENDS);
  });

  it("takes a link as the folder itself, for that is what was asked for", async () => {
    put({ "real/a.ts": SENDS });
    symlinkSync(join(home, "real"), join(home, "link"));
    await migrate("link", "--write");
    expect(readFileSync(join(home, "real/a.ts"), "utf8")).toBe(FINE);
  });

  it("reports what cannot be read or parsed, and does the rest", async () => {
    put({
      "latin.js": Buffer.from([0x66, 0x28, 0x22, 0xe9, 0x22, 0x29]),
      "utf16.ts": Buffer.from(`\uFEFF${SENDS}`, "utf16le"),
      "broken.ts": "const = ;\n",
      "large.ts": `${SENDS}//${"x".repeat(LIMITS.fileBytes)}\n`,
      "good.ts": SENDS,
    });
    execFileSync("mkfifo", [join(home, "pipe.ts")]);
    const before = readFileSync(join(home, "utf16.ts"));
    const { status, text } = await migrate(".", "--write");
    expect(status).toBe(1);
    expect(text).toMatch(/latin\.js:1 +review +manual +is not looked at: it is not UTF-8/);
    expect(text).toMatch(/utf16\.ts:1 .*not UTF-8/);
    expect(text).toMatch(/broken\.ts:1 .*cannot be parsed/);
    expect(text).toMatch(/large\.ts:1 .*larger than 1048576 bytes/);
    expect(readFileSync(join(home, "good.ts"), "utf8")).toBe(FINE);
    expect(readFileSync(join(home, "utf16.ts"))).toEqual(before);
  });

  it("outlives files that are nested so deeply that they end a parser", async () => {
    put({
      "a.js": "[".repeat(100_000),
      "b.js": `a${".b()".repeat(200_000)}`,
      "c.js": `${"if(a)".repeat(100_000)};`,
      "good.ts": SENDS,
    });
    const { status, text } = await migrate(".", "--write");
    expect(status).toBe(1);
    for (const name of ["a", "b", "c"])
      expect(text).toMatch(new RegExp(`${name}\\.js:1 .*nested too deeply`));
    expect(readFileSync(join(home, "good.ts"), "utf8")).toBe(FINE);
  });

  it("reads no more than its bounds", async () => {
    put({ "a.ts": SENDS, "b.ts": SENDS, "1/2/3/c.ts": SENDS });
    await expect(readSources(home, { ...LIMITS, files: 2 })).rejects.toThrow(/more than 2 source files/);
    await expect(readSources(home, { ...LIMITS, totalBytes: 100 })).rejects.toThrow(/more than 100 bytes/);
    await expect(readSources(home, { ...LIMITS, entries: 3 })).rejects.toThrow(/more than 3 entries/);
    const { unread } = await readSources(home, { ...LIMITS, folders: 2 });
    expect(unread).toEqual([{ path: "1/2", why: "it lies too deep" }]);
  });

  it("shows no control characters of names and sources in its report", async () => {
    put({ "e\u001b[31m.ts": 'fetch(`${"\u001b]0;x\u0007" + where}`);\n' });
    const { text } = await migrate(".", "--check");
    expect(text).toContain("e?[31m.ts:1");
    expect(text).not.toMatch(/[\u001b\u0007]/);
  });
});

describe("replacing a file", () => {
  it("refuses one that changed since it was read, or became a link, and leaves nothing behind", async () => {
    put({ "a.ts": "newer\n", "b.ts": "old\n" });
    await expect(replaceFile(home, "a.ts", "old\n", "fresh\n")).rejects.toThrow(/changed since it was read/);
    rmSync(join(home, "b.ts"));
    symlinkSync(join(home, "a.ts"), join(home, "b.ts"));
    await expect(replaceFile(home, "b.ts", "newer\n", "fresh\n")).rejects.toThrow();
    expect(readFileSync(join(home, "a.ts"), "utf8")).toBe("newer\n");
    expect(readdirSync(home).toSorted()).toEqual(["a.ts", "b.ts"]);
  });

  it("does not write through a folder that became a link out of the root", async () => {
    put({ "root/kept.ts": "", "elsewhere/a.ts": "old\n" });
    symlinkSync(join(home, "elsewhere"), join(home, "root/src"));
    await expect(replaceFile(join(home, "root"), "src/a.ts", "old\n", "fresh\n")).rejects.toThrow(
      /out of the folder/,
    );
    expect(readFileSync(join(home, "elsewhere/a.ts"), "utf8")).toBe("old\n");
    expect(existsSync(join(home, "elsewhere/.a.ts.aegis"))).toBe(false);
  });
});
