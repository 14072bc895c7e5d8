/** `aegis breach` as people call it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../../test/support/processes.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-breach-"));
  const hash = createHash("sha1").update("violet harbour").digest("hex");
  writeFileSync(join(folder, "list"), `${hash}:42\nletmein\n`);
  writeFileSync(join(folder, "nt"), `${"a".repeat(32)}:1\n`);
  expect(await breach(["build", "list", "corpus"])).toMatchObject({ status: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function breach(args: readonly string[], input: string | Buffer = ""): Promise<Ended> {
  const command = [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "breach", ...args];
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", NO_COLOR: "1" },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (err += piece.toString()));
  child.stdin.on("error", () => undefined); // it may end without reading
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, out, err })));
}

describe("aegis breach build", () => {
  it("says what it made, and shows no progress in a pipe", async () => {
    expect(await breach(["build", "list", "again"])).toEqual({
      status: 0,
      out: "2 hashes of 2 lines in again\n",
      err: "",
    });
  });

  it("tells of lines that it skipped, unless it shall be quiet", async () => {
    writeFileSync(join(folder, "long"), `letmein\n${"x".repeat(20_000)}\n`);
    expect((await breach(["build", "long", "short"])).err).toMatch(/^1 lines are longer/);
    expect((await breach(["build", "long", "short", "--quiet"])).err).toBe("");
  });

  it.each([
    [["build", "missing", "out"], /error: missing cannot be read/],
    [["build", "nt", "out"], /error: Line 1 of the list is a hash, but no SHA-1/],
    [["build", "corpus", "list"], /error: list is there already, and is no corpus/],
    [["build", "list", "out", "--format", "md5"], /Allowed choices are auto, hashes, passwords/],
    [["build", "list"], /missing required argument/],
    [["check", "list"], /error: list cannot be used as a corpus: it is no file that/],
    [["check", "missing"], /error: missing cannot be opened/],
    [["check"], /missing required argument/],
  ])("%j ends with 2, says why, and leaves nothing behind", async (args, message) => {
    const before = readdirSync(folder);
    const { status, out, err } = await breach(args, "violet harbour");
    expect([status, out, err]).toEqual([2, "", expect.stringMatching(message)]);
    expect(err).not.toMatch(/ {4}at /);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("aegis breach check", () => {
  it.each([
    ["violet harbour", 1, "42\n"],
    ["violet harbour\r\n", 1, "42\n"],
    ["letmein\n", 1, "1\n"],
    ["letmein \n", 0, "0\n"],
  ])("reads %j from stdin and ends with %i", async (input, status, out) => {
    expect(await breach(["check", "corpus"], input)).toEqual({ status, out, err: "" });
  });

  it.each([
    ["nothing", "", /one password, on one line/],
    ["two lines", "letmein\nletmein\n", /one password, on one line/],
    ["what is no text", Buffer.from([0xff, 0xfe]), /no UTF-8/],
    ["an endless line", "x".repeat(100_000), /longer than any password/],
  ])("refuses %s", async (_name, input, message) => {
    const { status, out, err } = await breach(["check", "corpus"], input);
    expect([status, out, err]).toEqual([2, "", expect.stringMatching(message)]);
  });

  it("takes no password as an argument", async () => {
    const { status, out } = await breach(["check", "corpus", "letmein"]);
    expect([status, out]).toEqual([2, ""]);
  });
});
