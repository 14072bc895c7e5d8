/** `aegis checklist` as people call it: from the start of a record to a signature that holds. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultList, stepsOf } from "aegis/checklist";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aegisIn, repository, run } from "../../../../test/support/processes.ts";

let folder: string;
const file = (name: string): string => join(folder, name);
const aegis = aegisIn(() => folder);
const checklist = (command: string, ...args: readonly string[]) =>
  aegis("checklist", command, "record.json", ...args, "--key", "ring.json");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-checklist-"));
  for (const name of ["ring.json", "other.json"]) {
    const ring = run(process.execPath, [
      join(repository, "packages/aegis-cli/bin/aegis.mjs"),
      ..."keys ring --algorithm EdDSA".split(" "),
    ]);
    await ring.ended();
    writeFileSync(file(name), ring.output().slice(0, ring.output().lastIndexOf("}") + 1), { mode: 0o600 });
  }
  const finding = (id: string) => ({ id, outcome: "pass", observed: "seen", claim: "It holds." });
  const looks = stepsOf(defaultList).flatMap((step) => step.looks ?? []);
  for (const from of ["preflight", "verify"])
    writeFileSync(
      file(`${from}.json`),
      JSON.stringify({
        reachable: true,
        findings: looks
          .filter((look) => look.startsWith(`${from}:`))
          .map((look) => finding(look.slice(from.length + 1).replace("*", "all"))),
      }),
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("aegis checklist", () => {
  it("goes from the start to a record that is complete, and holds offline", async () => {
    const begun = await checklist("start", "--application", "The hub", "--live", "https://hub.example");
    expect([begun.status, begun.text]).toEqual([
      0,
      expect.stringMatching(/unknown +configuration[\s\S]*entry 1 /),
    ]);
    expect(statSync(file("record.json")).mode & 0o777).toBe(0o600);
    expect((await checklist("start", "--application", "Again")).text).toMatch(
      /There is a file record\.json already/,
    );

    const findings = ["--preflight", "preflight.json", "--verify", "verify.json"] as const;
    expect((await checklist("run", findings[0], findings[1])).status).toBe(2);
    expect((await checklist("run", ...findings)).status).toBe(0);
    expect((await checklist("approve", "--by", "Bo", "--role", "security", "--yes")).text).toMatch(
      /error: Not done yet: release, monitoring/,
    );
    for (const step of ["release", "monitoring"])
      expect((await checklist("mark", step, "--by", "Ada Byron", "--note", "release 42")).status).toBe(0);
    expect((await checklist("approve", "--by", "Bo", "--role", "security", "--yes")).status).toBe(0);
    expect((await checklist("approve", "--by", "Bo", "--role", "owner", "--yes")).text).toMatch(
      /Known: operations, security/,
    );
    expect((await checklist("approve", "--by", "Bo", "--role", "security")).text).toMatch(
      /Say --yes or --no/,
    );
    const last = await checklist("approve", "--by", "Cy", "--role", "operations", "--yes");
    expect(last.text).toMatch(/\ncomplete; entry \d+ [\w-]{43}/);

    const whole = await checklist("verify");
    expect([whole.status, whole.text]).toEqual([0, expect.stringMatching(/whole, signed by/)]);
    const [, hash = ""] = /entry \d+ ([\w-]{43})/.exec(last.text) ?? [];
    expect((await checklist("verify", "--holds", hash)).status).toBe(0);
    expect(
      (
        await checklist(
          "verify",
          "--holds",
          hash.replace(/^./, (sign) => (sign === "A" ? "B" : "A")),
        )
      ).text,
    ).toMatch(/older/);
    expect((await aegis("checklist", "verify", "record.json")).status).toBe(2);
    const foreign = await aegis("checklist", "verify", "record.json", "--key", "other.json");
    expect([foreign.status, foreign.text]).toEqual([2, expect.stringMatching(/key-unknown/)]);
  }, 120_000);

  it("exports for people and for programs", async () => {
    const markdown = await checklist("export");
    expect(markdown.text).toMatch(/\*\*Complete\.\*\*[\s\S]*\| done \| Ada Byron, [\s\S]*\| release 42 \|/);
    expect(markdown.text).toMatch(/Signed by [\w\\-]{43,}/);
    const html = await checklist("export", "--format", "html");
    expect(html.text).toMatch(/^<!doctype html>[\s\S]*Ada Byron[\s\S]*<\/html>\n$/);
    const json = JSON.parse((await checklist("export", "--format", "json")).text);
    expect([json.isComplete, json.approvals.map(({ last }: { last: { by: string } }) => last.by)]).toEqual([
      true,
      ["Cy", "Bo"],
    ]);
    expect((await aegis("checklist", "export", "record.json")).text).toMatch(
      /Nobody has looked whether the signature/,
    );
  }, 60_000);

  it("adds nothing to a record that was touched, and shows none of it", async () => {
    const text = readFileSync(file("record.json"), "utf8");
    writeFileSync(file("record.json"), text.replaceAll("Ada Byron", "Eve Byron"));
    try {
      const { status, text: said } = await checklist("verify");
      expect([status, said]).toEqual([1, expect.stringMatching(/edited[\s\S]*not proven/)]);
      const added = await checklist("mark", "release", "--by", "Eve");
      expect([added.status, added.text]).toEqual([
        2,
        expect.stringMatching(/is not what was signed[\s\S]*Nothing was added/),
      ]);
      expect((await checklist("export")).text).toMatch(/is not what was signed/);
    } finally {
      writeFileSync(file("record.json"), text);
    }
    expect((await checklist("verify")).status).toBe(0);
  }, 60_000);

  it("lets nobody write who has another key, and one at a time", async () => {
    const other = await aegis(
      "checklist",
      "mark",
      "record.json",
      "release",
      "--by",
      "Eve",
      "--key",
      "other.json",
    );
    expect([other.status, other.text]).toEqual([2, expect.stringMatching(/a key that was not given/)]);
    writeFileSync(file("record.json.new"), "");
    expect((await checklist("mark", "release", "--by", "Ada")).text).toMatch(
      /somebody is writing to this record/,
    );
    rmSync(file("record.json.new"));
    expect((await aegis("checklist", "mark", "record.json", "release", "--by", "A")).text).toMatch(
      /not said what the record is signed with/,
    );
  }, 60_000);
});
