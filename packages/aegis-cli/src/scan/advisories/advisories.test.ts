/** Installed packages against advisories: from a registry, from a file, and where nobody answers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AdvisoryStandIn, startAdvisoryStandIn } from "../../../../../test/support/advisory-stand-in.ts";
import { repository, run } from "../../../../../test/support/processes.ts";

/** Each test starts the command. */
vi.setConfig({ testTimeout: 120_000 });

let home: string;
let registry: AdvisoryStandIn;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "aegis-advisories-"));
  registry = await startAdvisoryStandIn({});
});
afterEach(async () => {
  rmSync(home, { recursive: true });
  await registry.close();
});

const LOCK = {
  lockfileVersion: 3,
  packages: {
    "": { name: "app" },
    "node_modules/left": { version: "1.2.3" },
    "node_modules/@scope/right": { version: "2.0.0-rc.1", dev: true },
    "node_modules/left/node_modules/inner": { version: "0.9.0" },
    "node_modules/alias": { name: "real", version: "4.0.0" },
    "node_modules/local": { link: true, resolved: "packages/local" },
    "packages/local": { version: "9.9.9" },
  },
};
const NPM = {
  left: [
    {
      id: 1,
      url: "https://advisories.example/GHSA-aaaa-bbbb-cccc",
      title: "Left falls\nover",
      severity: "critical",
      vulnerable_versions: "<1.2.4",
    },
    { id: 2, url: "", title: "Not this one", severity: "low", vulnerable_versions: ">=2" },
  ],
  real: [{ id: 3, url: "", title: "Real leaks", severity: "moderate", vulnerable_versions: "4.x" }],
};
const osv = (id: string, name: string, events: readonly object[], more: object = {}): object => ({
  id,
  summary: `What is wrong with ${name}`,
  database_specific: { severity: "HIGH" },
  affected: [{ package: { ecosystem: "npm", name }, ranges: [{ type: "SEMVER", events }] }],
  ...more,
});

async function scan(...args: readonly string[]) {
  const child = run(
    process.execPath,
    [
      join(repository, "packages/aegis-cli/bin/aegis.mjs"),
      "scan",
      ".",
      "--no-git",
      "--format",
      "json",
      ...args,
    ],
    { NO_COLOR: "1", npm_config_registry: registry.address },
    home,
  );
  let out = "";
  child.child.stdout?.on("data", (piece: Buffer) => (out += piece.toString()));
  const status = await child.ended();
  return { status, ...JSON.parse(out) };
}
const lock = (data: unknown = LOCK): void =>
  writeFileSync(join(home, "package-lock.json"), JSON.stringify(data, undefined, 2));
const observed = ({ findings }: { findings: readonly { observed: string }[] }): readonly string[] =>
  findings.map((one) => one.observed);

describe("the registry", () => {
  it("is told names and versions of what is installed, under its own path, and nothing else", async () => {
    lock();
    expect(await scan()).toMatchObject({ status: 0, packages: 4 });
    expect(registry.asked).toEqual([
      {
        path: "POST /npm/-/npm/v1/security/advisories/bulk",
        body: { left: ["1.2.3"], "@scope/right": ["2.0.0-rc.1"], inner: ["0.9.0"], real: ["4.0.0"] },
      },
    ]);
  });

  it("has its advisories held against the versions, with the line of the lock file", async () => {
    lock();
    registry.answer = NPM;
    const result = await scan();
    expect(result.status).toBe(1);
    expect(observed(result)).toEqual([
      "left 1.2.3: Left falls over (GHSA-aaaa-bbbb-cccc)",
      "real 4.0.0: Real leaks (npm:3)",
    ]);
    expect(result.findings).toMatchObject([
      { rule: "advisory", severity: "high", file: "package-lock.json", line: 7 },
      { severity: "medium" },
    ]);
  });

  it.each([
    ["refuses", (): void => void (registry.status = 404), /answers 404/],
    ["sends elsewhere", (): void => void (registry.status = 302), /cannot be reached/],
    ["talks nonsense", (): void => void (registry.answer = "<html>"), /no JSON/],
    ["answers in another form", (): void => void (registry.answer = { left: "none" }), /no list/],
    ["names no versions", (): void => void (registry.answer = { left: [{ id: 1 }] }), /no versions/],
  ])("that %s leaves the check unmade: 2, and never 'none found'", async (_what, change, why) => {
    lock();
    change();
    expect(await scan()).toMatchObject({
      ok: false,
      status: 2,
      packages: 0,
      unchecked: [{ what: "advisories", why: expect.stringMatching(why) }],
    });
  });
});

