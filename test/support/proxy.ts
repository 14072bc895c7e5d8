/** A real nginx from a rendered file: its own folder, its own ports, ended by pid. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request, type RequestOptions } from "node:https";
import { request as plainRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, type PolicyOverrides, type PresetName } from "aegis";
import { artefacts, parseDeployment } from "aegis/render";
import { freePorts } from "./ports.ts";
import { repository, run, type Running } from "./processes.ts";

export const NGINX = "/usr/sbin/nginx";

export interface ProxyOptions {
  readonly upstreams: readonly string[];
  readonly overrides?: PolicyOverrides & { readonly preset?: PresetName };
  /** Laid upon the deployment description. */
  readonly deployment?: Readonly<Record<string, unknown>>;
}

export interface TestProxy extends Prepared {
  /** The local authority, PEM; its file. */
  readonly ca: string;
  readonly caFile: string;
  readonly policyFile: string;
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

/** The command, as an operator calls it. */
export function aegis(args: readonly string[], cwd = repository): string {
  const bin = join(repository, "packages/aegis-cli/bin/aegis.mjs");
  return execFileSync(process.execPath, [bin, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Ports and folders for one, and ports for what is to be behind it; the certificate by a local authority. Nothing runs yet. */
export async function prepareProxy(instances = 0) {
  const folder = mkdtempSync(join(tmpdir(), "aegis-proxy-"));
  chmodSync(folder, 0o755); // workers are somebody else where the test is root
  for (const name of ["log", "tmp"]) mkdirSync(join(folder, name));
  const [port = 0, plainPort = 0, ...upstreamPorts] = await freePorts(2 + instances);
  aegis(["certs", "ca", "localhost", "127.0.0.1", "--out", folder]);
  const by = ["--ca", join(folder, "ca.pem"), "--ca-key", join(folder, "ca-key.pem")];
  aegis(["certs", "issue", "localhost", ...by, "--out", folder, "--production"]);
  return { folder, port, plainPort, upstreamPorts, origin: `https://localhost:${port}` };
}

type Prepared = Awaited<ReturnType<typeof prepareProxy>>;

export async function startProxy(prepared: Prepared, options: ProxyOptions): Promise<TestProxy> {
  const { folder, origin, plainPort, port } = prepared;
  const policyFile = join(folder, "policy.json");
  const { transport, ...overrides } = options.overrides ?? {};
  const policyData = { ...overrides, transport: { allowedHosts: [`localhost:${port}`], ...transport } };
  writeFileSync(policyFile, JSON.stringify(policyData));
  const deployment = parseDeployment({
    name: "hub",
    origin,
    upstreams: options.upstreams,
    listen: { http: [`127.0.0.1:${plainPort}`], https: [`127.0.0.1:${port}`] },
    tls: { certificateFile: join(folder, "fullchain.pem"), keyFile: join(folder, "privkey.pem") },
    acmeDirectory: join(folder, "acme"),
    nginx: {
      pidFile: join(folder, "nginx.pid"),
      logDirectory: join(folder, "log"),
      temporaryDirectory: join(folder, "tmp"),
    },
    ...options.deployment,
  });
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    artefacts.nginx.render(definePolicy({ ...policyData, environment: "production" }), deployment),
  );
  execFileSync(NGINX, ["-t", "-q", "-c", file], { stdio: ["ignore", "inherit", "inherit"] });
  const server: Running = run(NGINX, ["-c", file, "-g", "daemon off;"]);
  await listens(port);
  return {
    ...prepared,
    caFile: join(folder, "ca.pem"),
    ca: readFileSync(join(folder, "ca.pem"), "utf8"),
    policyFile,
    log: () =>
      ["access", "error"]
        .map((kind) => readFileSync(join(folder, "log", `hub.${kind}.log`), "utf8"))
        .join(""),
    close: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("nginx did not listen within 5 s");
}

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Over plain HTTP, to this port. */
  readonly plainPort?: number;
}

export const asker =
  ({ ca, port }: Pick<TestProxy, "ca" | "port">) =>
  (path: string, { method = "GET", headers = {}, body, plainPort }: Question = {}): Promise<Asked> =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        host: "127.0.0.1",
        port: plainPort ?? port,
        path,
        method,
        headers: { host: `localhost:${port}`, ...headers },
        agent: false,
      };
      const tls = { ...options, ca, servername: "localhost" };
      const sent = plainPort === undefined ? request(tls) : plainRequest(options);
      sent.once("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.once("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
        answer.once("error", reject);
      });
      sent.once("error", reject);
      sent.end(body);
    });
