/** `aegis report` and `aegis compare` as people call them; the guide, followed to the letter. */
import { createServer } from "node:http";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aegisIn, repository, run } from "../../../../test/support/processes.ts";
import { runData, type SampleFinding } from "../../../../test/support/run-file.ts";

/** Every command is a process. */
const LONG = { timeout: 120_000 };
let folder: string;
const at = (name: string): string => join(folder, name);
const aegis = aegisIn(() => folder);
const one = (outcome: SampleFinding["outcome"], more: Partial<SampleFinding> = {}): SampleFinding => ({
  id: "session.cookie",
  room: "session",
  outcome,
  ...more,
});
const save = (name: string, finding: SampleFinding, more = {}): void =>
  writeFileSync(at(name), JSON.stringify(runData([finding], more)));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-reports-"));
  save("good.json", one("pass"));
  save("bad.json", one("fail"));
  save("away.json", one("unknown"), { reachable: false });
  writeFileSync(at("none.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the guide to reports", () => {
  it("works as it stands, command by command", { timeout: 240_000 }, async () => {
    const guide = readFileSync(join(repository, "docs/reports.md"), "utf8");
    const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
    expect(commands).toHaveLength(5);
    const server = createServer((_request, response) => response.end("hello"));
    const origin = await new Promise<string>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
      });
    });
    // `npx aegis` as it is where Aegis is installed; a run of one room is a run, and takes no minute.
    mkdirSync(at("bin"));
    writeFileSync(
      at("bin/npx"),
      `#!/bin/sh\nshift\n[ "$1" = verify ] && set -- "$@" --only csrf\nexec "${process.execPath}" "${join(repository, "packages/aegis-cli/bin/aegis.mjs")}" "$@"\n`,
    );
    chmodSync(at("bin/npx"), 0o755);
    for (const block of commands) {
      const child = run(
        "sh",
        ["-ec", block.replaceAll("https://hub.example", origin)],
        { PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
        folder,
      );
      expect([await child.ended(), child.output()]).toEqual([0, expect.any(String)]);
      if (block.includes("report verify"))
        expect(child.output()).toMatch(/\d+ files, as they were signed: the run of http:/);
      if (block.includes("--framework"))
        expect(child.output()).toMatch(/asvs 5\.0\.0: of the run in it; 1 row rests on a signed statement/);
    }
    server.close();
    expect(readFileSync(at("audit.html"), "utf8")).toMatch(/345 requirements: [\s\S]*PCI DSS 4\.0\.1/);
    const [{ findings }] = JSON.parse(readFileSync(at("audit.oscal.json"), "utf8"))["assessment-results"]
      .results;
    expect(JSON.stringify(findings)).toContain('"target-id":"asvs_2.1.1","status":{"state":"satisfied"');
    expect(readFileSync(at("report.html"), "utf8")).toContain(origin);
    expect(JSON.parse(readFileSync(at("report.sarif"), "utf8"))).toMatchObject({ version: "2.1.0" });
    expect(readFileSync(at("report.pdf")).subarray(0, 5).toString()).toBe("%PDF-");
  });
});

describe("aegis compare", () => {
  it(
    "ends with 0 where nothing is worse, with 1 where something is, with 2 where nobody can say",
    LONG,
    async () => {
      const better = await aegis("compare", "bad.json", "good.json");
      expect([better.status, better.text]).toEqual([
        0,
        expect.stringMatching(/session +0 +100 +\+100\n {4}\+ session/),
      ]);
      const worse = await aegis("compare", "good.json", "bad.json");
      expect([worse.status, worse.text]).toEqual([
        1,
        expect.stringMatching(/- session\.cookie: pass → FAIL/),
      ]);
      const away = await aegis("compare", "good.json", "away.json");
      expect([away.status, away.text]).toEqual([
        2,
        expect.stringMatching(/error: In the run after the target/),
      ]);
    },
  );

  it("prints nothing but JSON when asked to", async () => {
    const { status, text } = await aegis("compare", "bad.json", "good.json", "--json");
    expect([status, JSON.parse(text)]).toMatchObject([0, { format: "aegis-comparison/1", delta: 100 }]);
  });
});

