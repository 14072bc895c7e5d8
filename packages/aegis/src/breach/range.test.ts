import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RangeStandIn, startRangeStandIn } from "../../../../test/support/range-stand-in.ts";
import { breachHash } from "./checker.ts";
import { type RangeOptions, rangeSource } from "./range.ts";

let service: RangeStandIn;
beforeAll(async () => {
  service = await startRangeStandIn({ "violet harbour": 3, "Café ﬁn": 7, rare: 0 });
});
beforeEach(() => {
  service.misbehave = undefined;
  service.requests.length = 0;
});
afterAll(() => service.close());

const source = (options: Partial<RangeOptions> = {}) =>
  rangeSource({ fetch, timeoutSeconds: 2, endpoint: service.origin, ...options });
const notChecked = (because: RegExp) => ({ checked: false, because: expect.stringMatching(because) });
const answering = (status: number, body: string | Buffer, headers: Record<string, string> = {}) => {
  service.misbehave = (_request, response) => void response.writeHead(status, headers).end(body);
};
/** The row of a password as the service would send it. */
const row = (password: string, count: number): string =>
  `${breachHash(password).toString("hex").slice(5)}:${count}`;

describe("the range service", () => {
  it("says how often a password was seen, however its letters are encoded", async () => {
    expect(await source().count("violet harbour")).toEqual({ checked: true, count: 3 });
    expect(await source().count("Cafe\u0301 fin")).toEqual({ checked: true, count: 7 });
    expect(await source().count("nobody's yet")).toEqual({ checked: true, count: 0 });
  });

  it("is told five characters of the hash, and nothing else of the password", async () => {
    await source().count("violet harbour");
    const hash = breachHash("violet harbour").toString("hex").toUpperCase();
    expect(service.requests).toHaveLength(1);
    expect(service.requests[0]).toMatchObject({
      method: "GET",
      path: `/range/${hash.slice(0, 5)}`,
      headers: { "add-padding": "true", "user-agent": "aegis" },
    });
    const sent = JSON.stringify(service.requests).toUpperCase();
    expect(sent).not.toContain(hash.slice(0, 6));
    expect(sent).not.toMatch(/VIOLET|COOKIE|REFERER/);
  });

  it("may pad: a row that counts 0 was never seen", async () => {
    expect(await source().count("rare")).toEqual({ checked: true, count: 0 });
    answering(200, `${row("rare", 0)}\r\n${row("rare", 4)}\r\n`);
    expect(await source().count("rare")).toEqual({ checked: true, count: 4 });
  });

  it("may speak in lower case, with plain newlines, or packed", async () => {
    answering(200, gzipSync(`${row("x", 9)}\n${row("y", 1)}`), { "content-encoding": "gzip" });
    expect(await source().count("x")).toEqual({ checked: true, count: 9 });
  });

  it.each([
    ["nothing", ""],
    ["a portal's page", "<html><body>Sign in to this network</body></html>"],
    ["JSON", "{}"],
    ["a row cut off", `${row("x", 9)}\r\n0123456789ABC`],
    ["a row without a count", `${row("x", 9)}\r\n${"A".repeat(35)}:`],
    ["a row with a strange count", `${row("x", 9)}\r\n${"A".repeat(35)}:-1`],
    ["a hash of another length", `${row("x", 9)}\r\n${"A".repeat(40)}:1`],
    ["an empty row between", `${row("x", 9)}\r\n\r\n${row("y", 9)}`],
  ])("is not believed when it answers with %s", async (_name, body) => {
    answering(200, body);
    expect(await source().count("x")).toEqual(notChecked(/no list of hashes/));
  });

  it.each([204, 301, 302, 307, 400, 403, 404, 429, 500, 503])(
    "is not believed when it answers with %i",
    async (status) => {
      answering(status, status === 204 ? "" : row("x", 0), { location: `${service.origin}/range/00000` });
      expect(await source().count("x")).toEqual(notChecked(new RegExp(`answered with ${status}$`)));
      expect(service.requests).toHaveLength(1); // no redirect was followed
    },
  );

  it("is cut off when its answer is too large, packed or not", async () => {
    const large = `${row("y", 1)}\r\n`.repeat(20_000);
    answering(200, large);
    expect(await source().count("x")).toEqual(notChecked(/too large/));
    answering(200, gzipSync(large), { "content-encoding": "gzip" });
    expect(await source().count("x")).toEqual(notChecked(/too large/));
  });

  it("is not waited for: neither for its header nor for the rest of its body", async () => {
    service.misbehave = () => undefined;
    expect(await source({ timeoutSeconds: 0.2 }).count("x")).toEqual(notChecked(/in time/));
    service.misbehave = (_request, response) => {
      response.writeHead(200);
      response.write(`${row("x", 9)}\r\n`);
    };
    expect(await source({ timeoutSeconds: 0.2 }).count("x")).toEqual(notChecked(/in time/));
  });

  it("is not waited for by a fetch that heeds no signal", async () => {
    const deaf = source({ timeoutSeconds: 0.2, fetch: () => new Promise(() => undefined) });
    expect(await deaf.count("x")).toEqual(notChecked(/in time/));
  });

  it("is not believed when it ends in the middle", async () => {
    service.misbehave = (_request, response) => {
      response.writeHead(200, { "content-length": "9999" });
      response.write(`${row("y", 9)}\r\n`, () => response.socket?.destroy());
    };
    expect(await source().count("x")).toEqual(notChecked(/could not be reached/));
  });

  it("may be away; the reason names neither the password nor the range", async () => {
    const answer = await source({ endpoint: "http://127.0.0.1:1" }).count("violet harbour");
    expect(answer).toEqual(notChecked(/^the range service could not be reached/));
    const range = breachHash("violet harbour").toString("hex").slice(0, 5);
    expect(JSON.stringify(answer).toLowerCase()).not.toMatch(new RegExp(`violet|${range}`));
    const failing = source({ fetch: () => Promise.reject(new Error(`bad /range/${range}`)) });
    expect(JSON.stringify(await failing.count("violet harbour"))).not.toContain(range);
  });

  it("is asked by so many at a time and no more, and by others when those are done", async () => {
    const held: (() => void)[] = [];
    service.misbehave = (_request, response) =>
      void held.push(() => response.writeHead(200).end(row("y", 1)));
    const bounded = source({ maxInFlight: 2 });
    const first = [bounded.count("a"), bounded.count("b")];
    expect(await bounded.count("c")).toEqual(notChecked(/too many/));
    await expect.poll(() => held.length).toBe(2);
    for (const answer of held) answer();
    expect(await Promise.all(first)).toEqual([
      { checked: true, count: 0 },
      { checked: true, count: 0 },
    ]);
    service.misbehave = undefined;
    expect(await bounded.count("c")).toEqual({ checked: true, count: 0 });
  });

  it("is asked under the path of a mirror", async () => {
    service.misbehave = (_request, response) => void response.writeHead(200).end(row("y", 1));
    await source({ endpoint: `${service.origin}/pwned/` }).count("x");
    expect(service.requests[0]?.path).toMatch(/^\/pwned\/range\/[0-9A-F]{5}$/);
  });

  it.each([
    "http://api.pwnedpasswords.com",
    "ftp://127.0.0.1",
    "https://user:secret@mirror.example",
    "https://mirror.example/?key=1",
    "mirror.example",
    "http://127.0.0.1.evil.example",
  ])("refuses the endpoint %s", (endpoint) => {
    expect(() => source({ endpoint })).toThrow(TypeError);
  });
});
