/** nginx from the rendered file, in front of a program that tells what reached it. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect as connectTls } from "node:tls";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/ports.ts";
import { asker, prepareProxy, type ProxyOptions, startProxy, type TestProxy } from "./support/proxy.ts";

let upstream: Server;
let upstreamPort: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const seen: IncomingMessage[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(request);
    request.resume().once("end", () => answer(request, response));
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  upstreamPort = typeof address === "object" && address !== null ? address.port : 0;
});
afterEach(async () => {
  seen.length = 0;
  for (const close of closing.splice(0)) await close();
});
afterAll(() => {
  upstream.close();
  upstream.closeAllConnections();
});

async function proxy(
  options: Partial<ProxyOptions> = {},
): Promise<TestProxy & { ask: ReturnType<typeof asker> }> {
  answer = (_request, response) =>
    void response.setHeader("x-frame-options", "DENY").end("from the application");
  const one = await startProxy(await prepareProxy(), {
    upstreams: [`127.0.0.1:${upstreamPort}`],
    ...options,
  });
  closing.push(() => one.close());
  return { ...one, ask: asker(one) };
}

const problem = (title: string, status: number) => ({ type: "about:blank", title, status });

describe("several instances", () => {
  it("are sent nothing while they are marked as out, and stand in for one that has not the file of a page", async () => {
    const other = createServer((_request, response) => void response.end("the other"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const otherPort = typeof address === "object" && address !== null ? address.port : 0;
    const prepared = await prepareProxy();
    const out = join(prepared.folder, "out");
    mkdirSync(out);
    answer = ({ url }, response) => {
      if (url?.startsWith("/assets/") === true) response.statusCode = 404;
      response.end("the one");
    };
    const one = await startProxy(prepared, {
      upstreams: [`127.0.0.1:${upstreamPort}`, `127.0.0.1:${otherPort}`],
      deployment: { outDirectory: out, assets: ["/assets/"] },
    });
    closing.push(async () => {
      await one.close();
      other.close();
      other.closeAllConnections();
    });
    const ask = asker(one);
    const answered = async (url: string) => {
      const bodies = new Set<string>();
      for (let asked = 0; asked < 8; asked++) bodies.add((await ask(url)).body);
      return [...bodies].toSorted((x, y) => x.localeCompare(y));
    };
    expect(await answered("/")).toEqual(["the one", "the other"]);
    expect(await answered("/assets/page-4f1c.js")).toEqual(["the other"]);
    const mark = (port: number) => join(out, String(port));
    writeFileSync(mark(upstreamPort), "");
    expect(await answered("/")).toEqual(["the other"]);
    rmSync(mark(upstreamPort));
    writeFileSync(mark(otherPort), "");
    expect(await answered("/api/content?x=1")).toEqual(["the one"]);
    expect(seen.at(-1)?.url).toBe("/api/content?x=1");
    rmSync(mark(otherPort));
    expect(await answered("/")).toEqual(["the one", "the other"]);
  });
});

describe("what nginx passes on", () => {
  it("carries its own word for where a request comes from, whatever the client wrote", async () => {
    const { ask, port } = await proxy();
    const lies = {
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "evil.test",
      "x-forwarded-port": "1",
      "x-real-ip": "203.0.113.9",
      forwarded: "for=203.0.113.9;host=evil.test",
      "x-original-url": "/admin",
      "x-rewrite-url": "/admin",
      "x-forwarded-prefix": "/x",
      proxy: "http://evil.test",
      x_forwarded_for: "203.0.113.9",
    };
    expect((await ask("/a/../b?c=%2e", { headers: lies })).body).toBe("from the application");
    const headers: IncomingHttpHeaders = seen[0]?.headers ?? {};
    expect(seen[0]?.url).toBe("/a/../b?c=%2e"); // the application reads what the client wrote, not a guess of what it meant
    expect(headers).toMatchObject({
      host: `localhost:${port}`,
      "x-forwarded-host": `localhost:${port}`,
      "x-forwarded-for": "127.0.0.1",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-port": String(port),
    });
    for (const name of [
      "forwarded",
      "x-original-url",
      "x-rewrite-url",
      "x-forwarded-prefix",
      "proxy",
      "x_forwarded_for",
    ])
      expect([name, headers[name]]).toEqual([name, undefined]);
  });

  it("is no way to the metrics, however their address is written", async () => {
    const { ask } = await proxy();
    for (const path of ["/metrics", "/metrics?x", "/%6detrics", "//metrics", "/a/../metrics", "/./metrics"])
      expect([path, (await ask(path, { headers: { authorization: "Bearer x" } })).status]).toEqual([
        path,
        404,
      ]);
    expect(seen).toEqual([]);
    expect((await ask("/metrics-of-a-course")).status).toBe(200);
  });

  it("is what the application answered, errors too, with no header twice", async () => {
    const { ask } = await proxy();
    answer = (_request, response) =>
      void response.writeHead(503, { "x-frame-options": "DENY", "retry-after": "7" }).end("own words");
    const { body, headers, status } = await ask("/");
    expect([status, body, headers["retry-after"], headers["x-frame-options"]]).toEqual([
      503,
      "own words",
      "7",
      "DENY",
    ]);
    expect(headers["strict-transport-security"]).toBeUndefined(); // the application's to set: never both
  });

  it("comes as it is made where it is a stream, and never rests on the disk", async () => {
    const { ca, port } = await proxy({ deployment: { streams: ["/stream"] } });
    let end = (): void => undefined;
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: first\n\n");
      end = () => void response.end();
    };
    const socket = connectTls({ host: "127.0.0.1", port, ca, servername: "localhost" });
    socket.write(`GET /stream HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    let text = "";
    await new Promise<void>((resolve) =>
      socket.on("data", (part: Buffer) => (text += part).includes("first") && resolve()),
    );
    expect(text).not.toContain("0\r\n\r\n");
    end();
    socket.destroy();
  });

  it("goes to another instance while one is away, and never twice for what changes something", async () => {
    const { ask } = await proxy({
      upstreams: [`127.0.0.1:${await freePort()}`, `127.0.0.1:${upstreamPort}`],
    });
    for (let round = 0; round < 8; round++) expect((await ask("/")).status).toBe(200);
    seen.length = 0;
    answer = (request) => void request.socket.destroy();
    expect((await ask("/", { method: "POST", body: "once" })).status).toBe(502);
    expect(seen).toHaveLength(1);
  });
});

describe("what nginx answers itself", () => {
  it("sends plain HTTP to HTTPS by its own name, and takes nothing there", async () => {
    const { ask, origin, plainPort, port, folder } = await proxy();
    const moved = await ask("/login?next=%2F", { plainPort });
    expect([moved.status, moved.headers.location]).toEqual([301, `${origin}/login?next=%2F`]);
    expect(moved.headers["strict-transport-security"]).toBeUndefined(); // RFC 6797 7.2
    const refused = await ask("/api/login", { plainPort, method: "POST", body: "password" });
    expect([refused.status, JSON.parse(refused.body)]).toEqual([403, problem("Forbidden", 403)]);
    const foreign = await ask("/", { plainPort, headers: { host: "evil.test" } });
    expect([foreign.status, JSON.parse(foreign.body)]).toEqual([421, problem("Misdirected Request", 421)]);
    // nginx's 497: plain HTTP on the port of HTTPS.
    const wrongPort = await ask("/login", { plainPort: port });
    expect([wrongPort.status, wrongPort.headers.location]).toEqual([301, `${origin}/login`]);
    const both = await ask("/login", { plainPort: port, headers: { host: "evil.test" } });
    expect([both.status, both.headers.location]).toEqual([421, undefined]);
    mkdirSync(join(folder, "acme/.well-known/acme-challenge"), { recursive: true });
    writeFileSync(join(folder, "acme/.well-known/acme-challenge/token"), "proof");
    expect((await ask("/.well-known/acme-challenge/token", { plainPort })).body).toBe("proof");
    expect(seen).toEqual([]);
  });

  it("refuses names that are not its own before it shows a certificate, and afterwards", async () => {
    const { ask, ca, port } = await proxy();
    for (const servername of ["evil.test", ""]) {
      const code = await new Promise((resolve) => {
        const socket = connectTls({ host: "127.0.0.1", port, ca, servername }, () => resolve("accepted"));
        socket.once("error", (error) => resolve("code" in error ? error.code : error.message));
      });
      expect(code).toMatch(/UNRECOGNIZED_NAME/);
    }
    const { headers, status } = await ask("/", { headers: { host: "evil.test" } });
    expect([status, headers["strict-transport-security"]]).toEqual([
      421,
      "max-age=31536000; includeSubDomains",
    ]);
    expect(seen).toEqual([]);
  });

  it("carries the policy's headers, and says when to come again", async () => {
    const { ask } = await proxy({ upstreams: [`127.0.0.1:${await freePort()}`] });
    const { body, headers, status } = await ask("/");
    expect([status, JSON.parse(body)]).toEqual([502, problem("Bad Gateway", 502)]);
    expect(headers).toMatchObject({
      "content-type": "application/problem+json",
      "content-security-policy":
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
      "cache-control": "no-store",
      "retry-after": "5",
      server: "nginx",
    });
  });

  it("bounds headers and bodies by the policy; files may be as large as a file", async () => {
    const { ask } = await proxy({
      overrides: {
        input: { bodyLimitBytes: 4096, jsonLimitBytes: 4096 },
        transport: { maxHeaderBytes: 8192 },
      },
      deployment: { uploads: ["/files"] },
    });
    const post = async (path: string, size: number) =>
      (await ask(path, { method: "POST", body: Buffer.alloc(size) })).status;
    expect([await post("/", 4096), await post("/", 4097), await post("/files", 1_000_000)]).toEqual([
      200, 413, 200,
    ]);
    expect((await ask("/", { headers: { "x-a": "a".repeat(8000) } })).status).toBe(200);
    const large = await ask("/", { headers: { "x-a": "a".repeat(9000) } });
    expect([large.status, JSON.parse(large.body)]).toEqual([
      431,
      problem("Request Header Fields Too Large", 431),
    ]);
    expect(JSON.parse((await ask("/.aegis-answer")).body)).toEqual(problem("Not Found", 404));
  });

  it("keeps a flood of one address off, beyond what the application would let through", async () => {
    const tiny = Object.fromEntries(
      [
        "login",
        "register",
        "reset",
        "verifyEmail",
        "mfaVerify",
        "refresh",
        "upload",
        "apiKeyCreate",
        "cspReport",
        "global",
      ].map((name) => [name, "1/day"]),
    );
    const { ask } = await proxy({ overrides: { rateLimit: { limits: { ...tiny, read: "5/hour" } } } });
    const statuses: number[] = [];
    for (let count = 0; count < 40; count++) statuses.push((await ask("/")).status);
    // Twice the sum of the limits at once, (10 + 5) * 2, and the one that is under way.
    expect(statuses.filter((status) => status === 200).length).toBe(31);
    expect(new Set(statuses.slice(31))).toEqual(new Set([429]));
    expect((await ask("/")).headers["retry-after"]).toBe("5");
  });

  it("writes no query into its log", async () => {
    const { ask, log } = await proxy();
    await ask("/search?q=planted-secret", {
      headers: { cookie: "planted=1", referer: "https://x.test/planted" },
    });
    const lines = log().trim().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ path: "/search", status: "200", client: "127.0.0.1" });
    expect(log()).not.toContain("planted");
  });
});

describe("headers that the policy leaves to the proxy", () => {
  it("are set once, on pages and on data, over what the application says", async () => {
    const { ask } = await proxy({ overrides: { headers: { setBy: "proxy", csp: { scripts: "self" } } } });
    answer = (request, response) =>
      void response
        .setHeader("content-type", request.url === "/" ? "text/html; charset=utf-8" : "application/json")
        .end("x");
    const [page, data] = [(await ask("/")).headers, (await ask("/data")).headers];
    expect(page["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(data["content-security-policy"]).toMatch(/^default-src 'none'; base-uri 'none'/);
    for (const headers of [page, data])
      expect(headers).toMatchObject({
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-frame-options": "DENY",
      });
  });
});

describe("the core rule set of ModSecurity", () => {
  it("refuses an attack where it blocks, tells it where it detects, and lets ordinary requests through", async () => {
    const attack = "/?id=1%27%20or%201%3D1%20union%20select%20password%20from%20users--";
    const blocking = await proxy({ deployment: { firewall: "block", uploads: ["/files"] } });
    expect([(await blocking.ask(attack)).status, (await blocking.ask("/ordinary?id=1")).status]).toEqual([
      403, 200,
    ]);
    const json = { "content-type": "application/json" };
    const say = async (body: string) =>
      (await blocking.ask("/api", { method: "PUT", headers: json, body: JSON.stringify({ name: body }) }))
        .status;
    expect([await say("Ada"), await say("<script>alert(document.cookie)</script>")]).toEqual([200, 403]);
    const detecting = await proxy({ deployment: { firewall: "detect" } });
    expect((await detecting.ask(attack)).status).toBe(200);
    expect(detecting.log()).toContain("ModSecurity: Warning");
  });
});

describe("TLS", () => {
  it("has no protocol under 1.2 and no weak cipher, by sslscan", async () => {
    const { port } = await proxy();
    const report = execFileSync("sslscan", ["--no-colour", "--sni-name=localhost", `127.0.0.1:${port}`], {
      encoding: "utf8",
    });
    for (const old of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"])
      expect(report).toMatch(new RegExp(`${old.replace(".", "\\.")} +disabled`));
    for (const good of ["TLSv1.2", "TLSv1.3"])
      expect(report).toMatch(new RegExp(`${good.replace(".", "\\.")} +enabled`));
    expect(report).not.toMatch(/TLSv1\.\d vulnerable|Compression enabled/);
    const ciphers = [...report.matchAll(/^(?:Preferred|Accepted) +TLSv1\.\d +(\d+) bits +(\S+)/gm)];
    expect(ciphers.length).toBeGreaterThan(4);
    for (const [, bits, name] of ciphers) {
      expect(Number(bits)).toBeGreaterThanOrEqual(128);
      expect(name).toMatch(/^(TLS_(AES|CHACHA20)|ECDHE-ECDSA-(AES(128|256)-GCM|CHACHA20))/);
    }
  });
});
