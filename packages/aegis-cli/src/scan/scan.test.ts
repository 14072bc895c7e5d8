/** `aegis scan` as people call it. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";
import { sarifProblems } from "../../../../test/support/report-schemas.ts";
import { scan as search } from "./engine.ts";

/** Each test starts the command several times. */
vi.setConfig({ testTimeout: 120_000 });

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aegis-scan-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function put(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
}

async function scan(...args: readonly string[]) {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "scan", ...args],
    { NO_COLOR: "1" },
    home,
  );
  let out = "";
  child.child.stdout?.on("data", (piece: Buffer) => (out += piece.toString()));
  const status = await child.ended();
  return { status, text: child.output(), out };
}

const json = async (...args: readonly string[]) => {
  const { out, status } = await scan(".", "--no-advisories", "--format", "json", ...args);
  return { status, ...JSON.parse(out) };
};

const BAD = "export const find = (name) => db.query(`SELECT * FROM users WHERE name = '${name}'`);\n";
const ahead = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe("aegis scan", () => {
  it("tells of a place with rule, claim, symptom, cause and fix, and ends with 1", async () => {
    put({ "src/a.ts": BAD });
    const { status, text } = await scan(".", "--no-advisories");
    expect(status).toBe(1);
    expect(text).toMatch(/HIGH sql-injection {2}SQL is written down whole.* CWE-89, ASVS v5\.0\.0-1\.2\.4/);
    expect(text).toMatch(/src\/a\.ts:1 +name is put into SQL/);
    for (const word of ["symptom", "cause", "fix"]) expect(text).toMatch(new RegExp(`^ {2}${word} `, "m"));
    expect(text).toMatch(/1 open, 0 suppressed, 0 accepted; 1 file /);
  });

  it("ends with 0 and prints nothing where nothing is open", async () => {
    put({ "a.js": "export const find = (name) => db.query('SELECT 1 WHERE $1', [name]);\n" });
    expect(await scan(".", "--no-advisories")).toMatchObject({ status: 0, out: "" });
  });

  it("follows a value through files to where it does harm", async () => {
    put({
      "routes.ts": 'import { find } from "./repo.js";\napp.get("/x", (req) => find(req.query.name));\n',
      "repo.ts": "export const find = (name: string) => pool.query(`select * from t where n = '${name}'`);\n",
    });
    expect((await json()).findings).toMatchObject([
      { file: "repo.ts", rule: "sql-injection", observed: expect.stringContaining("comes from the request") },
    ]);
  });

  it("never prints a secret that it finds, nor keeps it in a baseline", async () => {
    const secret = ["Tr0ub4dor", "8xKq2Lm9", "Zw4vPn6T"].join("-");
    put({ "a.js": `const API_TOKEN = "${secret}";\n` });
    for (const format of ["text", "json", "sarif"])
      expect((await scan(".", "--no-advisories", "--format", format)).text).not.toContain(
        secret.slice(0, 10),
      );
    await scan(".", "--no-advisories", "--baseline", "b.json", "--write-baseline");
    expect(readFileSync(join(home, "b.json"), "utf8")).not.toContain(secret.slice(0, 10));
    expect((await json()).findings).toMatchObject([{ rule: "hard-coded-secret" }]);
  });

  it("writes SARIF that its schema accepts, with suppressions and what could not be read", async () => {
    put({
      "a b.ts": `// aegis-ignore sql-injection until ${ahead(30)}: the name is one of three\n${BAD}`,
      "b.ts": BAD,
      "c.ts": "const = ;",
      "d.ts": BAD.replace("${name}", "${name[0](1)}"),
    });
    const { out } = await scan(".", "--no-advisories", "--format", "sarif");
    const log = JSON.parse(out);
    expect(sarifProblems(out)).toEqual([]);
    expect(sarifProblems(JSON.stringify({ ...log, runs: [{ results: [] }] }))).not.toEqual([]);
    const [first, second, third] = log.runs[0].results;
    // Nothing of a source is a link or a placeholder in a message (SARIF 3.11.5, 3.11.6).
    expect(third.message.text).toBe(String.raw`name\[0\](1) is put into SQL`);
    expect(first).toMatchObject({
      suppressions: [{ kind: "inSource", justification: "the name is one of three" }],
      locations: [{ physicalLocation: { artifactLocation: { uri: "a%20b.ts" }, region: { startLine: 2 } } }],
    });
    expect(second.suppressions).toBeUndefined();
    expect(log.runs[0].tool.driver.rules[second.ruleIndex].id).toBe("sql-injection");
    expect(log.runs[0].invocations[0]).toMatchObject({ executionSuccessful: false });
  });

  it("keeps what a baseline accepts when lines move, and tells of what is new", async () => {
    put({ "a.ts": BAD });
    const written = await scan(".", "--no-advisories", "--baseline", "b.json", "--write-baseline");
    expect([written.status, written.text]).toEqual([0, "accepted in b.json: 1 finding\n"]);
    put({ "a.ts": `// one\n\n// two\n${BAD.replace("(name) =>", "(name)   =>")}` });
    expect(await json("--baseline", "b.json")).toMatchObject({
      status: 0,
      findings: [{ state: "accepted", line: 4 }],
    });
    put({ "a.ts": `${BAD}${BAD.replace("find", "again")}` });
    expect(await json("--baseline", "b.json")).toMatchObject({
      status: 1,
      findings: [{ state: "accepted" }, { state: "open" }],
    });
    put({ "a.ts": "" });
    expect((await scan(".", "--no-advisories", "--baseline", "b.json")).text).toContain(
      "gone since the baseline: 1 finding;",
    );
  });

  it.each([
    [["--write-baseline"], /needs to know where to[\s\S]*hint: Add --baseline FILE/],
    [["--baseline", "missing.json"], /missing\.json cannot be read as a baseline/],
    [["--baseline", "odd.json"], /odd\.json is no baseline/],
    [["--format", "xml"], /xml/],
  ])("%j ends with 2 and says why", async (args, message) => {
    put({ "odd.json": '{"version":2}' });
    const { status, text } = await scan(".", "--no-advisories", ...args);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
    expect(text).not.toMatch(/^\s+at /m);
  });
});

