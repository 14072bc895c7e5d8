/**
 * A whole deployment on this machine, made by doing what docs/deployment.md and docs/releases.md say: their blocks are run
 * as they stand, with this machine's folders, ports and users in place of /opt, /etc and the like.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePorts } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { repository, run, type Running } from "./processes.ts";
import { startRedis } from "./redis.ts";
import { endProcess, SYSTEMCTL } from "./systemctl.ts";

const guide = (name: string): string => readFileSync(join(repository, "docs", name), "utf8");

/** The text of a fenced block: the first of its language after a heading. */
export function blockOf(file: string, heading: string, language: string, which = 0): string {
  const [, section = ""] = guide(file).split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  const found = [...own.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))];
  const text = found[which]?.[1];
  if (text === undefined) throw new Error(`docs/${file} has no such block of ${language} under ${heading}`);
  return text;
}

const password = (): string => crypto.randomUUID().replaceAll("-", "");

export type Standing = Awaited<ReturnType<typeof standUp>>;

export async function standUp() {
  const root = mkdtempSync(join(tmpdir(), "aegis-standing-"));
  chmodSync(root, 0o755); // nginx's workers are somebody else
  const at = (path: string): string => join(root, path);
  const [port = 0, plainPort = 0, ...ports] = await freePorts(4);
  const host = `localhost:${port}`;
  const origin = `https://${host}`;
  const hba = at("pg_hba.conf");
  // Who administers comes in without; everybody else by the password that the guide demands.
  writeFileSync(hba, "host all hub 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
  const secret = password();
  const [postgres, redis] = await Promise.all([
    startPostgres([`hba_file=${hba}`], ""),
    startRedis(["--requirepass", secret], secret),
  ]);
  const ended: (() => Promise<unknown>)[] = [];
  const me = userInfo();
  const group = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();

  /** What a guide says, about this machine. */
  const here = (text: string): string =>
    text
      .replaceAll(
        /(?<![\w.])\/(?=(opt|etc)\/hub|etc\/(nginx|systemd|logrotate\.d)|var\/(lib\/hub|backups|www))/g,
        `${root}/`,
      )
      .replaceAll(/-([og]) hub\b/g, (_all, flag: string) => `-${flag} ${flag === "o" ? me.username : group}`)
      .replaceAll(/\b(3000|3001)\b/g, (one) => String(ports[Number(one) - 3000]))
      .replaceAll("127.0.0.1:6379", `127.0.0.1:${redis.port}`)
      .replaceAll("@127.0.0.1/hub", `@127.0.0.1:${new URL(postgres.url).port}/hub`)
      .replaceAll("hub.example", host);

  for (const folder of ["bin", "etc/nginx", "etc/systemd/system", "etc/logrotate.d", "log", "tmp", "var/lib"])
    mkdirSync(at(folder), { recursive: true });
  const bin = (name: string, text: string): void => writeFileSync(at(`bin/${name}`), text, { mode: 0o755 });
  const command = join(repository, "packages/aegis-cli/bin/aegis.mjs");
  bin("systemctl", `#!${process.execPath}\n${SYSTEMCTL}`);
  bin("nginx", `#!/bin/sh\nexec /usr/sbin/nginx -c ${root}/etc/nginx/nginx.conf "$@"\n`);
  bin("npx", `#!/bin/sh\nshift\nexec ${process.execPath} ${command} "$@"\n`);
  for (const none of ["adduser", "npm"]) bin(none, "#!/bin/sh\n");
  const env = {
    NO_COLOR: "1",
    STANDING_ROOT: root,
    PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
  };
  const bash = async (script: string, cwd: string): Promise<{ status: number | null; text: string }> => {
    const child = run("bash", ["-euo", "pipefail", "-c", script], env, cwd);
    return { status: await child.ended(), text: child.output() };
  };
  const demanded = async (script: string, cwd: string): Promise<string> => {
    const { status, text } = await bash(script, cwd);
    if (status !== 0) throw new Error(`ended with ${status}: ${text}`);
    return text;
  };

  /** The project as it was built and committed, with this machine's description. */
  const build = (name: string, change: Change = {}): string => {
    const folder = at(`builds/${name}`);
    mkdirSync(folder, { recursive: true });
    for (const file of ["aegis.config.ts", "package.json", "package-lock.json", ".gitignore"])
      copyFileSync(join(repository, file), join(folder, file));
    for (const part of ["apps/hub/server", "apps/hub/target.json", "apps/hub/package.json", "apps/hub/dist"])
      cpSync(join(repository, part), join(folder, part), { recursive: true });
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    for (const [file, from, to] of change.replace ?? []) {
      const path = join(folder, "apps/hub/dist", file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} holds no ${from}`);
      writeFileSync(path, text.replace(from, to));
    }
    for (const [id, sql] of Object.entries(change.migrations ?? {}))
      for (const [way, text] of Object.entries(sql))
        for (const place of ["server", "dist/server"])
          writeFileSync(join(folder, "apps/hub", place, "database/migrations", `${id}.${way}.sql`), text);
    const own = readFileSync(join(repository, "deploy/deployment.json"), "utf8");
    const described = JSON.parse(here(own));
    described.monitoring = JSON.parse(own).monitoring; // of other machines
    Object.assign(described.service, {
      user: me.username,
      directory: at("opt/hub/current"),
      environmentFile: at("etc/hub/environment"),
    });
    Object.assign(described, {
      listen: { http: [`127.0.0.1:${plainPort}`], https: [`127.0.0.1:${port}`] },
      acmeDirectory: at("var/www/acme"),
      nginx: { pidFile: at("nginx.pid"), logDirectory: at("log"), temporaryDirectory: at("tmp") },
    });
    mkdirSync(join(folder, "deploy"));
    writeFileSync(join(folder, "deploy/deployment.json"), JSON.stringify(described, undefined, 2));
    const git = (...args: readonly string[]) =>
      execFileSync("git", ["-c", "user.name=o", "-c", "user.email=o@hub.example", ...args], {
        cwd: folder,
        stdio: "ignore",
      });
    execFileSync(process.execPath, [command, "render", "all", "deploy"], { cwd: folder, stdio: "ignore" });
    git("init", "-q");
    writeFileSync(join(folder, ".git/info/exclude"), "/node_modules\n"); // here it is a link
    git("add", "-A");
    git("commit", "-qm", `release ${name}`);
    return folder;
  };

  const first = build("r1");
  let probeKey = "";
  // As fast as nginx lets one address come for minutes.
  writeFileSync(at("slowly.lua"), "function delay() return 150 end\n");
  ended.push(() => endProcess(at("nginx.pid")));
  for (const one of ports) ended.push(() => endProcess(at(`run/hub@${one}.pid`)));
  const close = async (): Promise<void> => {
    for (const end of ended) await end();
    await Promise.all([postgres.close(), redis.close()]);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    // Once.
    const once = here(blockOf("deployment.md", "Once", "sh"));
    await demanded(once.replace(/^.*certs self-signed.*$/m, ""), first);
    await demanded(
      `npx aegis certs ca localhost --out ${root}/ca
       npx aegis certs issue localhost --ca ${root}/ca/ca.pem --ca-key ${root}/ca/ca-key.pem --out ${root}/etc/hub/tls --production
       age-keygen -o ${root}/identity.txt 2>/dev/null
       age-keygen -y ${root}/identity.txt > ${root}/etc/hub/backup-recipients.txt`,
      first,
    );
    const words = new Map<string, string>();
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    for (const line of blockOf("deployment.md", "Once", "sql").split(";\n")) {
      const [, role] = /create role (\w+) login password '\.\.\.'/.exec(line) ?? [];
      if (role !== undefined) words.set(role, password());
      if (line.trim() !== "") await admin.query(line.replace("...", words.get(role ?? "") ?? ""));
    }
    await admin.end();
    const key = (): string =>
      execFileSync(process.execPath, [command, "keys", "secret"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    probeKey = key();
    const filled = (text: string): string =>
      here(text)
        .replaceAll(
          /(postgres:\/\/)(\w+):\.\.\./g,
          (_all, scheme: string, role: string) => `${scheme}${role}:${words.get(role)}`,
        )
        .replace("redis://:...", `redis://:${secret}`)
        .replace("smtps://...", `smtps://hub:${password()}@127.0.0.1:9`) // nothing is sent here
        .replace(/PROBE_KEY=\.\.\./, `PROBE_KEY=${probeKey}`)
        .replace("SECRET_KEY=...", `SECRET_KEY=${key()}`);
    // The rendered file, with what the guide fills in; one process each, for two processors.
    const values = `${filled(blockOf("deployment.md", "Once", "ini"))}WORKERS=1\n`;
    let environment = readFileSync(at("etc/hub/environment"), "utf8");
    for (const [, name = "", value = ""] of values.matchAll(/^([A-Z_]+)=(.+)$/gm)) {
      if (!new RegExp(`^(# )?${name}=`, "m").test(environment)) throw new Error(`no ${name} is rendered`);
      environment = environment.replace(new RegExp(`^(# )?${name}=.*$`, "m"), () => `${name}=${value}`);
    }
    writeFileSync(at("etc/hub/environment"), environment);
    const releasing = filled(blockOf("deployment.md", "Once", "ini", 1));
    // Browsers of this deployment know its authority, and so do its commands.
    writeFileSync(at("etc/hub/release.env"), `${releasing}NODE_EXTRA_CA_CERTS=${root}/ca/ca.pem\n`, {
      mode: 0o600,
    });
    const releases = JSON.parse(here(blockOf("releases.md", "release.config.json", "json")));
    writeFileSync(at("opt/hub/release.config.json"), JSON.stringify({ ...releases, healthSeconds: 20 }));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    root,
    at,
    here,
    origin,
    host,
    port,
    plainPort,
    ports,
    first,
    probeKey,
    slowly: at("slowly.lua"),
    caFile: at("ca/ca.pem"),
    /** As the operator's superuser: the whole database. */
    database: postgres.url.replace(/\/\w+$/, "/hub"),
    build,
    bash,
    /** Runs with the environment of a release. */
    aegis: async (
      args: readonly string[],
      more: Readonly<Record<string, string>> = {},
      cwd = at("opt/hub/current"),
    ) => {
      const files = ["environment", "release.env"].map((name) => `--env-file=${at(`etc/hub/${name}`)}`);
      const child: Running = run(
        process.execPath,
        [...files, command, ...args],
        {
          ...env,
          NODE_EXTRA_CA_CERTS: at("ca/ca.pem"),
          ...more,
        },
        cwd,
      );
      return { status: await child.ended(), text: child.output() };
    },
    release: (args: readonly string[]): Running =>
      run(process.execPath, [command, "release", at("opt/hub"), ...args], env, first),
    logs: (): string =>
      readdirSync(root)
        .filter((name) => name.endsWith(".log"))
        .map((name) => readFileSync(at(name), "utf8"))
        .join(""),
    close,
  };
}

export interface Change {
  /** File below apps/hub/dist, what stands there, what shall. */
  readonly replace?: readonly (readonly [file: string, from: string, to: string])[];
  readonly migrations?: Readonly<Record<string, { readonly up: string; readonly down: string }>>;
}
