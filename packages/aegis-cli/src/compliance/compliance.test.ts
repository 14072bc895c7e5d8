/** `aegis compliance` as people call it: the commands of docs/compliance.md, on a run of the hub. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cheapHash, startHub } from "../../../../test/support/hub.ts";
import { aegisIn, repository } from "../../../../test/support/processes.ts";

let folder: string;
let hub: Awaited<ReturnType<typeof startHub>>;
const file = (name: string): string => join(folder, name);
const aegis = aegisIn(() => folder);

/** The words of a line of the guide, as a shell would give them. */
function guide(): readonly (readonly string[])[] {
  const text = readFileSync(join(repository, "docs/compliance.md"), "utf8");
  return (/```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("npx aegis "))
    .map((line) =>
      [
        ...line
          .replace(/ +#.*$/, "")
          .slice("npx aegis ".length)
          .matchAll(/"([^"]*)"|(\S+)/g),
      ].map(([, quoted, bare]) => quoted ?? bare ?? ""),
    );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-compliance-"));
  hub = await startHub(definePolicy({ environment: "development", password: { argon2: cheapHash } }));
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("aegis compliance", () => {
  it("does what its guide says, command by command", async () => {
    const outcomes: [string, number | null, string][] = [];
    for (const words of guide()) {
      const args = words.map((word) => (word === "https://hub.example" ? hub.origin : word));
      // What is slow, and needs a description of the target, is tried elsewhere.
      const more = args[0] === "verify" ? ["--only", "headers", "--fast"] : [];
      const { status, text } = await aegis(...args, ...more);
      outcomes.push([words.slice(0, 3).join(" "), status, text]);
    }
    const [verified, shown, unmet, listed, ring, attested, waived, whole] = outcomes;
    expect(outcomes.length).toBe(8);
    expect(verified?.[1]).toBeLessThan(2);
    expect(shown?.[2]).toMatch(
      /OWASP Application Security Verification Standard 5\.0\.0[\s\S]*tested +3\.4\.4 L2/,
    );
    expect(shown?.[2]).toMatch(/headers\.nosniff \/findings\/\d+\/evidence\/\d+/);
    expect(shown?.[2]).toMatch(/not-attested +2\.1\.1 L1/);
    expect(unmet?.[2]).toMatch(/^PCI DSS 4\.0\.1/);
    expect(listed?.[2]).toMatch(/asvs +OWASP.* 345 /);
    expect(ring?.[1]).toBe(0);
    expect(attested).toEqual([
      "compliance attest signed.json",
      0,
      expect.stringMatching(/attested: asvs 2\.1\.1, until/),
    ]);
    expect(waived).toEqual([
      "compliance waive signed.json",
      0,
      expect.stringMatching(/waived: asvs 4\.1\.4, until .*; 2 statements/),
    ]);
    expect(whole?.[2]).toMatch(/\| 2\\?\.1\\?\.1 \|[^\n]*\| attested \| NAME, until/);
    expect(whole?.[2]).toMatch(/\| 4\\?\.1\\?\.4 \|[^\n]*\| waived \| ANOTHER NAME, until/);
    expect(statSync(file("signed.json")).mode & 0o777).toBe(0o600);
  }, 120_000);

  const counts = async (...args: readonly string[]) => {
    const { text } = await aegis("compliance", "--from", "run.json", "--format", "json", ...args);
    return JSON.parse(text.slice(text.indexOf("{")));
  };

  it("counts nobody's word without their key, or after it was changed, and says so", async () => {
    const signed = ["--attestations", "signed.json"] as const;
    expect((await counts(...signed, "--key", "ring.json")).counts).toMatchObject({ attested: 1, waived: 1 });
    const nobody = await counts(...signed);
    expect(nobody.counts).toMatchObject({ attested: 0, waived: 0 });
    expect(nobody.refused.map((one: { objection: string }) => one.objection)).toEqual(
      Array.from({ length: 2 }, () => "signed by a key that was not given"),
    );
    const text = readFileSync(file("signed.json"), "utf8");
    writeFileSync(file("changed.json"), text.replace("NAME", "Eve Byron"));
    const changed = await counts("--attestations", "changed.json", "--key", "ring.json");
    expect([changed.counts.attested, changed.refused[0].objection]).toEqual([0, "not what was signed"]);
    writeFileSync(file("forged.json"), text.replace("NAME", "\\u001b]0;x\\u0007Ada\\u202e"));
    const forged = ["--attestations", "forged.json", "--key", "ring.json"];
    const { text: shown } = await aegis("compliance", "--from", "run.json", ...forged);
    expect(shown).toMatch(/2\.1\.1 +\S+0;x\S+Ada\S+ +not what was signed/);
    expect(shown).not.toMatch(/\u001b|\u0007|\u202e/);
  }, 60_000);

  it("ends with 1 where a requirement is not met, and leaves the word to nobody", async () => {
    const found = JSON.parse(readFileSync(file("run.json"), "utf8"));
    const findings = found.findings.map((one: { id: string }) =>
      one.id === "headers.nosniff" ? { ...one, outcome: "fail", observed: "no header\u001b[31m" } : one,
    );
    writeFileSync(file("failed.json"), JSON.stringify({ ...found, findings }));
    const { status, text } = await aegis("compliance", "--from", "failed.json", "--only", "not-met");
    expect(status).toBe(1);
    expect(text).toMatch(/not-met +3\.4\.4 L2[^\n]*\n +headers\.nosniff: no header·\[31m/);
    expect(text).not.toMatch(/tested +3\.4\.8/);
    await aegis(..."compliance attest word.json 3.4.4 --by Eve --statement fine --key ring.json".split(" "));
    const word =
      "compliance --from failed.json --attestations word.json --key ring.json --only not-met".split(" ");
    expect((await aegis(...word)).text).toMatch(/not-met +3\.4\.4/);
  }, 60_000);

  it.each([
    ["compliance", /It is not said which run/],
    ["compliance --from nowhere.json", /There is no file nowhere\.json/],
    ["compliance --from ring.json", /ring\.json: It is no saved run\.[\s\S]*hint: Save one/],
    ["compliance --from run.json --framework iso", /'iso' is invalid/],
    ["compliance --from run.json --attestations run.json", /no statements in it/],
    ["compliance attest signed.json 2.1.99 --by A --statement b --key ring.json", /no requirement 2\.1\.99/],
    ["compliance attest signed.json 2.1.1 --by A --statement b --days 367 --key ring.json", /1 to 366 days/],
    ["compliance attest signed.json 2.1.1 --by A --statement b", /not said what the record is signed with/],
    ["compliance attest run.json 2.1.1 --by A --statement b --key ring.json", /no statements in it/],
  ])("refuses: aegis %s", async (command, message) => {
    const before = readFileSync(file("run.json"), "utf8");
    const { status, text } = await aegis(...command.split(" "));
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
    expect(readFileSync(file("run.json"), "utf8")).toBe(before);
  });

  it("lets nobody write while somebody else does", async () => {
    writeFileSync(file("signed.json.new"), "");
    const { status, text } = await aegis(
      ..."compliance attest signed.json 2.1.2 --by A --statement b --key ring.json".split(" "),
    );
    rmSync(file("signed.json.new"));
    expect([status, text]).toEqual([2, expect.stringMatching(/somebody is writing/)]);
  });
});