describe("a suppression", () => {
  const withComment = (comment: string) => {
    const { findings } = search(new Map([["a.ts", `// ${comment}\n${BAD}`]]), new Date());
    return findings;
  };

  it("with rule, reason and date leaves a finding out until the end of that day", () => {
    for (const days of [0, 30])
      expect(
        withComment(`aegis-ignore sql-injection until ${ahead(days)}: one of three names`),
      ).toMatchObject([{ state: "suppressed", reason: "one of three names" }]);
  });

  it.each([
    ["without a date", "aegis-ignore sql-injection: one of three names", /no date/],
    [
      "with a date that is none",
      "aegis-ignore sql-injection until 2026-02-31: one of three names",
      /no date/,
    ],
    ["without a reason", `aegis-ignore sql-injection until ${ahead(9)}`, /no reason/],
    ["with a word for a reason", `aegis-ignore sql-injection until ${ahead(9)}: ok`, /no reason/],
    ["after its end", `aegis-ignore sql-injection until ${ahead(-2)}: one of three names`, /it ended/],
    ["for ever", "aegis-ignore sql-injection until 2999-01-01: one of three names", /more than a year/],
    ["of a rule that nobody knows", `aegis-ignore sql until ${ahead(9)}: one of three names`, /no rule sql/],
    [
      "of another rule",
      `aegis-ignore weak-hash until ${ahead(9)}: one of three names`,
      /nothing to leave out/,
    ],
  ])("%s has no effect, and is a finding", (_what, comment, why) => {
    expect(withComment(comment)).toMatchObject([
      { rule: "suppression", observed: expect.stringMatching(why) },
      { rule: "sql-injection", state: "open" },
    ]);
  });

  it("in a text is none", async () => {
    put({ "a.ts": `const s = "aegis-ignore sql-injection until ${ahead(9)}: one of three names"; ${BAD}` });
    expect(await json()).toMatchObject({ status: 1, findings: [{ state: "open" }] });
  });
});

