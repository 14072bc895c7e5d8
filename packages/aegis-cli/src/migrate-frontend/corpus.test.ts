/** The corpus: sources as people write them, each with the report and the diff that are expected of it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { folder, readCases, told } from "../../../../test/support/corpus.ts";
import { parseTree } from "../source/parse.ts";
import { unifiedDiff } from "./diff.ts";
import { type Change, migrate } from "./engine.ts";

const cases = readCases();
const scratch = mkdtempSync(join(tmpdir(), "aegis-corpus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The files as they are afterwards. */
const afterwards = (files: ReadonlyMap<string, string>, changes: readonly Change[]): Map<string, string> =>
  new Map([...files, ...changes.map(({ path, after }): [string, string] => [path, after])]);

if (process.env["UPDATE_CORPUS"] !== undefined)
  for (const { name, files, options } of cases)
    writeFileSync(new URL(`${name}.expected`, folder), told(migrate(files, options)));

it("has forty cases and more", () => {
  expect(cases.length).toBeGreaterThanOrEqual(40);
});

describe.each(cases)("$name: $title", ({ name, files, options, expected }) => {
  const migration = migrate(files, options);
  const { changes, findings } = migration;
  const done = afterwards(files, changes);

  it.runIf(process.env["UPDATE_CORPUS"] === undefined)("gives the expected report and diff", () => {
    expect(expected).not.toBe("");
    expect(told(migration)).toBe(expected);
  });

  it("finds nothing more to write the second time, and the same to review", () => {
    const again = migrate(done, options);
    expect(again.changes).toEqual([]);
    const rest = (all: typeof findings) =>
      all
        .filter(({ action }) => action !== "rewrite")
        .map(({ file, what, action }) => ({ file, what, action }));
    expect(rest(again.findings)).toEqual(rest(findings));
    expect(again.findings.filter(({ action }) => action === "rewrite")).toEqual([]);
  });

  it("leaves every byte outside its edits, and files that parse", () => {
    for (const { path, before, after, edits } of changes) {
      const [old, fresh] = [Buffer.from(before), Buffer.from(after)];
      const bytes = (from: number, to?: number): number => Buffer.byteLength(before.slice(from, to));
      let [at, last] = [0, 0];
      for (const { start, end, text } of [...edits, { start: before.length, end: before.length, text: "" }]) {
        const from = bytes(0, last);
        const kept = old.subarray(from, bytes(0, start));
        expect(fresh.subarray(at, at + kept.length).equals(kept)).toBe(true);
        at += kept.length + Buffer.byteLength(text);
        last = end;
      }
      expect(at).toBe(fresh.length);
      expect(() => parseTree(path, after)).not.toThrow();
    }
  });

  it("does the same to lines that end with CR LF, and behind a byte order mark", () => {
    const windows = (text: string): string => text.replaceAll(/\r?\n/g, "\r\n");
    for (const change of [windows, (text: string): string => `\uFEFF${text.replace(/^\uFEFF/, "")}`]) {
      const changed = new Map([...files].map(([path, text]): [string, string] => [path, change(text)]));
      const result = afterwards(changed, migrate(changed, options).changes);
      expect([...result]).toEqual([...done].map(([path, text]) => [path, change(text)]));
    }
  });

  it("prints a diff that git applies, and none where nothing changes", () => {
    if (changes.length === 0) return expect([...done]).toEqual([...files]);
    const home = join(scratch, name);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), text);
    }
    const patch = changes.map(({ path, before, edits }) => unifiedDiff(path, before, edits)).join("");
    execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: home, input: patch });
    for (const [path, text] of done) expect(readFileSync(join(home, path), "utf8")).toBe(text);
  });
});
