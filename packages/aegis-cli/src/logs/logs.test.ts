/** What a log knows: of the application as it is, of any size, and whatever strangers wrote into it. */
import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Counted, Times } from "./counted.ts";
import { digester } from "./digest.ts";
import { entryReader } from "./entry.ts";
import { linesOf } from "./input.ts";

const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const main = join(repository, "packages/aegis-cli/src/main.ts");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-logs-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const START = Date.parse("2026-03-01T08:00:00Z");
const answer = (seconds: number, status: number, route: string, ms = 5) =>
  JSON.stringify({
    level: 30,
    time: START + seconds * 1000,
    reqId: `r${seconds}`,
    res: { statusCode: status, method: "GET", route },
    responseTime: ms,
    msg: "request completed",
  });
const event = (seconds: number, audit: object) =>
  JSON.stringify({ level: 40, time: START + seconds * 1000, audit, msg: "event" });
const lines = [
  ...Array.from({ length: 7 }, (_, place) => answer(place, 500, "/broken")),
  answer(10, 401, "/api/profile"),
  answer(11, 403, "/api/admin"),
  answer(12, 429, "/api/login"),
  answer(13, 200, "/slow", 4200),
  answer(14, 200, "/fast", 1),
  answer(15, 408, "/upload"),
  ...["ada", "ada", "grace"].map((username, place) =>
    event(20 + place, {
      event: "session.sign_in_failed",
      ip: "192.0.2.7",
      username,
      code: "AEGIS_SIGN_IN_FAILED",
    }),
  ),
  event(24, { event: "throttle.delayed", ip: "192.0.2.8" }),
  event(25, { event: "csrf.refused", ip: "192.0.2.9", code: "AEGIS_CSRF_TOKEN_MISSING" }),
  JSON.stringify({
    time: START + 26_000,
    code: "AEGIS_STORE_UNAVAILABLE",
    err: { type: "Error", code: "ETIMEDOUT", message: "connect ETIMEDOUT" },
    msg: "Temporarily unavailable",
  }),
  JSON.stringify({ time: START + 27_000, msg: "something else" }),
];

interface Told {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function aegis(args: readonly string[], input?: Readable, heapMb = 256): Promise<Told> {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, "--conditions=source", main, "logs", ...args],
    {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    },
  );
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  if (input !== undefined && child.stdin !== null) input.pipe(child.stdin);
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, out, err })));
}

interface Shown {
  readonly lines: number;
  readonly damaged: number;
  readonly from: string;
  readonly answers: Readonly<Record<string, number>>;
  readonly tables: readonly {
    readonly name: string;
    readonly total: number;
    readonly rows: readonly { readonly name: string; readonly count: number }[];
    readonly others: number;
  }[];
  readonly slowest: readonly { readonly route: string; readonly p95_ms: number }[];
}
const shownIn = ({ out }: Told): Shown => JSON.parse(out);
const rowsOf = (shown: Shown, name: string) =>
  shown.tables.find((one) => one.name === name)?.rows.map((row) => [row.name, row.count]);

function expectAnswers(shown: Shown): void {
  expect(shown.answers).toEqual({ "1xx": 0, "2xx": 2, "3xx": 0, "4xx": 4, "5xx": 7 });
  expect(rowsOf(shown, "server_errors")).toEqual([["GET /broken", 7]]);
  expect(rowsOf(shown, "unauthenticated")).toEqual([["GET /api/profile", 1]]);
  expect(rowsOf(shown, "forbidden")).toEqual([["GET /api/admin", 1]]);
  expect(rowsOf(shown, "limited")).toEqual([["GET /api/login", 1]]);
  expect(rowsOf(shown, "csrf")).toEqual([["AEGIS_CSRF_TOKEN_MISSING", 1]]);
  expect(rowsOf(shown, "csrf_addresses")).toEqual([["192.0.2.9", 1]]);
  expect(rowsOf(shown, "sign_in_addresses")).toEqual([
    ["192.0.2.7", 3],
    ["192.0.2.8", 1],
  ]);
  expect(rowsOf(shown, "sign_in_users")).toEqual([
    ["ada", 2],
    ["(no account)", 1],
    ["grace", 1],
  ]);
  expect(rowsOf(shown, "timeouts")).toEqual([
    ["408 GET /upload", 1],
    ["ETIMEDOUT", 1],
  ]);
  expect(shown.slowest[0]?.route).toBe("GET /slow");
  expect(shown.slowest[0]?.p95_ms).toBeGreaterThan(3700);
  expect(shown.slowest[0]?.p95_ms).toBeLessThanOrEqual(4200);
}

