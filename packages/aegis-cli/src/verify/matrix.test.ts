import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { type FindingCell, type Report, verify } from "aegis/verify";
import { afterAll, describe, expect, it } from "vitest";
import { withAccounts } from "./accounts.ts";
import { matrixReport } from "./matrix.ts";

const folder = mkdtempSync(join(tmpdir(), "aegis-accounts-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const cell = (method: string, path: string, outcome: FindingCell["outcome"], observed = ""): FindingCell => ({
  method,
  path,
  outcome,
  observed,
});

async function reportWith(...matrices: readonly (readonly FindingCell[])[]): Promise<Report> {
  const policy = definePolicy({ environment: "test" });
  const report = await verify({
    origin: "http://127.0.0.1:1",
    policy,
    only: ({ room }) => room === "tenancy",
  });
  const findings = report.findings.map((finding, at) => {
    const matrix = matrices[at];
    return matrix === undefined ? finding : { ...finding, matrix };
  });
  return { ...report, findings };
}

describe("the matrix", () => {
  it("shows routes by methods, at each the worst that any control has found, and why", async () => {
    const report = await reportWith(
      [cell("GET", "/api/b/:id", "pass"), cell("GET", "/api/a", "not-applicable")],
      [
        cell("GET", "/api/b/:id", "fail", "B is shown text"),
        cell("DELETE", "/api/b/:id", "unknown", "A has nothing there"),
      ],
    );
    const lines = matrixReport(report).split("\n");
    expect(lines.slice(0, 3).map((line) => line.trim().split(/\s+/))).toEqual([
      ["ROUTE", "GET", "DELETE"],
      ["/api/a", "-"],
      ["/api/b/:id", "FAIL", "?"],
    ]);
    expect(lines).toEqual(expect.arrayContaining(["     B is shown text", "     A has nothing there"]));
    expect(lines.at(-2)).toBe("1 leak, 0 hold, 1 not seen, 1 with nothing to see");
  });

  it("says so where no control has looked at routes", async () => {
    expect(matrixReport(await reportWith())).toMatch(/No control has looked/);
  });
});

describe("the two accounts", () => {
  it("are read from files, and stand beside what the target file says", () => {
    const [one, two] = [file("one", "ada\nsecret one\n"), file("two", "eve\r\nsecret two")];
    const makes = [{ path: "/api/x", body: { title: "{marker}" } }];
    expect(withAccounts({ isolation: { makes } }, { account: one, otherAccount: two })).toEqual({
      isolation: {
        makes,
        account: { username: "ada", password: "secret one" },
        otherAccount: { username: "eve", password: "secret two" },
      },
    });
    expect(withAccounts(undefined, {})).toBeUndefined();
  });

  it("refuses one alone, a file that is not there, and one that holds something else", () => {
    const good = file("good", "ada\nsecret");
    expect(() => withAccounts({}, { account: good })).toThrow(/One account alone/);
    expect(() => withAccounts({}, { account: good, otherAccount: join(folder, "none") })).toThrow(
      /cannot be read/,
    );
    for (const text of ["ada", "ada\n", "ada\nsecret\nmore", ""])
      expect(() => withAccounts({}, { account: good, otherAccount: file("bad", text) })).toThrow(
        /holds no account/,
      );
  });
});
