/**
 * A deployment as an operator has it: a folder with releases of the built hub, two instances as processes, nginx with a
 * certificate in front, and the command `aegis`.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { binaries } from "./postgres.ts";
import { repository, type Running, run } from "./processes.ts";

const NAMES = ["a", "b"] as const;
const SECRET = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";

export interface Deployment {
  readonly root: string;
  /** Where visitors reach it. */
  readonly origin: string;
  readonly certificate: string;
  /** Where each instance answers by itself. */
  readonly instances: readonly string[];
  readonly maintenanceFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** A copy of the built hub with texts of its files replaced and migrations added; its folder. */
  build(name: string, change?: Change): string;
  aegis(args: readonly string[]): Running;
  close(): Promise<void>;
}

export interface Change {
  /** File below the release, what stands there, what shall. */
  readonly replace?: readonly (readonly [file: string, from: string, to: string])[];
  /** By name: up and down. */
  readonly migrations?: Readonly<Record<string, readonly [up: string, down: string]>>;
}

export async function startDeployment(urls: {
  readonly owner: string;
  readonly app: string;
  readonly redis: string;
}): Promise<Deployment> {
  const root = mkdtempSync(join(tmpdir(), "aegis-deployment-"));
  const [port, ...ports] = await Promise.all([freePort(), ...NAMES.map(() => freePort())]);
  const origin = `https://127.0.0.1:${port}`;
  const certificate = join(root, "certificate.pem");
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hub -addext subjectAltName=IP:127.0.0.1".split(
        " ",
      ),
      "-keyout",
      join(root, "key.pem"),
      "-out",
      certificate,
    ],
    { stdio: "ignore" },
  );
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  const policy = join(root, "policy.json");
  const roomy = { login: 9000, register: 9000, read: 900_000, global: 900_000, user: 900_000 };
  const limits = Object.fromEntries(Object.entries(roomy).map(([name, most]) => [name, `${most}/minute`]));
  writeFileSync(policy, JSON.stringify({ rateLimit: { limits }, account: { emailVerification: "off" } }));
  const maintenanceFile = join(root, "maintenance.json");
  const env = {
    NODE_ENV: "production",
    NO_COLOR: "1",
    SECRET_KEY: SECRET,
    PUBLIC_ORIGIN: origin,
    DATABASE_URL: urls.app,
    REDIS_URL: urls.redis,
    WORKERS: "1",
    AEGIS_POLICY: policy,
    AEGIS_DIRECTORY: join(root, "data"),
    MAINTENANCE_FILE: maintenanceFile,
  };
  writeFileSync(join(root, "instance.mjs"), INSTANCE);
  const node = process.execPath;
  const migrate = (word: string) => [node, "{release}/server/migrate.js", word];
  writeFileSync(
    join(root, "release.config.json"),
    JSON.stringify({
      address: origin,
      instances: NAMES.map((name, index) => ({
        name,
        address: `http://127.0.0.1:${ports[index]}`,
        host: `127.0.0.1:${port}`,
        restart: [node, join(root, "instance.mjs"), name, String(ports[index]), "{current}"],
      })),
      preflight: migrate("status"),
      backup: [join(binaries(), "pg_dump"), "-Fc", "-f", "{directory}/{id}.dump", urls.owner],
      migrate: { status: migrate("status"), up: migrate("up"), down: [...migrate("down"), "{heads}"] },
      verify: [
        "aegis",
        "verify",
        "{address}",
        "--fast",
        "--only",
        "headers",
        "--ca",
        certificate,
        "--policy",
        policy,
        "--preset",
        "education",
        "--target",
        join(repository, "apps/hub/target.json"),
      ],
      fingerprint: ["aegis", "policy", "show", "--policy", policy, "--environment", "production"],
      healthSeconds: 25,
      settleMilliseconds: 200,
    }),
  );
  const nginx = startNginx(root, port, ports);
  return {
    root,
    origin,
    certificate,
    instances: ports.map((one) => `http://127.0.0.1:${one}`),
    maintenanceFile,
    env,
    build(name, { replace = [], migrations = {} } = {}) {
      const folder = join(root, "builds", name);
      cpSync(join(repository, "apps/hub/dist"), folder, { recursive: true });
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", version: name }));
      for (const [file, from, to] of replace) {
        const text = readFileSync(join(folder, file), "utf8");
        if (!text.includes(from)) throw new Error(`${file} holds no ${from}`);
        writeFileSync(join(folder, file), text.replace(from, to));
      }
      for (const [id, [up, down]] of Object.entries(migrations))
        for (const [way, sql] of [
          ["up", up],
          ["down", down],
        ] as const)
          writeFileSync(join(folder, "server/database/migrations", `${id}.${way}.sql`), sql);
      return folder;
    },
    aegis: (args) =>
      run(
        node,
        [join(repository, "packages/aegis-cli/bin/aegis.mjs"), ...args],
        { ...env, DATABASE_OWNER_URL: urls.owner },
        repository,
      ),
    async close() {
      for (const name of NAMES) await endProcess(join(root, `${name}.pid`));
      const ended = new Promise((resolve) => nginx.once("exit", resolve));
      // Killed at once it would leave its workers behind.
      if (nginx.exitCode === null && nginx.kill("SIGTERM")) await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What systemd does elsewhere: ends the old process in order, starts a new one, leaves it running. */
const INSTANCE = `import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
const [name, port, current] = process.argv.slice(2);
const pidFile = new URL(name + ".pid", import.meta.url);
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
if (existsSync(pidFile)) {
  const pid = Number(readFileSync(pidFile, "utf8"));
  if (alive(pid)) process.kill(pid, "SIGTERM");
  while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
const log = openSync(new URL(name + ".log", import.meta.url), "a");
const { DATABASE_OWNER_URL: _owner, ...env } = process.env;
const child = spawn(process.execPath, [realpathSync(current) + "/server/serve.js"], {
  detached: true, stdio: ["ignore", log, log], env: { ...env, PORT: port },
});
writeFileSync(pidFile, String(child.pid));
child.unref();
`;

async function endProcess(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8"));
  try {
    process.kill(pid, "SIGTERM");
    for (let tries = 0; tries < 200; tries++) {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function startNginx(root: string, port: number, ports: readonly number[]): ChildProcess {
  const servers = NAMES.map((name, index) => ({ name, line: `server 127.0.0.1:${ports[index]};` }));
  const upstream = (name: string, lines: readonly string[]): string =>
    `upstream ${name} { zone ${name} 64k; ${lines.join(" ")} keepalive 8; }`;
  const config = `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; worker_processes 1; pid ${root}/nginx.pid; error_log ${root}/nginx.log warn;
events {}
http {
  access_log off; server_tokens off; client_max_body_size 60m;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${root}/temp-${kind};`).join(" ")}
  ${upstream(
    "everybody",
    servers.map(({ line }) => line),
  )}
  ${servers
    .map(({ name }) =>
      upstream(
        `without_${name}`,
        servers.filter((one) => one.name !== name).map(({ line }) => line),
      ),
    )
    .join("\n  ")}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${root}/certificate.pem; ssl_certificate_key ${root}/key.pem;
    location / {
      set $instances everybody;
      ${servers.map(({ name }) => `if (-f ${root}/out/${name}) { set $instances without_${name}; }`).join("\n      ")}
      proxy_pass http://$instances;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
    }
    location /assets/ {
      set $instances everybody;
      ${servers.map(({ name }) => `if (-f ${root}/out/${name}) { set $instances without_${name}; }`).join("\n      ")}
      proxy_pass http://$instances;
      proxy_next_upstream error timeout http_404;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
    }
  }
}
`;
  mkdirSync(join(root, "out"));
  writeFileSync(join(root, "nginx.conf"), config);
  execFileSync("/usr/sbin/nginx", ["-t", "-q", "-e", `${root}/nginx.log`, "-c", `${root}/nginx.conf`]);
  return spawn("/usr/sbin/nginx", ["-e", `${root}/nginx.log`, "-c", `${root}/nginx.conf`], {
    stdio: "ignore",
  });
}
