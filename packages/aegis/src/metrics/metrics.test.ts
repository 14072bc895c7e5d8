import { createServer, type Server } from "node:http";
import Fastify from "fastify";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { definePolicy, PolicyError } from "../index.ts";
import { aegis, memoryStores, type MetricsParts, serverOptions } from "../fastify.ts";
import { verify } from "../verify/index.ts";
import { joined, parseFamilies, textOf } from "./families.ts";

const TOKEN = "k3Yq7ZpL0xVn5TcR9wMb2HsJ8fDgA4eU1iOoPtQz6Ka";
const policy = definePolicy({ environment: "test", account: { emailVerification: "off" } });

async function start(metrics?: MetricsParts, used = policy) {
  const app = Fastify(serverOptions(used));
  await app.register(aegis, {
    ...memoryStores(),
    policy: used,
    secretKey: new Uint8Array(32).fill(7),
    ...(metrics === undefined ? {} : { metrics }),
  });
  app.get("/things/:id", { config: { access: "public" } }, async () => ({ ok: true }));
  app.get("/broken", { config: { access: "public" } }, async () => {
    throw new Error("no");
  });
  const read = async (token = TOKEN) =>
    app.inject({ method: "GET", url: "/metrics", headers: { authorization: `Bearer ${token}` } });
  return { app, read };
}

describe("GET /metrics", () => {
  it("is not there where no token was given", async () => {
    const { app } = await start();
    expect((await app.inject("/metrics")).statusCode).toBe(404);
    const without = await start({});
    expect((await without.read()).statusCode).toBe(404);
  });

  it.each([
    ["nothing", {}],
    ["another token", { authorization: `Bearer ${TOKEN.slice(0, -1)}b` }],
    ["a beginning of the token", { authorization: `Bearer ${TOKEN.slice(0, 10)}` }],
    ["an empty token", { authorization: "Bearer " }],
    ["the token under another scheme", { authorization: `Basic ${TOKEN}` }],
    ["the token as a cookie", { cookie: `token=${TOKEN}` }],
  ])("refuses who brings %s, and tells nothing", async (_what, headers) => {
    const { app } = await start({ token: TOKEN });
    const answer = await app.inject({ url: `/metrics?token=${TOKEN}`, headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ code: "AEGIS_METRICS_TOKEN_NEEDED" });
    expect(answer.headers["www-authenticate"]).toContain("Bearer");
    expect(answer.body).not.toContain("aegis_");
  });

  it("takes the old and the new token while one is replaced, and the old one no longer", async () => {
    const other = TOKEN.split("").toReversed().join("");
    let good: readonly string[] = [TOKEN, other];
    const { read } = await start({ token: () => good });
    expect((await read()).statusCode).toBe(200);
    expect((await read(other)).statusCode).toBe(200);
    good = [other];
    expect((await read()).statusCode).toBe(401);
    good = [];
    expect((await read("")).statusCode).toBe(401);
  });

  it("takes a token for none that comes to be one that could be guessed", async () => {
    let good = [TOKEN];
    const { read } = await start({ token: () => good });
    expect((await read()).statusCode).toBe(200);
    good = ["secret", "a".repeat(43), ""];
    for (const token of [...good, TOKEN]) expect((await read(token)).statusCode).toBe(401);
  });

  it("refuses to start with a token that could be guessed", async () => {
    await expect(start({ token: "secret" })).rejects.toThrow(/43 random characters/);
    await expect(start({ token: "a".repeat(43) })).rejects.toThrow(/43 random characters/);
  });

  it("is given without a token nowhere near production", async () => {
    expect(() => definePolicy({ environment: "production", metrics: { tokenRequired: false } })).toThrow(
      PolicyError,
    );
    const open = await start({}, definePolicy({ environment: "test", metrics: { tokenRequired: false } }));
    expect((await open.read("")).statusCode).toBe(200);
  });

  it("counts by route and class, never by what a visitor wrote", async () => {
    const { app, read } = await start({ token: TOKEN });
    for (let id = 0; id < 50; id++) await app.inject(`/things/secret-${id}?email=ada@example.com`);
    for (let id = 0; id < 50; id++) await app.inject(`/nowhere/secret-${id}`);
    await app.inject("/broken");
    const { body, headers } = await read();
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    expect(body).toContain(
      'aegis_requests_total{method="GET",route="/things/:id",class="2xx",process="1"} 50',
    );
    expect(body).toContain('aegis_requests_total{method="",route="(none)",class="4xx",process="1"} 50');
    expect(body).toContain('aegis_answers_total{kind="read",class="5xx",process="1"} 1');
    expect(body).toContain('aegis_refusals_total{code="AEGIS_INTERNAL",process="1"} 1');
    expect(body).toContain('aegis_request_seconds_count{method="GET",route="/things/:id",process="1"} 50');
    expect(body).not.toMatch(/secret-|ada@/);
    expect(body).toMatch(/aegis_memory_bytes\{kind="heap_used",process="1"\} \d+/);
    expect(body).toContain('aegis_sessions_alive{process="1"} 0');
    expect(body).toContain('aegis_events_total{event="session.sign_in_failed",process="1"} 0');
  });

  it("counts a route of several methods by each of them, whichever came first", async () => {
    const { app, read } = await start({ token: TOKEN });
    app.route({
      method: ["GET", "PUT"],
      url: "/both",
      config: { access: "public" },
      handler: async () => ({ ok: true }),
    });
    for (const method of ["HEAD", "GET", "PUT", "PUT"] as const)
      await app.inject({ method, url: "/both", headers: { "sec-fetch-site": "same-origin" } });
    const { body } = await read();
    const lines = body.split("\n").filter((line) => /^aegis_requests_total\{.*"\/both"/.test(line));
    expect(lines.map((line) => line.replace(/,process.*\} /, " "))).toEqual([
      'aegis_requests_total{method="HEAD",route="/both",class="2xx" 1',
      'aegis_requests_total{method="GET",route="/both",class="2xx" 1',
      'aegis_requests_total{method="PUT",route="/both",class="2xx" 2',
    ]);
    expect(body).toContain('aegis_answers_total{kind="write",class="2xx",process="1"} 2');
  });

  it("asks stores, certificate and backup, and says of what does not answer that it is away", async () => {
    const { read } = await start({
      token: TOKEN,
      stores: { postgres: async () => 1, redis: async () => Promise.reject(new Error("away")) },
      pools: { postgres: () => ({ used: 3, limit: 10, waiting: 2 }) },
      certificateEndsAt: async () => 1_900_000_000_000,
      lastBackupAt: async () => undefined,
    });
    const { body } = await read();
    expect(body).toContain('aegis_store_up{store="postgres",process="1"} 1');
    expect(body).toContain('aegis_store_up{store="redis",process="1"} 0');
    expect(body).toContain('aegis_pool_waiting{pool="postgres",process="1"} 2');
    expect(body).toContain('aegis_certificate_end_seconds{process="1"} 1900000000');
    expect(body).not.toContain("aegis_backup_last_seconds");
  });

  it("answers for all processes behind one port, and leaves out what is no answer of ours", async () => {
    const second = await start({ token: TOKEN, process: "2" });
    await second.app.inject("/things/1");
    const families: unknown = JSON.parse(JSON.stringify(await second.app.aegis.metrics()));
    const { read } = await start({
      token: TOKEN,
      siblings: async () => [
        { process: "2", families },
        { process: 'x"} 1\nevil 1', families },
        { process: "3", families: [{ name: "bad name", help: "", type: "gauge", samples: [] }] },
      ],
    });
    const { body } = await read();
    expect(body).toContain(
      'aegis_requests_total{method="GET",route="/things/:id",class="2xx",process="2"} 1',
    );
    expect(body).not.toMatch(/evil|bad name/);
    const names = body.split("\n").filter((line) => line.startsWith("# TYPE "));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the text", () => {
  it("has one line a sample whatever stands in a label", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (label) => {
        const text = textOf(
          joined([
            ["1", [{ name: "a", help: "b", type: "gauge", samples: [{ labels: { l: label }, value: 1 }] }]],
          ]),
        );
        expect(text.split(/[\n\r]/)).toHaveLength(4);
        expect(text.split("\n")[2]).toMatch(/^a\{l="(?:[^"\\]|\\.)*",process="1"\} 1$/s);
      }),
    );
  });

  it("takes nothing for families that is none", () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        const read = parseFamilies(data);
        if (read !== undefined) expect(Array.isArray(read)).toBe(true);
      }),
    );
  });
});

