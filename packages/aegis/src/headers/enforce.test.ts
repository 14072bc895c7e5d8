import { createServer, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aegis, memoryStores, serverOptions } from "../fastify.ts";
import { LinesResponse, linesOf } from "../lib/lines.ts";
import { definePolicy } from "../policy.ts";

const policy = definePolicy({ environment: "test" });
const lines: object[] = [];
let app: FastifyInstance;
let port: number;

beforeAll(async () => {
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  app = Fastify({ ...serverOptions(policy), logger: { level: "warn", stream } });
  await app.register(aegis, { policy, secretKey: new Uint8Array(32).fill(7), ...memoryStores() });
  const open = { config: { access: "public" } } as const;
  app.get("/json", open, async () => ({ fine: true }));
  app.get("/html", open, async (_request, reply) => reply.type("text/html; charset=utf-8").send("<p>fine"));
  app.get("/own", open, async (_request, reply) =>
    reply
      .headers({ "X-Frame-Options": "SAMEORIGIN", "cache-control": "max-age=60", "x-own": "yes" })
      .header("content-security-policy", "sandbox")
      .send({}),
  );
  app.get("/raw", open, async (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, ["X-Frame-Options", "SAMEORIGIN", "X-Own", "yes"]).end("raw");
  });
  app.get("/set", open, async (_request, reply) => {
    reply.raw.setHeader("Referrer-Policy", "origin");
    return {};
  });
  const body = { type: "object", additionalProperties: false, properties: {} } as const;
  app.post(
    "/taking",
    { config: { access: "public", csrf: "origin-only" }, schema: { body } },
    async () => ({}),
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = app.addresses()[0]?.port ?? 0;
});
afterAll(() => app.close());

const overSocket = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false }, (response) => resolve(response.resume())).on(
      "error",
      reject,
    );
  });
/** What moves by itself, and what belongs to the connection. */
const MOVING = /^(date|connection|keep-alive|transfer-encoding|ratelimit|x-ratelimit-(remaining|reset))$/;
const constant = (headers: object): object =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !MOVING.test(name))
      .map(([name, value]) => [name, String(value).replace(/'nonce-[^']+'/, "'nonce'")]),
  );

describe("the fields that are written as one text", () => {
  it.each(["/json", "/html", "/own", "/nowhere"])(
    "of %s are those that are set one by one where there is no socket, each once",
    async (path) => {
      const [wire, injected] = [await overSocket(path), await app.inject({ url: path })];
      expect(constant(wire.headers)).toEqual(constant(injected.headers));
      const names = wire.rawHeaders
        .filter((_text, place) => place % 2 === 0)
        .map((name) => name.toLowerCase());
      expect(names.length).toBe(new Set(names).size);
      expect(wire.headers["x-content-type-options"]).toBe("nosniff");
      expect(wire.headers["x-ratelimit-limit"]).toBeDefined();
    },
  );

  it("give way to what the application sets itself, whatever the case of its letters", async () => {
    const { headers } = await overSocket("/own");
    expect(headers).toMatchObject({
      "x-frame-options": "SAMEORIGIN",
      "content-security-policy": "sandbox",
      "cache-control": "max-age=60",
      "x-own": "yes",
    });
    const raw = await overSocket("/raw");
    expect(raw.headers).toMatchObject({ "x-frame-options": "SAMEORIGIN", "x-own": "yes" });
    expect(raw.headers["content-security-policy"]).toMatch(/^default-src 'none'/);
    expect((await overSocket("/set")).headers["referrer-policy"]).toBe("origin");
  });

  it("refuse at the start what HTTP does not allow, and what is Node's own", () => {
    expect(() => linesOf({ "x-a": "b\r\nset-cookie: c" })).toThrow(TypeError);
    expect(() => linesOf({ "x a": "b" })).toThrow(TypeError);
    expect(() => linesOf({ "content-length": "1" })).toThrow(/content-length/);
    expect(() => linesOf({ "X-A": "b" })).toThrow(/X-A/);
  });

  it.each([
    ["an object", { "X-One": "theirs" }],
    ["a flat list", ["X-One", "theirs"]],
  ])("are understood beside what Node is given as %s", async (_form, given) => {
    const server = createServer({ ServerResponse: LinesResponse }, (_request, response) => {
      response.block = linesOf({ "x-one": "ours", "x-two": "ours" });
      response.writeHead(200, given).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const own = typeof address === "object" && address !== null ? address.port : 0;
    const response = await new Promise<IncomingMessage>((resolve) => {
      get({ host: "127.0.0.1", port: own, agent: false }, (found) => resolve(found.resume()));
    });
    expect(response.headers).toMatchObject({ "x-one": "theirs", "x-two": "ours" });
    server.close();
  });
});

it("a client that goes away in the middle of its body is no fault of ours", async () => {
  lines.length = 0;
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  const gone = new Promise<void>((resolve) => {
    app.server.once("request", (request) => request.once("close", () => setImmediate(resolve)));
  });
  const head = `POST /taking HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nsec-fetch-site: same-origin\r\n`;
  socket.write(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"half":`, () =>
    setTimeout(() => socket.destroy(), 50),
  );
  await gone;
  expect(lines.map((line) => Reflect.get(line, "level")).filter((level) => level >= 50)).toEqual([]);
});