describe("a file of advisories", () => {
  const file = (data: unknown): void => writeFileSync(join(home, "osv.json"), JSON.stringify(data));

  it("in the form of OSV covers from introduced to fixed, to the last affected, by list, and for ever", async () => {
    lock();
    file([
      osv("A-fixed", "left", [
        { introduced: "1.0.0" },
        { fixed: "1.2.3" },
        { introduced: "1.2.3" },
        { fixed: "1.3.0" },
      ]),
      osv("B-mended", "left", [{ introduced: "0" }, { fixed: "1.2.3" }]),
      osv("C-last", "inner", [{ introduced: "0" }, { last_affected: "0.9.0" }]),
      osv("D-before", "inner", [{ introduced: "0" }, { last_affected: "0.8.9" }]),
      osv("E-ever", "@scope/right", [{ introduced: "0" }]),
      osv("F-withdrawn", "left", [{ introduced: "0" }], { withdrawn: "2026-01-01T00:00:00Z" }),
      { id: "G-list", affected: [{ package: { ecosystem: "npm", name: "real" }, versions: ["4.0.0"] }] },
      { id: "H-python", affected: [{ package: { ecosystem: "PyPI", name: "left" }, versions: ["1.2.3"] }] },
    ]);
    const result = await scan("--advisories", "osv.json");
    expect(observed(result).map((text) => /\(([A-H]-\w+)\)/.exec(text)?.[1])).toEqual([
      "A-fixed",
      "E-ever",
      "C-last",
      "G-list",
    ]);
    expect(observed(result)[0]).toContain("mended in 1.3.0");
    expect(observed(result)[1]).toContain("(for development)");
    expect(registry.asked).toEqual([]);
  });

  it("is taken as an answer of OSV, as one record and as an answer of npm too", async () => {
    lock();
    for (const data of [
      { vulns: [osv("X-1", "left", [{ introduced: "0" }])] },
      osv("X-1", "left", [{ introduced: "0" }]),
      { left: [NPM.left[0]] },
    ]) {
      file(data);
      expect(await scan("--advisories", "osv.json")).toMatchObject({
        status: 1,
        findings: [{ rule: "advisory" }],
      });
    }
  });

  it.each([
    ["missing.json", undefined],
    ["osv.json", [{ id: "A" }]],
    ["osv.json", "text"],
  ])("that says nothing (%s) leaves the check unmade", async (name, data) => {
    lock();
    if (data !== undefined) file(data);
    expect(await scan("--advisories", name)).toMatchObject({
      status: 2,
      unchecked: [{ what: "advisories" }],
    });
  });
});

describe("what is installed", () => {
  it.each([
    ["pnpm-lock.yaml", "lockfileVersion: 9", /pnpm-lock\.yaml is not read/],
    ["yarn.lock", "# yarn", /yarn\.lock is not read/],
    ["package.json", "{}", /no lock file/],
    ["package-lock.json", '{"lockfileVersion":1,"dependencies":{}}', /has version 1/],
    ["package-lock.json", "{", /cannot be read/],
  ])("by %s is not known, and that is said", async (name, text, why) => {
    writeFileSync(join(home, name), text);
    expect(await scan()).toMatchObject({ status: 2, unchecked: [{ why: expect.stringMatching(why) }] });
    expect(registry.asked).toEqual([]);
  });

  it("is nothing where there is no package, and needs no registry", async () => {
    expect(await scan()).toMatchObject({ status: 0, packages: 0 });
    expect(registry.asked).toEqual([]);
  });
});
