/** `aegis limits simulate` as people call it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../../../../test/support/processes.ts";

async function simulate(args: readonly string[], input: string | Iterable<string> = "") {
  const child = spawn(
    process.execPath,
    [
      join(repository, "packages/aegis-cli/bin/aegis.mjs"),
      "limits",
      "simulate",
      "--preset",
      "education",
      ...args,
    ],
    { cwd: repository, stdio: ["pipe", "pipe", "pipe"] },
  );
  let [out, talk] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (talk += chunk.toString()));
  child.stdin.on("error", () => undefined);
  for (const part of typeof input === "string" ? [input] : input)
    if (!child.stdin.write(part)) await new Promise((resolve) => child.stdin.once("drain", resolve));
  child.stdin.end();
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, out, talk };
}

const rowsOf = (out: string): readonly (readonly string[])[] =>
  out
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));

describe("aegis limits simulate", () => {
  it("shows what an even traffic meets, minute by minute, and when it is first refused", async () => {
    const { status, out, talk } = await simulate(["--limit", "login", "--rate", "20/min", "--for", "3m"]);
    expect([status, talk]).toEqual([0, expect.stringContaining("first refused: caller at ")]);
    const rows = rowsOf(out);
    expect(rows.length).toBe(3);
    expect(rows.map(([, accepted, refused]) => Number(accepted) + Number(refused))).toEqual([20, 20, 20]);
    expect(Number(rows[0]?.[1])).toBeGreaterThan(15); // the burst, and what drains
    expect(rows[2]?.[1]).toBe("10");
    const slow = await simulate(["--limit", "login", "--rate", "10/min", "--for", "1h"]);
    expect(slow.talk).toContain("600 accepted, 0 refused");
  });

  it("reads a log from stdin, each key for itself, and skips what is none", async () => {
    const at = (second: number): string => new Date(1_800_000_000_000 + second * 1000).toISOString();
    const log = [
      ...Array.from({ length: 12 }, (_, second) => `${at(second)} 192.0.2.1`),
      "1800000030 192.0.2.2",
      "no line of a log",
      "",
      "x".repeat(100_000),
    ].join("\n");
    const { out, talk } = await simulate(["--limit", "login", "--json"], log);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { minute: "2027-01-15T08:00:00.000Z", accepted: 12, refused: 1 },
      {
        limit: "login",
        accepted: 12,
        refused: 1,
        first_refusal: { at: at(11), key: "192.0.2.1", retry_after: 1 },
      },
    ]);
    expect(talk).toContain("2 lines are no");
  });

  it("takes a log that is longer than a pipe, in bounded memory", async () => {
    function* log(): Iterable<string> {
      for (let block = 0; block < 200; block++)
        yield Array.from(
          { length: 1000 },
          (_, place) => `${1_800_000_000 + block * 10} 10.${block}.${place >> 8}.${place & 255}\n`,
        ).join("");
    }
    const { status, talk } = await simulate(["--limit", "read"], log());
    expect([status, talk]).toEqual([0, expect.stringContaining("200000 accepted, 0 refused")]);
  });

  it.each([
    [["--limit", "logn", "--rate", "1/s"], /no limit "logn"[\s\S]*Known: login/],
    [["--rate", "often"], /20\/min/],
    [["--rate", "1/s", "--for", "ever"], /10m/],
    [["--rate", "999999/s", "--for", "30d"], /more than/],
    [[], /no traffic/],
  ])("refuses %j with status 2", async (args, message) => {
    const { status, talk } = await simulate(args);
    expect([status, talk]).toEqual([2, expect.stringMatching(message)]);
  });
});