describe("hostile sources", () => {
  it("are told as not read, and hide nothing else", async () => {
    put({
      "deep.js": `${"[\n".repeat(60_000)}${"]\n".repeat(60_000)}`,
      "binary.js": Buffer.from([0x66, 0xff, 0xfe, 0x00, 0x80]),
      "broken.ts": "export const = {;\n",
      "huge.js": `const a = "${"a".repeat(1_100_000)}";\n`,
      "bad.ts": BAD,
    });
    symlinkSync(".", join(home, "loop"));
    symlinkSync("bad.ts", join(home, "link.ts"));
    const { status, findings, unread } = await json();
    expect(status).toBe(1);
    expect(findings).toMatchObject([{ file: "bad.ts" }]);
    const why = new Map(unread.map((one: { path: string; why: string }) => [one.path, one.why]));
    expect(new Set(why.keys())).toEqual(
      new Set(["binary.js", "broken.ts", "deep.js", "huge.js", "link.ts", "loop"]),
    );
    expect(why.get("deep.js")).toMatch(/nested too deeply/);
    expect(why.get("binary.js")).toMatch(/not UTF-8/);
    expect(why.get("loop")).toMatch(/links are not followed/);
    rmSync(join(home, "bad.ts"));
    expect((await json()).status).toBe(2);
  });

  it("come to an end, however much they repeat: sums, guards, uses of one name, routers in a circle", async () => {
    const lines = (count: number, line: (at: number) => string): string =>
      Array.from({ length: count }, (_, at) => line(at)).join("");
    put({
      "sum.js": `const sql = "SELECT * FROM t WHERE a = "${"\n + x".repeat(50_000)};\ndb.query(sql);\n`,
      "uses.js": `export function f(x) {\n${lines(8000, () => 'db.query("select * from t where a=" + x);\n')}}\n`,
      "guards.js": `export function g(x) {\n${lines(8000, (at) => `if (A.has(x)) { fs.readFile(x + ${at}); }\n`)}}\n`,
      "routers.js": `const a = express.Router(), b = express.Router();\n${lines(1500, () => "a.use(b); b.use(a);\n")}${lines(300, (at) => `a.post("/x${at}", (req, res) => res.end());\n`)}`,
      "page.ejs": "<%-\n".repeat(100_000),
      "literal.js": `${"\n".repeat(2000)}export const token = "${"aB3".repeat(100_000)}";\n`,
    });
    const { status, findings } = await json();
    expect(status).toBe(1);
    expect(findings.filter(({ file }: { file: string }) => file === "uses.js")).toHaveLength(500);
    expect(findings.some(({ file }: { file: string }) => file === "sum.js")).toBe(true);
  });

  it("cannot write on the terminal what they are called", async () => {
    put({ "\u001b[2Ja.ts": BAD.replace("name", "n\u202eame") });
    const { text } = await scan(".", "--no-advisories");
    expect(text).not.toMatch(/\u001b|\u202e/);
  });
});

