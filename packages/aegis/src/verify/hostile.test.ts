/** Targets that mean harm, or are broken: the verifier ends, is not fooled, and shows nothing that a terminal would obey. */
import { createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Control, pass, type RoomControls, unknown } from "../control.ts";
import { definePolicy } from "../policy.ts";
import type { BoundRoom } from "./catalogue.ts";
import { catalogue, verify } from "./index.ts";
import { parseCsp, parseHsts, parsePermissionsPolicy } from "./wire/header.ts";
import { findTags } from "./wire/html.ts";
import { readResponse } from "./wire/response.ts";
import { parseSetCookie } from "./wire/set-cookie.ts";
import { printable } from "./wire/text.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function serve(behave: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => behave(socket));
    });
    servers.push(server);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
    });
  });
}

const policy = definePolicy({
  environment: "development",
  transport: { headersTimeoutSeconds: 1, requestTimeoutSeconds: 1, keepAliveTimeoutSeconds: 1 },
});
const target = {
  login: { path: "/login", body: { username: "{username}", password: "{password}" } },
  register: { path: "/register", body: { username: "{username}" } },
  sessionCheck: { path: "/check" },
  samples: { json: "/json" },
};

const run = (origin: string) => verify({ origin, policy, target, wire: { timeoutMs: 300 } });

const forever = (socket: Socket, piece: string) => {
  const pump = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", pump);
  pump();
};

const hostile: Readonly<Record<string, (socket: Socket) => void>> = {
  "never answers": () => undefined,
  "closes at once": (socket) => socket.destroy(),
  "sends a header that never ends": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nX: ");
    forever(socket, "a".repeat(10_000));
  },
  "sends interim answers without end": (socket) =>
    forever(socket, "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)),
  "sends garbage": (socket) =>
    socket.end(Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))),
  "sends a status that is no number": (socket) => socket.end("HTTP/1.1 OK fine\r\n\r\n"),
  "sends two lengths": (socket) =>
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nabcde"),
  "sends a broken chunk": (socket) =>
    socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
  "sends a byte a chunk": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    forever(socket, "1\r\na\r\n".repeat(1000));
  },
  "drips a byte at a time": (socket) => {
    const timer = setInterval(() => socket.write("H"), 50);
    socket.on("close", () => clearInterval(timer));
  },
};

