/** Connections: whom we believe, how long we wait, and what we refuse to send. */
import { generateKeyPairSync, sign } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { CookieClient } from "./client.ts";
import { sendRaw, wireDefaults, type WireOptions } from "./connection.ts";
import { exchange } from "./exchange.ts";

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: net.Server, scheme = "http", host = "127.0.0.1"): Promise<URL> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return new URL(`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`);
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const answering = (socket: net.Socket, answer = ok): void => {
  socket.on("error", () => socket.destroy());
  socket.once("data", () => socket.end(answer));
};
const options = (origin: URL, more: Partial<WireOptions> = {}): WireOptions => ({
  ...wireDefaults,
  timeoutMs: 400,
  origin,
  ...more,
});
const get = (wire: WireOptions) => exchange(wire, { path: "/" }, undefined);

/** A certificate that is its own authority, for `name`, made on the spot: no key lies in the repository. */
function selfSigned(name: string): { key: string; cert: string } {
  const tlv = (tag: number, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...size]), body]);
  };
  const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = tlv(0x30, oid("2a8648ce3d040302"));
  const subject = tlv(0x30, tlv(0x31, tlv(0x30, oid("550403"), tlv(0x0c, Buffer.from(name)))));
  const time = (text: string): Buffer => tlv(0x17, Buffer.from(text));
  const names = tlv(0x30, tlv(0x82, Buffer.from(name)));
  const body = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    subject,
    tlv(0x30, time("200101000000Z"), time("491231235959Z")),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, tlv(0x30, tlv(0x30, oid("551d11"), tlv(0x04, names)))),
  );
  const signature = sign("sha256", body, privateKey);
  const der = tlv(0x30, body, algorithm, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

describe("over TLS", () => {
  const secure = async (name: string) => {
    const pair = selfSigned(name);
    const origin = await listen(
      tls.createServer(pair, (socket) => answering(socket)),
      "https",
    );
    return { ...pair, origin: new URL(`https://localhost:${origin.port}`) };
  };

  it("believes no certificate that nobody vouches for", async () => {
    const { origin } = await secure("localhost");
    await expect(get(options(origin))).rejects.toMatchObject({ name: "WireError", fault: "certificate" });
  });

  it("believes the authority that it is given", async () => {
    const { origin, cert } = await secure("localhost");
    expect((await get(options(origin, { ca: cert }))).response.body).toBe("ok");
  });

  it("believes no certificate for another name", async () => {
    const { origin, cert } = await secure("elsewhere.invalid");
    await expect(get(options(origin, { ca: cert }))).rejects.toMatchObject({ fault: "certificate" });
  });

  it("looks away only where it is told to", async () => {
    const { origin } = await secure("elsewhere.invalid");
    expect((await get(options(origin, { insecure: true }))).response.status).toBe(200);
  });

  it("believes nobody where the given authority cannot be read", async () => {
    const { origin } = await secure("localhost");
    const ca = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n";
    await expect(get(options(origin, { ca }))).rejects.toMatchObject({ fault: "certificate" });
    expect((await sendRaw(options(origin, { ca }), "GET / HTTP/1.1\r\n\r\n", 300)).ended).toBe("refused");
  });

  it("says so where the far end speaks plain HTTP", async () => {
    const origin = await listen(net.createServer(answering), "https");
    await expect(get(options(origin))).rejects.toMatchObject({ name: "WireError", fault: "malformed" });
  });

  it("gives up on a handshake that never ends", async () => {
    const origin = await listen(
      net.createServer((socket) => socket.on("error", () => socket.destroy())),
      "https",
    );
    await expect(get(options(origin))).rejects.toMatchObject({ fault: "time" });
  });
});

describe("an exchange", () => {
  it("works over IPv6", async () => {
    const origin = await listen(net.createServer(answering), "http", "::1");
    expect((await get(options(origin))).response.status).toBe(200);
  });

  it("gives up on a body that drips", async () => {
    const origin = await listen(
      net.createServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        const timer = setInterval(() => socket.write("x"), 20);
        socket.on("close", () => clearInterval(timer));
      }),
    );
    const started = performance.now();
    await expect(get(options(origin))).rejects.toMatchObject({ fault: "time" });
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it("ends at once when the run is over, and starts none afterwards", async () => {
    const origin = await listen(net.createServer((socket) => socket.on("error", () => socket.destroy())));
    const run = new AbortController();
    const wire = options(origin, { timeoutMs: 20_000, signal: run.signal });
    const open = [get(wire), get(wire)];
    const raw = sendRaw(wire, "GET", 20_000);
    setTimeout(() => run.abort(), 50);
    for (const one of open) await expect(one).rejects.toMatchObject({ fault: "time" });
    expect((await raw).ended).toBe("time");
    await expect(get(wire)).rejects.toMatchObject({ fault: "time" });
    expect((await sendRaw(wire, "GET", 20_000)).ended).toBe("time");
  });

  it("tells nobody being there from our own trouble to get there", async () => {
    const origin = await listen(net.createServer());
    servers.pop()?.close();
    await expect(get(options(origin))).rejects.toMatchObject({ fault: "refused" });
    await expect(get(options(new URL("http://nothing.invalid")))).rejects.toMatchObject({ fault: "network" });
  });

  it.each([
    { path: "/a b" },
    { path: "/a\rb" },
    { path: "/\u010d\u010aX: y" },
    { path: "/", headers: { "X-A": "b\r\nX-C: d" } },
    { path: "/", headers: { "X-A": "\u010d\u010aX-C: d" } },
    { path: "/", headers: { "X-A\r\nX-C": "d" } },
    { path: "/", method: "GET / HTTP/1.1\r\nX" },
  ])("sends nothing that would be two requests: %j", async (request) => {
    let heard = false;
    const origin = await listen(
      net.createServer((socket) => {
        heard = true;
        socket.destroy();
      }),
    );
    await expect(exchange(options(origin), request, undefined)).rejects.toMatchObject({ fault: "malformed" });
    expect(heard).toBe(false);
  });

  it("says how long a body is even where there is none to send", async () => {
    const heard: string[] = [];
    const origin = await listen(
      net.createServer((socket) =>
        socket.once("data", (data) => {
          heard.push(data.toString("latin1"));
          socket.end(ok);
        }),
      ),
    );
    await exchange(options(origin), { method: "POST", path: "/" }, undefined);
    await exchange(options(origin), { path: "/" }, undefined);
    expect(heard[0]).toContain("\r\nContent-Length: 0\r\n");
    expect(heard[1]).not.toContain("Content-Length");
  });

  it("sends a cookie back byte for byte, and forgets it when it is taken away", async () => {
    const heard: string[] = [];
    const answers = ["a=\xe9\x80x; Secure", "a=; Max-Age=0"];
    const origin = await listen(
      net.createServer((socket) => {
        socket.once("data", (data) => {
          heard.push(/\r\nCookie: (.*)\r\n/.exec(data.toString("latin1"))?.[1] ?? "");
          const line = answers.shift() ?? "b=1";
          socket.end(
            Buffer.from(`HTTP/1.1 200 OK\r\nSet-Cookie: ${line}\r\nContent-Length: 0\r\n\r\n`, "latin1"),
          );
        });
      }),
    );
    const client = new CookieClient(options(origin), () => undefined);
    for (let round = 0; round < 3; round++) await client.send({ path: "/" });
    expect(heard).toEqual(["", "a=\xe9\x80x", ""]);
  });
});