describe("the repository", () => {
  const git = (...args: readonly string[]): void =>
    void execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...args], {
      cwd: home,
      stdio: "ignore",
    });

  it("with an environment file in it is told of by the checks of `aegis check git`", async () => {
    put({ ".env": "A=b\n", "a.js": "export {};\n" });
    git("init", "-q");
    git("add", "-A");
    git("commit", "-qm", "one");
    const { status, findings } = await json();
    expect(status).toBe(1);
    expect(findings.map(({ rule }: { rule: string }) => rule)).toEqual(["git.env", "git.ignored"]);
    expect((await json("--no-git")).status).toBe(0);
  });

  it("runs none of the programs that its own configuration names", async () => {
    const ran = join(home, "ran");
    put({ ".gitignore": ".env*\n", "a.js": "export {};\n", "sub/b.js": "export {};\n" });
    const inSub = (...args: readonly string[]): void => git("-C", "sub", ...args);
    const [take, keep] = [
      ["add", "-A"],
      ["commit", "-qam", "one"],
    ] as const;
    for (const own of [inSub, git]) {
      own("init", "-q");
      own(...take);
      own(...keep);
    }
    put({ "sub/b.js": "export default 1;\n" });
    for (const own of [inSub, git]) own(...keep);
    // Of a submodule another git shows what is in it, and asks that one's configuration.
    inSub("config", "diff.external", `touch '${ran}-external'; true`);
    git("config", "diff.submodule", "diff");
    const { status: first, unchecked: none } = await json();
    expect([first, none]).toEqual([0, []]);

    // An object that is not there is fetched, by a program that the remote names.
    for (const [name, value] of Object.entries({
      "core.repositoryFormatVersion": "1",
      "extensions.partialClone": "origin",
      "remote.origin.promisor": "true",
      "remote.origin.url": home,
      "remote.origin.uploadpack": `touch '${ran}-fetch';`,
      "core.fsmonitor": `touch '${ran}-monitor';`,
    }))
      git("config", name, value);
    const id = execFileSync("git", ["rev-parse", "HEAD:a.js"], { cwd: home, encoding: "utf8" }).trim();
    rmSync(join(home, ".git/objects", id.slice(0, 2), id.slice(2)));
    put({ "a.js": "export default 1;\n" });
    const { status, unchecked } = await json();
    expect(readdirSync(home).filter((name) => name.startsWith("ran"))).toEqual([]);
    expect([status, JSON.stringify(unchecked)]).toEqual([2, expect.stringContaining("git.history")]);
  });

  it("is said not to be checked where git cannot read it, and the sources are told of all the same", async () => {
    put({ "a.ts": BAD });
    git("init", "-q");
    writeFileSync(join(home, ".git/index"), "no index");
    const { status, findings, unchecked } = await json();
    expect(findings.map(({ rule }: { rule: string }) => rule)).toEqual(["sql-injection"]);
    expect([status, unchecked.length]).toEqual([1, 3]);
  });
});

it("does what docs/scan.md says, to the letter", async () => {
  const page = readFileSync(join(repository, "docs/scan.md"), "utf8");
  const commands = [...page.matchAll(/^npx aegis scan ([^#\n]*)/gm)].map(([, args = ""]) =>
    args.trim().split(/\s+/),
  );
  expect(commands).toHaveLength(5);
  put({
    "a.ts": BAD,
    "package.json": "{}",
    "advisories.json": "[]",
    "package-lock.json": '{"lockfileVersion":3,"packages":{}}',
  });
  const ended: (number | null)[] = [];
  for (const args of commands) ended.push((await scan(...args)).status);
  expect(ended).toEqual([1, 1, 1, 0, 0]);
});

it("has nothing open in this repository: what is left out has a reason and an end", async () => {
  const child = run(
    process.execPath,
    [
      join(repository, "packages/aegis-cli/bin/aegis.mjs"),
      "scan",
      repository,
      "--no-advisories",
      "--no-git",
      "--format",
      "json",
    ],
    { NO_COLOR: "1" },
    repository,
  );
  let out = "";
  child.child.stdout?.on("data", (piece: Buffer) => (out += piece.toString()));
  expect(await child.ended()).toBe(0);
  const { findings, unread, lines } = JSON.parse(out);
  expect(unread).toEqual([]);
  expect(lines).toBeGreaterThan(50_000);
  expect(findings.filter(({ state }: { state: string }) => state !== "suppressed")).toEqual([]);
  for (const { reason } of findings) expect(reason.length).toBeGreaterThan(20);
});