describe("aegis logs", () => {
  it("ends with 2 and a reason where nothing that it was given is a log", async () => {
    writeFileSync(at("pretty.log"), "[08:00:00.000] INFO: request completed\n    res: {\n");
    const pretty = await aegis(["pretty.log"]);
    expect([pretty.status, pretty.err]).toEqual([
      2,
      expect.stringMatching(/^error: No line of it is of a log\.\nhint: It reads lines of JSON/),
    ]);
    const none = await aegis(["none.log"]);
    expect([none.status, none.out, none.err]).toEqual([2, "", "error: There is no file none.log.\n"]);
  });

  it("answers out of a file, a packed one, standard input and journald alike", async () => {
    writeFileSync(at("a.log"), `${lines.join("\n")}\n`);
    writeFileSync(at("a.log.gz"), gzipSync(`${lines.join("\n")}\n`));
    const journal = lines.map((line, place) =>
      JSON.stringify({
        __REALTIME_TIMESTAMP: String((START + place) * 1000),
        _SYSTEMD_UNIT: "hub@3000.service",
        MESSAGE: place % 2 === 0 ? line : [...Buffer.from(line)],
      }),
    );
    for (const [args, input] of [
      [["a.log"], undefined],
      [["a.log.gz"], undefined],
      [[], Readable.from(lines.map((line) => `${line}\n`))],
      [[], Readable.from([journal.join("\n")])],
    ] as const) {
      const told = await aegis(["--json", ...args], input);
      expect([told.status, told.err]).toEqual([0, ""]);
      expect([shownIn(told).lines, shownIn(told).damaged]).toEqual([lines.length, 0]);
      expectAnswers(shownIn(told));
    }
  }, 60_000);

  it("looks at the time between --since and --until alone", async () => {
    writeFileSync(at("b.log"), lines.join("\n"));
    const told = await aegis([
      "--json",
      "--since",
      "2026-03-01T08:00:10Z",
      "--until",
      "2026-03-01T08:00:14Z",
      "b.log",
    ]);
    expect(shownIn(told).answers).toMatchObject({ "5xx": 0, "4xx": 3, "2xx": 2 });
    expect(shownIn(told).from).toBe("2026-03-01T08:00:10.000Z");
    const after = await aegis(["--json", "--since", "1h", "b.log"]);
    expect(shownIn(after).from).toBe(null);
    // Of a time that no line is of, it says nothing: that is no pass.
    expect([after.status, after.err]).toEqual([
      2,
      expect.stringMatching(/error: No line of it is of that time/),
    ]);
  }, 60_000);

  it("takes a time without a zone for UTC, as it prints it, wherever it runs", async () => {
    writeFileSync(at("zone.log"), lines.join("\n"));
    const since = async (text: string): Promise<string> => {
      const out = execFileSync(
        process.execPath,
        ["--conditions=source", main, "logs", "--json", "--since", text, at("zone.log")],
        { encoding: "utf8", env: { ...process.env, TZ: "Asia/Tokyo" } },
      );
      return shownIn({ status: 0, out, err: "" }).from;
    };
    for (const text of ["2026-03-01T08:00:10", "2026-03-01 08:00:10", "2026-03-01T17:00:10+09:00"])
      expect([text, await since(text)]).toEqual([text, "2026-03-01T08:00:10.000Z"]);
    expect(await since("2026-03-01")).toBe("2026-03-01T08:00:00.000Z");
  }, 60_000);

  it("prints tables, counts damaged lines and goes on, and says what could not be read", async () => {
    writeFileSync(
      at("c.log"),
      ["not a line of ours", lines[0], "{", "x".repeat(400_000), lines[1], "[1]", "{}"].join("\n"),
    );
    const told = await aegis(["c.log"]);
    expect(told.status).toBe(0);
    expect(told.out).toMatch(
      /^7 lines, 2026-03-01T08:00:00.000Z to 2026-03-01T08:00:01.000Z\n5 of them damaged/,
    );
    expect(told.out).toMatch(/Answers 5xx by route \(2\)\n +2 {2}GET \/broken\n/);
    writeFileSync(at("cut.log.gz"), gzipSync(lines.join("\n")).subarray(0, 60));
    const cut = await aegis(["cut.log.gz", "none.log"]);
    expect(cut.status).toBe(2);
    expect(cut.err).toMatch(
      /cut\.log\.gz could not be read to its end[\s\S]*error: There is no file none\.log\.\n/,
    );
  }, 60_000);

  it("refuses times and numbers that are none", async () => {
    for (const args of [
      ["--since", "yesterday"],
      ["--top", "0"],
      ["--until", "2026-13-45"],
      ["--since", "2026-02-31"],
      ["--since", "2026-03-01 (evening)"],
    ]) {
      const told = await aegis([...args, "a.log"]);
      expect(told.status).toBe(2);
      expect(told.err).toMatch(/error:.*It must be/);
    }
    const turned = await aegis(["--since", "1h", "--until", "2h", "a.log"]);
    expect([turned.status, turned.out]).toEqual([2, ""]);
    expect(turned.err).toMatch(/error: No time is after --since and before --until/);
  }, 60_000);

  it("shows nothing that a terminal would act on", async () => {
    const evil = "\u001b]0;owned\u0007\u009b31m\u202egnp\nnext\r\u2028";
    writeFileSync(
      at("evil.log"),
      [
        event(1, { event: "session.sign_in_failed", ip: evil, username: evil }),
        JSON.stringify({
          time: START,
          res: { statusCode: 500, method: "GET", route: evil },
          responseTime: 1,
        }),
      ].join("\n"),
    );
    for (const args of [["evil.log"], ["--json", "evil.log"]]) {
      const { out, status } = await aegis(args);
      expect(status).toBe(0);
      expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    }
  }, 60_000);

  it("reads a hundred megabytes of names that strangers chose in a heap of 40", async () => {
    const out = createWriteStream(at("big.log"));
    const filler = "f".repeat(300);
    const most = 250_000;
    for (let place = 0; place < most; place++) {
      // Late, and often: it must be seen although everything was full before it came.
      const username = place > most / 2 && place % 10 === 0 ? "target" : `name-${place}-${filler}`;
      const line = event(place, {
        event: "session.sign_in_failed",
        ip: `10.${place % 250}.${place % 199}.1`,
        username,
      });
      if (!out.write(`${line}\n`)) await new Promise<void>((resolve) => out.once("drain", () => resolve()));
    }
    await new Promise<void>((resolve) => out.end(() => resolve()));
    const told = await aegis(["--json", "big.log"], undefined, 40);
    expect([told.status, told.err]).toEqual([0, ""]);
    const users = shownIn(told).tables.find(({ name }) => name === "sign_in_users");
    expect(users?.rows[0]).toEqual({ name: "target", count: 12_499 });
    expect((users?.others ?? 0) + (users?.rows.reduce((sum, { count }) => sum + count, 0) ?? 0)).toBe(most);
  }, 120_000);

  it("stays quiet when whoever reads it reads no further", () => {
    expect(() =>
      execFileSync("sh", ["-c", `"${process.execPath}" --conditions=source "${main}" logs a.log | head -1`], {
        cwd: folder,
      }),
    ).not.toThrow();
  });
});

