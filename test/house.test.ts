/** Inspection: what keeps the house in order without anybody remembering it. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { definePolicy, policyLeaves } from "aegis";
import { errorTable } from "aegis/fastify";
import { catalogue } from "aegis/verify";
import { describe, expect, it } from "vitest";
import { VERSION } from "../packages/aegis/src/version.ts";
import { generatedDocs } from "../scripts/generated-docs.ts";
import { repository } from "./support/processes.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: repository,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(new URL(`../${path}`, import.meta.url)));
const code = tracked.filter((path) => /\.(ts|tsx|mjs|css|sql)$/.test(path));

const source = "packages/aegis/src";
/** Folders of the library that are no room. */
const OTHERS = ["certificate", "lib", "render", "report", "stores", "testing", "verify"];
/** What a command does and no server: its entry point stands for the list of enforcement. */
const COMMANDS = [`${source}/backup.ts`];
/** A room's section of the policy: "api-key" is apiKey. */
const sectionOf = (room: string): string =>
  room.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
const rooms = readdirSync(new URL(`../${source}/`, import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !OTHERS.includes(entry.name))
  .map(({ name }) => name);
/** Rooms that meet no request: commands use them, by an entry point of their own. */
const OFFLINE = ["preflight", "checklist", "release", "user-import", "watch"];
/** Rooms without settings have no section of the policy, and so nothing that could be weakened. */
const WITHOUT_POLICY: Readonly<Record<string, string>> = {
  approval: "how long a request waits is mfa.approvalSeconds, because only second factors ask for one",
  crypto: "keys come from the secrets; algorithms are constants",
  "file-check": "sizes and bounds are upload; what is dangerous in a file is a constant",
  device: "how long a browser is known is throttle.knownDeviceSeconds",
  hashing: "cost and bounds are password.argon2 and password.hashing",
  mail: "where it goes is wiring; what it says is closed",
  monitor: "it counts and refuses nothing; bounds and thresholds are constants with their reasons",
  "probe-account": "its settings are those of session and throttle, divided; how long it lives is a constant",
  "one-time": "lifetimes belong to what a code is for: account, recovery",
  passkey: "switched by mfa.passkeys; algorithms and lifetimes of challenges are constants",
  "sign-in": "what is demanded is in mfa, password and account",
  "audit-chain":
    "what is written, and what happens when it cannot be, is audit; how it is linked is a constant",
  checklist: "the list is data of whoever keeps it; how entries are linked and signed is a constant",
  preflight: "what is looked at is about a machine, and stands in aegis.config.ts",
  risk: "it reads what other rooms keep, and refuses nothing; from how many failures on is a constant",
  revocation: "leases and copies are constants; how long sessions live is session",
  "user-import":
    "whom the file brings is judged by account, password and mfa; bounds of a file are constants",
  watch: "what is late or near its end is said to the command; two looks in a row are a constant",
  release: "it stands beside the application, not in it; what an operator says is release.config.json",
};

describe("every room", () => {
  it("with a policy is in the four lists: policy, enforcement, errors, controls", () => {
    const sections = Object.keys(definePolicy({ environment: "test" })).filter(
      (key) => key !== "environment",
    );
    const withPolicy = rooms.filter((room) => !Object.hasOwn(WITHOUT_POLICY, room));
    expect(withPolicy.map(sectionOf).toSorted()).toEqual(sections.toSorted());
    expect(catalogue.map(({ room }) => room).toSorted()).toEqual(sections.toSorted());
    const lists = tracked
      .filter((path) => path.startsWith(`${source}/fastify`) || COMMANDS.includes(path))
      .map(read)
      .join("");
    for (const room of withPolicy.filter((one) => one !== "headers"))
      expect([room, lists.includes(`./${room}/errors.ts`)]).toEqual([room, true]);
    for (const room of rooms)
      expect([room, lists.includes(`./${room}/`) || OFFLINE.includes(room)]).toEqual([room, true]);
  });

  it("opens with its threat, its rule and its references", () => {
    for (const room of rooms.filter((one) => !Object.hasOwn(WITHOUT_POLICY, one)))
      expect(read(`${source}/${room}/policy.ts`)).toMatch(
        /^\/\*\*\n \* Threat: [\s\S]*? Rule: [\s\S]*?References: /,
      );
  });

  it("has no more than ten source files beside its tests and controls", () => {
    for (const room of rooms) {
      const files = tracked.filter(
        (path) => path.startsWith(`${source}/${room}/`) && !/\.test\.ts$|contract\.ts$|controls/.test(path),
      );
      expect([room, files.length]).toEqual([room, expect.toSatisfy((count: number) => count <= 11)]);
    }
  });
});

describe("every setting of the policy", () => {
  it("is proven by a control or listed as unprovable with a reason", () => {
    const leaves = policyLeaves(definePolicy({ environment: "production" })).map(([path]) => path);
    const proven = new Set(catalogue.flatMap(({ controls }) => controls).flatMap(({ proves }) => proves));
    const listed = new Map(
      catalogue.flatMap(({ unprovable }) => unprovable).map(({ leaf, reason }) => [leaf, reason]),
    );
    expect(leaves.filter((leaf) => leaf !== "environment" && !proven.has(leaf) && !listed.has(leaf))).toEqual(
      [],
    );
    expect([...proven].filter((leaf) => !leaves.includes(leaf))).toEqual([]);
    for (const reason of listed.values()) expect(reason.length).toBeGreaterThan(10);
  });

  it("that is a duration, a size or a number says its unit in its name", () => {
    for (const [path, value] of policyLeaves(definePolicy({ environment: "production" })))
      if (typeof value === "number")
        expect(path).toMatch(
          /(Seconds|Bytes|Kib|Length|LengthWithMfa|Count|Limit|Depth|Status|iterations|parallelism|concurrency)$/,
        );
  });
});

describe("errors", () => {
  it("have one code each, with texts that tell an attacker nothing and the operator something", () => {
    for (const [name, { status, title, detail, hint }] of Object.entries(errorTable)) {
      expect(name).toMatch(/^AEGIS_[A-Z]+_[A-Z_]+$|^AEGIS_INTERNAL$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(Math.min(title.length, detail.length, hint.length)).toBeGreaterThan(3);
      expect(detail).not.toMatch(/SQL|PostgreSQL|Redis|stack|exception/i);
    }
  });
});

describe("files", () => {
  it("keep to their budget: 300 lines, 500 for tests", () => {
    const over = code
      .map((path) => [path, read(path).split("\n").length - 1] as const)
      .filter(([path, lines]) => lines > (/test|contract/.test(path) ? 500 : 300));
    expect(over).toEqual([]);
  });

  it("hold no path of a machine, no download address, no marks of unfinished work", () => {
    // Written so that this line does not find itself.
    const marks = /[T]ODO|[F]IXME|\b[H]ACK\b|@ts-[i]gnore|: [a]ny\b|as [a]ny\b|as unknown [a]s\b/;
    for (const path of code) expect([path, marks.exec(read(path))?.[0]]).toEqual([path, undefined]);
    expect(read("package-lock.json")).not.toMatch(/"resolved": "http/);
    for (const path of tracked.filter((one) => /\.(ts|tsx|mjs|json|sh|yml)$/.test(one)))
      expect([path, /\/(work|farm|root)\//.exec(read(path))?.[0]]).toEqual([path, undefined]);
  });

  it("say one version of the library", () => {
    expect(read("packages/aegis/package.json")).toContain(`"version": "${VERSION}"`);
  });

  it("of npm run no script at install", () => {
    expect(read(".npmrc")).toContain("ignore-scripts=true");
  });
});

describe("generated pages", () => {
  it.each(Object.keys(generatedDocs()))("%s says what the code says (npm run docs)", (path) => {
    expect(read(path)).toBe(generatedDocs()[path]);
  });
});
