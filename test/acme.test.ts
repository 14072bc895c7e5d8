/** A certificate by ACME: certbot against pebble, its challenge answered by nginx as it is rendered (docs/certificates.md). */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "./support/ports.ts";
import { type Running, run } from "./support/processes.ts";
import { aegis, NGINX, prepareProxy, startProxy, type TestProxy } from "./support/proxy.ts";

const NAME = "hub.test";
let proxy: TestProxy;
let folder: string;
let directory: string;
let management: number;
const running: Running[] = [];

beforeAll(async () => {
  const prepared = await prepareProxy();
  folder = prepared.folder;
  // Until there is another, nginx starts with one that vouches for itself: the links that certbot's file is laid over.
  mkdirSync(join(folder, "tls"));
  aegis(["certs", "self-signed", NAME, "--out", join(folder, "tls")]);
  mkdirSync(join(folder, "acme"));
  chmodSync(join(folder, "acme"), 0o755);
  proxy = await startProxy(prepared, {
    upstreams: ["127.0.0.1:9"],
    overrides: { transport: { allowedHosts: [`${NAME}:${prepared.port}`] } },
    deployment: {
      origin: `https://${NAME}:${prepared.port}`,
      tls: { certificateFile: join(folder, "tls/fullchain.pem"), keyFile: join(folder, "tls/privkey.pem") },
    },
  });
  const [acme = 0, manage = 0, dns = 0, other = 0] = await freePorts(4);
  management = manage;
  directory = `https://localhost:${acme}/dir`;
  writeFileSync(
    join(folder, "pebble.json"),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${acme}`,
        managementListenAddress: `127.0.0.1:${manage}`,
        certificate: join(folder, "fullchain.pem"),
        privateKey: join(folder, "privkey.pem"),
        httpPort: proxy.plainPort,
        tlsPort: proxy.port,
        ocspResponderURL: "",
        externalAccountBindingRequired: false,
      },
    }),
  );
  const names = run(
    "pebble-challtestsrv",
    [
      ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", `127.0.0.1:${dns}`],
      ["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", `127.0.0.1:${other}`],
    ].flat(),
  );
  const pebble = run(
    "pebble",
    ["-config", join(folder, "pebble.json"), "-strict", "-dnsserver", `127.0.0.1:${dns}`],
    { PEBBLE_VA_NOSLEEP: "1" },
  );
  running.push(pebble, names);
  await pebble.until(/ACME directory available/);
}, 120_000);
afterAll(async () => {
  for (const one of running) await one.stop();
  await proxy?.close();
});

/** The authority that this run of pebble has made for itself. */
const rootOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/roots/0", servername: "localhost", ca: proxy.ca };
    request(options, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString())).on("end", () => resolve(text));
    })
      .once("error", reject)
      .end();
  });

describe("certbot", () => {
  it("gets a certificate through the rendered nginx, and nginx serves it after a reload", async () => {
    const certbot = run(
      "certbot",
      [
        ["certonly", "--non-interactive", "--agree-tos", "-m", "operator@hub.test", "--no-eff-email"],
        ["--server", directory, "--webroot", "-w", join(folder, "acme"), "-d", NAME, "--key-type", "ecdsa"],
        ["config", "work", "logs"].flatMap((kind) => [`--${kind}-dir`, join(folder, "certbot", kind)]),
      ].flat(),
      { REQUESTS_CA_BUNDLE: proxy.caFile },
    );
    expect([await certbot.ended(), certbot.output()]).toEqual([
      0,
      expect.stringContaining("Successfully received certificate"),
    ]);
    const live = join(folder, "certbot/config/live", NAME);
    writeFileSync(join(folder, "pebble-root.pem"), await rootOf(management));
    const look = aegis(
      [
        ["certs", "inspect", join(live, "fullchain.pem"), "--key", join(live, "privkey.pem")],
        ["--name", NAME, "--ca", join(folder, "pebble-root.pem")],
      ].flat(),
    );
    expect(look).toMatch(/chain-order +2 certificates, each by the next/);
    // As the deploy hook of docs/certificates.md does.
    for (const name of ["fullchain.pem", "privkey.pem"])
      copyFileSync(join(live, name), join(folder, "tls", name));
    execFileSync(NGINX, ["-s", "reload", "-c", join(folder, "nginx.conf")]);
    const issuer = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(
          {
            host: "127.0.0.1",
            port: proxy.port,
            servername: NAME,
            ca: readFileSync(join(folder, "pebble-root.pem")),
            rejectUnauthorized: false,
          },
          () => {
            const told = `${socket.authorized} ${String(socket.getPeerCertificate().issuer.CN)}`;
            socket.destroy();
            resolve(told);
          },
        );
        socket.once("error", reject);
      });
    let told = "";
    for (let tries = 0; tries < 50 && !told.startsWith("true"); tries++) {
      told = await issuer();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(told).toMatch(/^true Pebble Intermediate CA/);
  }, 120_000);
});