describe("aegis report", () => {
  it.each([
    [["report"], /not said what to report[\s\S]*hint: Give a saved run/],
    [["report", "--from", "missing.json"], /There is no file missing\.json/],
    [["report", "--from", "."], /\. is no file/],
    [
      ["report", "--from", "none.json"],
      /none\.json: It is no saved run\.[\s\S]*hint: Save one: aegis verify/,
    ],
    [["report", "--from", "good.json", "--format", "docx"], /Allowed choices are html/],
    [["report", "--from", "good.json", "--format", "pdf"], /A PDF is nothing for a terminal/],
    [["report", "--from", "good.json", "--out", "."], /\. cannot be written/],
    [["report", "--from", "good.json", "--framework", "iso"], /Known: asvs, .*, all/],
    [
      ["report", "--from", "good.json", "--attestations", "none.json"],
      /--attestations belongs to a framework/,
    ],
    [
      ["report", "--from", "good.json", "--framework", "asvs", "--attestations", "none.json"],
      /There are no statements in it/,
    ],
    [["report", "--from", "away.json", "--framework", "asvs"], /could not be reached in this run/],
    [["report", "bundle", "--from", "good.json"], /required option '--out/],
    [
      ["report", "bundle", "--from", "good.json", "--out", "e.tar"],
      /not said what the record is signed with/,
    ],
    [["report", "verify", "missing.tar"], /There is no file missing\.tar/],
    [["compare", "good.json"], /missing required argument/],
  ])("%j ends with 2 and says why", async (args, message) => {
    const { status, text } = await aegis(...args);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
  });

  it("prints Markdown where nothing else is said, with no word beside it", async () => {
    const { status, text } = await aegis("report", "--from", "good.json");
    expect([status, text]).toEqual([0, expect.stringMatching(/^# Security report: The hub\n/)]);
  });
});

describe("aegis report with frameworks", () => {
  it("shows each that was asked for, once, and all where all are asked for", LONG, async () => {
    const args = ["report", "--from", "good.json", "--format", "json"] as const;
    const ids = async (...more: readonly string[]): Promise<readonly string[]> =>
      JSON.parse((await aegis(...args, ...more)).text).assessments.map(
        (shown: { framework: { id: string } }) => shown.framework.id,
      );
    expect(await ids()).toEqual([]);
    expect(await ids("--framework", "gdpr", "--framework", "asvs", "--framework", "gdpr")).toEqual([
      "gdpr",
      "asvs",
    ]);
    expect(await ids("--framework", "all")).toHaveLength(8);
  });

  it("counts words whose key was given, in a report and in a bundle, and verifies both", LONG, async () => {
    await aegis("keys", "ring", "--algorithm", "EdDSA", "--out", "people.json");
    await aegis("keys", "ring", "--algorithm", "EdDSA", "--out", "bundles.json");
    const shown = await aegis("policy", "show", "--preset", "saas");
    const [, fingerprint] = /^policy ([0-9a-f]{16})/.exec(shown.text) ?? [];
    save("framed.json", one("pass"), { fingerprint });
    await aegis(
      ..."compliance attest words.json 2.1.1 --by Ada --statement fine --key people.json".split(" "),
    );
    const framed = "--from framed.json --framework asvs --attestations words.json".split(" ");
    const attested = async (...more: readonly string[]): Promise<number> =>
      JSON.parse((await aegis("report", ...framed, "--format", "json", ...more)).text).assessments[0].counts
        .attested;
    expect([await attested("--key", "people.json"), await attested()]).toEqual([1, 0]);
    const made = await aegis(
      "report",
      "bundle",
      ...framed,
      ..."--out f.tar --key bundles.json --attestation-key people.json --preset saas".split(" "),
    );
    expect([made.status, made.text]).toEqual([0, expect.stringMatching(/^wrote f\.tar/)]);
    const whole = await aegis(..."report verify f.tar --key bundles.json --key people.json".split(" "));
    expect([whole.status, whole.text]).toEqual([
      0,
      expect.stringMatching(/asvs 5\.0\.0: of the run in it; 1 row rests on a signed statement in it\n$/),
    ]);
    const half = await aegis(..."report verify f.tar --key bundles.json".split(" "));
    expect([half.status, half.text]).toEqual([
      2,
      expect.stringMatching(/^foreign [\s\S]*not proven[\s\S]*hint: Give the key/),
    ]);
  });
});

describe("aegis report bundle and verify", () => {
  it("refuse another policy, find one changed byte, and cannot say without the key", LONG, async () => {
    const ring = await aegis("keys", "ring", "--algorithm", "EdDSA", "--out", "keys.json");
    expect(ring.status).toBe(0);
    const other = await aegis(
      "report",
      "bundle",
      "--from",
      "good.json",
      "--out",
      "e.tar",
      "--key",
      "keys.json",
    );
    expect([other.status, other.text]).toEqual([
      2,
      expect.stringMatching(/error: The run was held against the policy/),
    ]);

    const shown = await aegis("policy", "show", "--preset", "saas");
    const [, fingerprint] = /^policy ([0-9a-f]{16})/.exec(shown.text) ?? [];
    save("own.json", one("fail"), { fingerprint });
    const made = await aegis(
      ..."report bundle --from own.json --out e.tar --key keys.json --preset saas".split(" "),
    );
    expect([made.status, made.text]).toEqual([
      0,
      expect.stringMatching(/^wrote e\.tar, signed by [\w-]{43}\n$/),
    ]);
    const whole = await aegis("report", "verify", "e.tar", "--key", "keys.json", "--json");
    expect([whole.status, JSON.parse(whole.text)]).toMatchObject([0, { ok: true, policy: fingerprint }]);

    const bytes = readFileSync(at("e.tar"));
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    writeFileSync(at("touched.tar"), bytes);
    const touched = await aegis("report", "verify", "touched.tar", "--key", "keys.json");
    expect([touched.status, touched.text]).toEqual([1, expect.stringMatching(/^damaged .*\nnot proven\n$/)]);

    const blind = await aegis("report", "verify", "e.tar");
    expect([blind.status, blind.text]).toEqual([
      2,
      expect.stringMatching(/^foreign [\s\S]*hint: Give the key/),
    ]);
  });
});
