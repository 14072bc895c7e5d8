/** The benchmark itself is not run here: what it makes of numbers is held to known ones, and its parts to their rules. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chart } from "../bench/compare/chart.ts";
import { faultsOf } from "../bench/compare/check.ts";
import { caseNames, cases } from "../bench/compare/contract.ts";
import { report } from "../bench/compare/report.ts";
import type { Sample } from "../bench/compare/rounds.ts";
import { servers } from "../bench/compare/servers.ts";
import { median, percentile, ratios, spread } from "../bench/compare/statistics.ts";
import { answerOf, frameOf, requestText } from "../bench/compare/wire.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

const sample = (cpu: number, main = cpu): Sample => ({
  cpu,
  main,
  perSecond: 1000,
  p50: 1,
  p99: 2,
  rss: 100e6,
  redis: 0,
  busy: 0.5,
});
const samples = {
  fastify: { get: [sample(10), sample(20), sample(12)] },
  aegis: { get: [sample(20), sample(25), sample(12)], login: [sample(1000, 40)] },
  express: { get: [sample(100), sample(400), sample(120)] },
};
const facts = {
  node: "v24.0.0",
  processor: "2 × test",
  isPinned: true,
  loadBefore: 0.2,
  rounds: 3,
  burstMs: 1200,
  versions: ["express 5.0.0"],
};

describe("the cases that are run by name", () => {
  it("are named where somebody looks for them", () => {
    const names = readdirSync(new URL("../bench/cases/", import.meta.url)).map((file) => file.split(".")[0]);
    expect(names).toContain("revocations");
    for (const name of names)
      expect(read("CONTRIBUTING.md")).toMatch(new RegExp(`npm run bench -- .*\\b${name}\\b`));
  });
});

describe("statistics", () => {
  it("take the middle value, and the mean of the two middle ones", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
    expect(spread([3, 1, 2])).toEqual({ low: 1, median: 2, high: 3 });
    expect(spread([])).toBeUndefined();
  });

  it("take the least value that a share is no greater than", () => {
    const hundred = Array.from({ length: 100 }, (_, place) => place + 1);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
  });

  it("compare round with round, and leave out rounds that one side lacks", () => {
    expect(ratios([10, 20, 12, 9], [20, 25, 12])).toEqual({ low: 0.5, median: 0.8, high: 1 });
    expect(ratios([], [1])).toBeUndefined();
  });
});

describe("the page", () => {
  const rows = servers.filter(({ key }) => Object.hasOwn(samples, key));
  const page = report({ samples, faults: ["aegis, post: status 500"] }, rows, facts, caseNames);

  it("shows speed relative to bare Fastify with its spread, and a dash where nothing was measured", () => {
    expect(page).toContain("| Aegis | **0.80** (0.50–1.00) |");
    expect(page).toContain("| Express + middleware | **0.10** (0.05–0.10) |");
    expect(page).toContain("| 429, relative to bare Fastify | ≥ 0.80 | – |");
  });

  it("says of each goal whether it was met", () => {
    expect(page).toContain("| GET, relative to bare Fastify | ≥ 0.75 | **0.80** (0.50–1.00): met |");
    expect(page).toContain(
      "| GET, times as fast as the Express stack | ≥ 8.00 | **10.0** (5.00–16.0): met |",
    );
    expect(page).toContain("| login, processor time beyond the hash | ≤ 5 % | **4.17 %** (4.17–4.17): met |");
    expect(page).toContain("| Redis round trips a GET | < 0.05 | – |"); // it has no Redis at all
    const slow = { ...samples, aegis: { get: [sample(30)], login: [sample(1000, 100)] } };
    const worse = report({ samples: slow, faults: [] }, rows, facts, caseNames);
    expect(worse).toContain("≥ 0.75 | **0.33** (0.33–0.33): **not met** |");
    expect(worse).toContain("≤ 5 % | **11.1 %** (11.1–11.1): **not met** |");
  });

  it("says what was not measured and why, and what it was measured with", () => {
    expect(page).toContain("Not measured:\n\n- aegis, post: status 500");
    expect(page).toContain("Versions: express 5.0.0.");
    expect(page).toContain("Node v24.0.0, 2 × test.");
  });

  it("says so when the machine had other work to do", () => {
    expect(page).not.toContain("provisional");
    const busy = report({ samples, faults: [] }, rows, { ...facts, loadBefore: 3.14 }, caseNames);
    expect(busy).toContain("**A provisional run**: the machine had other work to do (load average 3.1");
  });

  it("has a chart that reads itself out and loads nothing", () => {
    const picture = chart(samples, rows, caseNames);
    expect(picture).toContain('role="img" aria-labelledby="title desc"');
    expect(picture).toContain("Fastify, bare 1.00, Aegis 0.80, Express + middleware 0.10.");
    expect(picture.match(/class="ours"/g)).toHaveLength(1);
    expect(picture).not.toMatch(/href|url\(|<script|@import|NaN/);
  });
});

describe("the load generator", () => {
  it("knows where an answer ends, with a length and in chunks", () => {
    const plain = Buffer.from("HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nokHTTP");
    expect(frameOf(plain)).toMatchObject({ status: 401, end: plain.length - 4, closes: true });
    expect(frameOf(plain.subarray(0, 55))).toBeUndefined();
    const chunked = Buffer.from(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
    );
    const frame = frameOf(chunked);
    expect(frame).toMatchObject({ status: 200, end: chunked.length, closes: false });
    expect(frame === undefined ? "" : answerOf(chunked, frame).body).toBe("abcd");
    expect(frameOf(chunked.subarray(0, -2))).toBeUndefined();
    expect(() => frameOf(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"))).toThrow("without a length");
  });

  it("sends what a script of the same origin would", () => {
    const text = requestText(80, { method: "POST", path: "/x", cookie: "a=b", csrf: "t", body: "{}" });
    expect(text).toMatch(/^POST \/x HTTP\/1\.1\r\nHost: 127\.0\.0\.1:80\r\n/);
    expect(text).toMatch(/\r\nOrigin: http:\/\/127\.0\.0\.1:80\r\n[\s\S]*\r\nContent-Length: 2\r\n\r\n\{\}$/);
  });
});

describe("equal work", () => {
  const good = {
    status: 200,
    headers: [["x-content-type-options", "nosniff"]] as const,
    body: cases.get.body ?? "",
  };

  it("is 1 KB of JSON", () => {
    expect(Buffer.byteLength(good.body)).toBe(1024);
  });

  it("is refused for another status, another body or a header field that was claimed", () => {
    const claims = ["x-content-type-options"];
    expect(faultsOf("get", good, claims)).toEqual([]);
    expect(faultsOf("get", { ...good, status: 500 }, claims)).toEqual(["status 500 instead of 200"]);
    expect(faultsOf("get", { ...good, body: "{}" }, claims)).toHaveLength(1);
    expect(faultsOf("get", { ...good, headers: [] }, claims)).toEqual(["no x-content-type-options"]);
    expect(faultsOf("get", good, ["ratelimit|ratelimit-limit"])).toHaveLength(1);
    expect(faultsOf("401", { ...good, status: 401 }, ["content-security-policy"])).toHaveLength(1);
  });
});

describe("the peers", () => {
  it("have a lock of their own, without download addresses and without scripts at install", () => {
    const lock = read("bench/peers/package-lock.json");
    expect(lock).not.toMatch(/"resolved": "http|hasInstallScript/);
    expect(read("bench/peers/.npmrc")).toBe(read(".npmrc"));
  });

  it("run on the same Fastify as Aegis", () => {
    const version = /"node_modules\/fastify": \{\s*"version": "([^"]+)"/;
    expect(version.exec(read("bench/peers/package-lock.json"))?.[1]).toBe(
      version.exec(read("package-lock.json"))?.[1],
    );
  });

  it("are no part of the project's own install", () => {
    expect(read("package.json")).not.toContain("bench/peers");
    expect(read("package-lock.json")).not.toContain("better-auth");
  });
});
