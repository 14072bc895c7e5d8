/** Bad input on a real socket: a clean 4xx with a stable code, the server stays up, nothing is written. */
import { connect } from "node:net";
import { definePolicy } from "aegis";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
      transport: { headersTimeoutSeconds: 1, requestTimeoutSeconds: 2 },
    }),
  );
});
afterAll(() => hub.close());

/** Writes bytes and reads until the far end closes, or a second has gone by in silence. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(hub.origin).port), "127.0.0.1");
    let answer = "";
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, end);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", end);
    socket.on("error", end);
  });
}

const post = (
  payload: string | Buffer,
  headers: Record<string, string> = { "content-type": "application/json" },
) => new Visitor(hub.app).send("POST", "/api/register", { payload, headers });

const GOOD = `"password":"${PASSWORD}"`;

describe("a body", () => {
  it.each([
    ["that is broken", '{"username":', "AEGIS_INPUT_MALFORMED"],
    ["with a key twice", `{"username":"eve","username":"mallory",${GOOD}}`, "AEGIS_INPUT_MALFORMED"],
    [
      "with an escaped key twice",
      `{"username":"eve","\\u0075sername":"mallory",${GOOD}}`,
      "AEGIS_INPUT_MALFORMED",
    ],
    ["with __proto__", `{"__proto__":{"roles":["admin"]},"username":"eve",${GOOD}}`, "AEGIS_INPUT_MALFORMED"],
    [
      "with an escaped __proto__",
      `{"\\u005f_proto__":{"roles":["admin"]},"username":"eve",${GOOD}}`,
      "AEGIS_INPUT_MALFORMED",
    ],
    [
      "with constructor",
      `{"constructor":{"prototype":{"x":1}},"username":"eve",${GOOD}}`,
      "AEGIS_INPUT_MALFORMED",
    ],
    ["with a NUL", `{"username":"e\\u0000ve",${GOOD}}`, "AEGIS_INPUT_MALFORMED"],
    ["nested 21 deep", `{"a":${"[".repeat(20)}${"]".repeat(20)}}`, "AEGIS_INPUT_MALFORMED"],
    ["nested 100,000 deep", "[".repeat(100_000), "AEGIS_INPUT_MALFORMED"],
    ["with a field that nobody knows", `{"username":"eve","roles":["admin"],${GOOD}}`, "AEGIS_INPUT_INVALID"],
    ["of the wrong types", '{"username":{"$ne":null},"password":["x"]}', "AEGIS_INPUT_INVALID"],
    ["that is a list", "[]", "AEGIS_INPUT_INVALID"],
    ["that is null", "null", "AEGIS_INPUT_INVALID"],
    ["that is empty", "", "AEGIS_INPUT_INVALID"],
  ])("%s is refused, and no account is made", async (_what, payload, code) => {
    const response = await post(payload);
    expect([response.statusCode, response.json().code]).toEqual([400, code]);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    expect(
      (
        await new Visitor(hub.app).send("POST", "/api/login", {
          json: { username: "eve", password: PASSWORD },
        })
      ).statusCode,
    ).toBe(401);
  });

  it("of invalid UTF-8 is refused, as JSON and as a form", async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    expect((await post(bytes)).json().code).toBe("AEGIS_INPUT_MALFORMED");
    expect(
      (
        await post("username=%ff", {
          "content-type": "application/x-www-form-urlencoded",
          "sec-fetch-site": "same-origin",
        })
      ).json().code,
    ).toBe("AEGIS_INPUT_MALFORMED");
  });

  it("beyond the limit is refused, with and without Content-Length", async () => {
    const large = Buffer.alloc(1_100_000, 0x61);
    const head =
      "POST /api/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n";
    expect(
      await raw(Buffer.concat([Buffer.from(`${head}Content-Length: ${large.length}\r\n\r\n`), large])),
    ).toMatch(/^HTTP\/1\.1 413 .*AEGIS_INPUT_TOO_LARGE/s);
    const chunked = Buffer.concat([
      Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n`),
      large,
      Buffer.from("\r\n0\r\n\r\n"),
    ]);
    expect(await raw(chunked)).toMatch(/^HTTP\/1\.1 413 .*AEGIS_INPUT_TOO_LARGE/s);
  });

  it("names every failing field with its reason", async () => {
    const errors: unknown = (await post('{"username":"x","email":"nope","password":1,"extra":true}')).json()
      .errors;
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: "username", reason: "too_short" }),
        expect.objectContaining({ field: "email", reason: "bad_format" }),
        expect.objectContaining({ field: "password", reason: "wrong_type" }),
        expect.objectContaining({ field: "extra", reason: "unknown_field" }),
      ]),
    );
  });

  it("of any JSON at all gets an answer below 500", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1")),
        ),
        async (payload) => {
          expect((await post(payload)).statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a request", () => {
  it.each([
    [
      "with Content-Length and Transfer-Encoding",
      "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    ],
    [
      "with two Content-Lengths",
      "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ["with a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
    ["with a folded header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n"],
    ["with a bare CR in a header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rc\r\n\r\n"],
    ["with a NUL in a header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n"],
    ["that is no HTTP", "\x16\x03\x01\x02\x00\x01\x00"],
    ["without Host", "GET / HTTP/1.1\r\n\r\n"],
  ])("%s gets 400 with the header block, and the connection is closed", async (_what, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect((await new Visitor(hub.app).send("GET", "/health")).statusCode).toBe(200);
  });

  it("with a header beyond the limit gets 431", async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*x-frame-options: DENY.*AEGIS_TRANSPORT_HEADER_TOO_LARGE/s,
    );
  });

  it("with an address beyond the limit gets 414", async () => {
    expect((await new Visitor(hub.app).send("GET", `/?${"a".repeat(3000)}`)).json().code).toBe(
      "AEGIS_TRANSPORT_URL_TOO_LONG",
    );
  });

  it("whose values hold a line break puts no header of its own into the answer", async () => {
    const response = await new Visitor(hub.app).send("GET", "/profile?x=%0d%0aSet-Cookie:%20a=b", {
      headers: { accept: "text/html" },
    });
    expect(response.statusCode).toBe(302);
    expect(response.headers["set-cookie"]).toBeUndefined();
    expect(response.headers.location).toBe("/login?next=%2Fprofile%3Fx%3D%250d%250aSet-Cookie%3A%2520a%3Db");
  });

  it("for a file outside the web root gets nothing", async () => {
    for (const path of [
      "/assets/../index.html",
      "/assets/%2e%2e/index.html",
      "/assets/..%2f..%2fserver%2fmain.js",
      "/assets/%00",
      "/assets//etc/passwd",
    ]) {
      expect([path, (await new Visitor(hub.app).send("GET", path)).statusCode]).toEqual([
        path,
        expect.toSatisfy((status: number) => status === 404 || status === 403 || status === 400),
      ]);
    }
  });
});

describe("a session cookie", () => {
  it("that comes twice is believed neither time", async () => {
    const visitor = await new Visitor(hub.app).enter();
    const twice = `${visitor.cookie}; session=${"A".repeat(43)}`;
    expect((await visitor.send("GET", "/api/profile", { headers: { cookie: twice } })).statusCode).toBe(401);
    expect(
      (await visitor.send("GET", "/api/profile", { headers: { cookie: visitor.cookie } })).statusCode,
    ).toBe(200);
  });

  it("of any shape at all opens nothing and breaks nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary-ascii" }), async (value) => {
        const clean = value.replace(/[\r\n\0]/g, "");
        expect(
          (
            await new Visitor(hub.app).send("GET", "/api/profile", {
              headers: { cookie: `session=${clean}` },
            })
          ).statusCode,
        ).toBe(401);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a flood of sign-ins", () => {
  it("is answered with 503 and Retry-After beyond the queue, while sessions go on being served", async () => {
    const small = await startHub(
      definePolicy({
        environment: "test",
        password: { argon2: cheapHash, hashing: { concurrency: 1, queueLimit: 3 } },
      }),
    );
    const signedIn = await new Visitor(small.app).enter();
    const flood = Array.from({ length: 30 }, (_, place) =>
      new Visitor(small.app).send("POST", "/api/login", {
        json: { username: `nobody-${place}`, password: "x" },
      }),
    );
    expect((await signedIn.send("GET", "/api/check_session")).statusCode).toBe(200);
    const answers = await Promise.all(flood);
    const busy = answers.filter(({ statusCode }) => statusCode === 503);
    expect(busy.length).toBeGreaterThan(20);
    expect(busy[0]?.headers["retry-after"]).toBe("2");
    expect(busy[0]?.json().code).toBe("AEGIS_PASSWORD_BUSY");
    expect(answers.every(({ statusCode }) => statusCode === 503 || statusCode === 401)).toBe(true);
    expect(
      (
        await new Visitor(small.app).send("POST", "/api/login", {
          json: { username: "nobody", password: "x" },
        })
      ).statusCode,
    ).toBe(401);
    await small.close();
  });
});