describe("a target that", () => {
  it.each(Object.keys(hostile))(
    "%s is reported as giving no usable answer, and passes nothing",
    async (name) => {
      const behave = hostile[name] ?? (() => undefined);
      const report = await run(await serve(behave));
      expect(report.reachable).toBe(false);
      expect(report.counts).toMatchObject({ pass: 0, fail: 0, error: 0, unknown: report.findings.length });
    },
  );

  it("is not there is reported as unreachable", async () => {
    const report = await run("http://127.0.0.1:1");
    expect(report).toMatchObject({ reachable: false, counts: { pass: 0, fail: 0, error: 0 } });
  });

  it("sends a body that never ends is cut off, and its headers are judged all the same", async () => {
    const report = await run(
      await serve((socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
        forever(socket, `10000\r\n${"a".repeat(0x10000)}\r\n`);
      }),
    );
    expect(report.reachable).toBe(true);
    expect(report.findings.find(({ id }) => id === "headers.nosniff")?.outcome).toBe("fail");
  });

  it("redirects for ever is followed nowhere", async () => {
    const report = await run(
      await serve((socket) =>
        socket.end("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"),
      ),
    );
    expect(report.counts.error).toBe(0);
    expect(report.findings.filter(({ room, outcome }) => room === "session" && outcome === "pass")).toEqual(
      [],
    );
  });

  it("answers everything with 200 and thousands of cookies fools nobody", async () => {
    const cookies = Array.from(
      { length: 1000 },
      (_, index) => `Set-Cookie: c${index}=${"v".repeat(30)}; HttpOnly; Secure`,
    ).join("\r\n");
    const report = await run(
      await serve((socket) => socket.end(`HTTP/1.1 200 OK\r\n${cookies}\r\nContent-Length: 2\r\n\r\n{}`)),
    );
    expect(report.counts.error).toBe(0);
    expect(report.findings.find(({ id }) => id === "session.sign-out-kills")?.outcome).not.toBe("pass");
  });

  // What reads such a page once for each of its lines takes minutes, and no time limit of the run ends it.
  it("answers with a page of open brackets is read to its end, and once", async () => {
    const page = "a{\n".repeat(250_000);
    const origin = await serve((socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
      ),
    );
    const report = await verify({ origin, policy, only: ({ room }) => room === "metrics" });
    expect(report.findings.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["metrics.closed-to-strangers", "unknown"],
    ]);
  });

  it("puts terminal escapes into everything gets none of them into the report", async () => {
    const evil = "\u001b]0;owned\u0007\u001b[2J\u202e";
    const bytes = Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Powered-By: ${evil}1.0\r\nX-Frame-Options: ${evil}\r\nContent-Length: 0\r\n\r\n`,
    );
    const report = await run(await serve((socket) => socket.end(bytes)));
    expect(report.findings.find(({ id }) => id === "headers.frame-options")?.outcome).toBe("fail");
    expect(JSON.stringify(report)).not.toMatch(
      /\\u00[01][0-9a-f]|\\u202e|[\u0000-\u001f\u007f-\u009f\u202e]/,
    );
  });
});

describe("a run", () => {
  const control = (id: string, probe: Control<unknown>["probe"]): Control<unknown> => ({
    id,
    claim: id,
    proves: [],
    references: [],
    advice: { symptom: "s", cause: "c", fix: "f" },
    probe,
  });
  const room = ({ controls }: RoomControls<unknown>): BoundRoom => ({
    room: "headers",
    unprovable: [],
    controls: controls.map(({ probe, ...rest }) => ({
      ...rest,
      room: "headers",
      slow: false,
      run: (context, whole, note) => probe(context.forControl(whole.headers, note)),
    })),
  });
  const ok = () => serve((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));

  it("goes on when a probe breaks, and calls it an error", async () => {
    const rooms = [
      room({
        controls: [
          control("a", async () => Promise.reject(new Error("oh \u001b[31mno"))),
          control("b", async () => pass("fine")),
        ],
        unprovable: [],
      }),
    ];
    const report = await verify({ origin: await ok(), policy, rooms });
    expect(report.findings.map(({ outcome, observed }) => [outcome, observed])).toEqual([
      ["error", "the probe broke: oh ·[31mno"],
      ["pass", "fine"],
    ]);
  });

  it("keeps secrets out of the evidence", async () => {
    const origin = await serve((socket) =>
      socket.end(
        'HTTP/1.1 200 OK\r\nSet-Cookie: sid=abcdefghijklmnop; HttpOnly\r\nContent-Length: 38\r\n\r\n{"csrf_token":"supersecretvalue","a":1}',
      ),
    );
    const rooms = [
      room({
        controls: [
          control("a", async (context) => (await context.anonymous().send({ path: "/" }), unknown("x"))),
        ],
        unprovable: [],
      }),
    ];
    const [finding] = (await verify({ origin, policy, rooms })).findings;
    expect(finding?.evidence[0]?.headers).toContain("set-cookie: sid=abcd...; HttpOnly");
    expect(JSON.stringify(finding)).not.toMatch(/efghijklmnop|supersecretvalue/);
  });
});

describe("the catalogue", () => {
  const controls = catalogue.flatMap((one) => one.controls);

  it("has a unique id, a claim, references and advice for every control", () => {
    expect(new Set(controls.map(({ id }) => id)).size).toBe(controls.length);
    for (const { id, room: place, references, claim, advice } of controls) {
      expect(id.startsWith(`${place}.`)).toBe(true);
      expect(references.length).toBeGreaterThan(0);
      for (const reference of references)
        expect(reference).toMatch(
          /^(asvs:v5\.0\.0-\d+\.\d+\.\d+|nist:sp800-63b-4-[\d.]+|rfc:\d+(bis)?(-[\d.]+)?|cwe:\d+|owasp:top10-2021-a\d\d|owasp:api\d+-2023|w3c:[a-z0-9.-]+|req:[A-Z]+-\d+)$/,
        );
      expect(
        Math.min(claim.length, advice.symptom.length, advice.cause.length, advice.fix.length),
      ).toBeGreaterThan(10);
    }
  });
});

describe("the parsers", () => {
  it("never throw, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: "binary", maxLength: 300 })),
        (text) => {
          parseSetCookie(text);
          parseCsp(text);
          parseHsts(text);
          parsePermissionsPolicy(text);
          findTags(text, ["script", "link"]);
          printable(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("make every text printable, and short", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        const shown = printable(text, 80);
        expect([...shown].length).toBeLessThanOrEqual(80);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("read any bytes as an answer or as a fault of the wire, and never hang on them", () => {
    const limits = { maxHeaderBytes: 1000, maxBodyBytes: 1000 };
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (bytes, head) => {
          try {
            const answer = readResponse(Buffer.concat([Buffer.from(head), bytes]), true, "GET", limits);
            expect(answer?.status ?? 200).toBeGreaterThanOrEqual(100);
          } catch (error) {
            expect(error).toMatchObject({ name: "WireError" });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    "max-age=abc",
    "max-age=",
    "max-age=-1",
    "max-age=1; max-age=2",
    "includeSubDomains",
    "max-age=1e9",
    "",
  ])("take %j for no HSTS at all", (text) => {
    expect(parseHsts(text)).toBeUndefined();
  });
});