describe("its parts", () => {
  it("count exactly while there is room, and say by how much they may be short beyond", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 300 }), (names) => {
        const counted = new Counted();
        for (const name of names) counted.add(String(name));
        const { rows, others, missed } = counted.top(5);
        expect(missed).toBe(0);
        expect(rows.reduce((sum, { count }) => sum + count, 0) + others).toBe(names.length);
        for (const { name, count } of rows)
          expect(count).toBe(names.filter((one) => String(one) === name).length);
      }),
    );
  });

  it("never count more of a name than there were, and no less than they say", () => {
    const counted = new Counted();
    for (let place = 0; place < 40_000; place++) counted.add(place % 4 === 0 ? "often" : `rare ${place}`);
    const { rows, missed } = counted.top(1);
    expect(rows[0]?.name).toBe("often");
    expect(rows[0]?.count).toBeLessThanOrEqual(10_000);
    expect((rows[0]?.count ?? 0) + missed).toBeGreaterThanOrEqual(10_000);
  });

  it("tell a quantile to a tenth", () => {
    const times = new Times();
    for (let ms = 1; ms <= 1000; ms++) times.add(ms);
    expect(times.quantileMs(0.5)).toBeGreaterThan(480);
    expect(times.quantileMs(0.5)).toBeLessThan(560);
    expect(times.quantileMs(1)).toBe(1000);
  });

  it("show the routes that people use, however many paths strangers made up before", () => {
    const gathered = digester({ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY });
    const take = (route: string, ms: number): void =>
      gathered.take({ kind: "answer", at: START, status: 200, route, ms });
    for (let place = 0; place < 9000; place++) take(`GET /made-up-${place}`, place === 17 ? 70_000 : 1);
    for (let place = 0; place < 50; place++) take("POST /checkout", 9000);
    for (let place = 0; place < 9000; place++) take(`GET /more-${place}`, 1);
    const { slowest } = gathered.digest(5);
    expect(slowest.find(({ route }) => route === "POST /checkout")).toMatchObject({
      answers: 50,
      slowest_ms: 9000,
    });
    const all = gathered.digest(5000).slowest;
    expect(all.length).toBeLessThanOrEqual(4000);
    expect(all.reduce((sum, { answers }) => sum + answers, 0)).toBe(18_050);
    expect(all.find(({ slowest_ms }) => slowest_ms === 70_000)).toBeDefined();
  });

  it("split lines wherever the pieces end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: "binary" }).map((one) => one.replaceAll("\n", "")),
          { maxLength: 8 },
        ),
        fc.integer({ min: 1, max: 7 }),
        async (texts, size) => {
          const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
          const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, place) =>
            bytes.subarray(place * size, (place + 1) * size),
          );
          const read: (string | undefined)[] = [];
          for await (const line of linesOf(Readable.from(pieces))) read.push(line);
          expect(read).toEqual(texts.map((text) => Buffer.from(text).toString("utf8")));
        },
      ),
    );
  });

  it("take any line without failing", () => {
    const read = entryReader();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        read(line);
      }),
    );
    const odd = { toString: 1, valueOf: 1 };
    for (const parts of [{ MESSAGE: odd }, { __REALTIME_TIMESTAMP: odd }])
      expect(read(JSON.stringify({ __REALTIME_TIMESTAMP: "1000", ...parts }))?.kind).not.toBe("answer");
  });

  it("put answers that name no route together with their requests", () => {
    const read = entryReader();
    read(JSON.stringify({ time: 1, reqId: "a", req: { method: "GET", url: "/things/123/x?token=secret" } }));
    expect(read(JSON.stringify({ time: 2, reqId: "a", res: { statusCode: 200 }, responseTime: 3 }))).toEqual({
      kind: "answer",
      at: 2,
      status: 200,
      route: "GET /things/:id/x",
      ms: 3,
    });
  });

  it("tell the requests of one process from those of another, and of numbers for ids", () => {
    const read = entryReader();
    const routeOf = (line: object): string | undefined => {
      const entry = read(JSON.stringify({ time: 1, hostname: "a", ...line }));
      return entry?.kind === "answer" ? entry.route : undefined;
    };
    const begin = (url: string) => ({ req: { method: "GET", url } });
    const end = { res: { statusCode: 500 }, responseTime: 3 };
    // What Fastify's own logger writes where several processes share a port.
    routeOf({ pid: 1, reqId: "req-1", ...begin("/one") });
    routeOf({ pid: 2, reqId: "req-1", ...begin("/two") });
    routeOf({ pid: 2, reqId: 7, ...begin("/seven") });
    routeOf({ pid: 2, reqId: 8, ...begin("/eight") });
    routeOf({ pid: 2, hostname: "b", reqId: 8, ...begin("/elsewhere") });
    expect(
      [
        { pid: 1, reqId: "req-1", ...end },
        { pid: 2, reqId: "req-1", ...end },
        { pid: 2, reqId: 7, ...end },
        { pid: 2, reqId: 8, ...end },
        { pid: 3, reqId: 8, ...end },
      ].map(routeOf),
    ).toEqual(["GET /one", "GET /two", "GET /seven", "GET /eight", "(unknown)"]);
  });
});