describe("the control of it", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const outcomeAt = async (origin: string) => {
    const { findings } = await verify({ origin, policy, only: ({ room }) => room === "metrics" });
    return findings.map(({ outcome, observed }) => [outcome, observed]);
  };
  /** Refuses as we do, but for what `isOpen` lets in: that gets figures that are no text of Prometheus. */
  const serve = (isOpen: (method: string, url: string) => boolean, status = 200): Promise<string> =>
    new Promise((resolve) => {
      const server = createServer(({ method = "", url = "" }, response) => {
        const body = isOpen(method, url)
          ? [status, { heap: 1, requests: 2 }]
          : [method === "HEAD" ? 404 : 401, { code: "AEGIS_METRICS_TOKEN_NEEDED" }];
        response.writeHead(Number(body[0]), { "content-type": "application/json" });
        response.end(JSON.stringify(body[1]));
      });
      servers.push(server);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
      });
    });

  it("passes where every stranger is refused, here too", async () => {
    expect(await outcomeAt(await serve(() => false))).toEqual([["pass", "refused to 7 kinds of strangers"]]);
    const { app } = await start({ token: TOKEN });
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    try {
      expect(await outcomeAt(origin)).toEqual([["pass", expect.stringContaining("kinds of strangers")]]);
    } finally {
      await app.close();
    }
  });

  it("does not pass where a single stranger is let in, in whatever words", async () => {
    for (const origin of [
      await serve((_method, url) => url.includes("token=")),
      await serve((method) => method === "HEAD"),
      await serve((_method, url) => url.includes("token="), 500),
    ])
      expect(await outcomeAt(origin)).toEqual([["unknown", expect.any(String)]]);
  });
});
