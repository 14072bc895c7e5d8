/** The files in deploy/ are what the policy renders, and the programs that read them accept them. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, presets } from "aegis";
import { artefacts, parseDeployment } from "aegis/render";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "./support/processes.ts";
import { aegis, NGINX } from "./support/proxy.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-deploy-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const deploy = join(repository, "deploy");
const policy = definePolicy({ preset: "education", environment: "production" });
const described = (file: string) => JSON.parse(readFileSync(join(deploy, file), "utf8"));
/** Its status, and what it said: into a file, because nginx cannot open a socket as /dev/stdout. */
const accepts = (command: string, args: readonly string[]): readonly [number | null, string] => {
  const said = join(folder, "said");
  const out = openSync(said, "w");
  const { error, status } = spawnSync(command, args, { cwd: folder, stdio: ["ignore", out, out] });
  closeSync(out);
  if (error !== undefined) throw error; // a program that is missing accepts nothing
  return [status, readFileSync(said, "utf8")];
};

describe("deploy/", () => {
  it.each([
    ["for nginx and systemd on Debian", [], "."],
    ["for containers", ["--deployment", "deploy/container/deployment.json"], "container"],
  ])("%s is what `aegis render all` writes now", (_what, args, place) => {
    const out = join(folder, "rendered", place);
    aegis(["render", "all", out, ...args]);
    const files = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const { name } of files)
      expect([name, readFileSync(join(deploy, place, name), "utf8")]).toEqual([
        name,
        readFileSync(join(out, name), "utf8"),
      ]);
    // The examples of an environment have a test of their own.
    const others = ["deployment.json", "roles.sh", ".env.example", ".env.production.example"];
    const kept = readdirSync(join(deploy, place), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !others.includes(entry.name))
      .map(({ name }) => name);
    expect(kept.toSorted()).toEqual(files.map(({ name }) => name).toSorted());
  });
});

describe("nginx", () => {
  const local = () => ({
    tls: { certificateFile: join(folder, "fullchain.pem"), keyFile: join(folder, "privkey.pem") },
    listen: { http: ["127.0.0.1:18080"], https: ["127.0.0.1:18443"] }, // -t opens none of them
    acmeDirectory: join(folder, "acme"),
  });
  const nginxFolders = () => ({
    pidFile: join(folder, "nginx.pid"),
    logDirectory: folder,
    temporaryDirectory: join(folder, "tmp"),
  });
  beforeAll(() => {
    mkdirSync(join(folder, "tmp"), { recursive: true });
    aegis(["certs", "self-signed", "hub.example", "--out", folder]);
  });
  const tested = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return accepts(NGINX, ["-t", "-c", file]);
  };

  it.each(["deployment.json", "container/deployment.json"])("accepts what is rendered of %s", (file) => {
    const data = { ...described(file), ...local() };
    data.nginx = { ...data.nginx, ...nginxFolders(), user: "www-data" };
    const [status, said] = tested("hub.conf", artefacts.nginx.render(policy, parseDeployment(data)));
    expect([status, said]).toEqual([0, expect.stringMatching(/test is successful/)]);
    expect(said).not.toMatch(/\[(warn|error|emerg)\]/);
  });

  it.each(Object.keys(presets))("accepts preset %s with all that can be switched on", (name) => {
    const preset = Object.keys(presets).find((one): one is keyof typeof presets => one === name) ?? "modern";
    const full = {
      ...local(),
      name: "all",
      origin: "https://hub.example:18443",
      upstreams: ["127.0.0.1:3000", "[::1]:3001", "localhost:3002"],
      uploads: ["/a", "/b"],
      streams: ["/c"],
      firewall: "block",
      nginx: nginxFolders(),
    };
    const rendered = artefacts.nginx.render(
      definePolicy({
        preset,
        environment: "production",
        headers: { setBy: "proxy", csp: { scripts: "self" } },
      }),
      parseDeployment({
        ...full,
        tls: { ...full.tls, ocspResolvers: ["127.0.0.1:53"], ocspTrustFile: full.tls.certificateFile },
      }),
    );
    expect(tested(`${name}.conf`, rendered)).toEqual([0, expect.stringMatching(/test is successful/)]);
  });
});

describe("systemd", () => {
  it("accepts the unit, and finds little that it could do", () => {
    const data = described("deployment.json");
    data.service = { ...data.service, node: realpathSync(process.execPath) };
    const unit = join(folder, "hub@.service");
    writeFileSync(unit, artefacts.systemd.render(policy, parseDeployment(data)));
    expect(accepts("systemd-analyze", ["verify", unit])).toEqual([0, ""]);
    // Of 100: "OK" ends at 20 here. What is left is the network, which it serves, and code that V8 makes.
    expect(accepts("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit])[0]).toBe(0);
  });
});

describe("promtool and amtool", () => {
  it.each(Object.keys(presets))("accept what is rendered of preset %s", (name) => {
    const preset = Object.keys(presets).find((one): one is keyof typeof presets => one === name) ?? "modern";
    const of = definePolicy({ preset, environment: "production" });
    const data = described("deployment.json");
    const files = { tokenFile: join(folder, "token"), rulesFile: join(folder, "alerts.yml") };
    const deployment = parseDeployment({ ...data, monitoring: { ...data.monitoring, ...files } });
    writeFileSync(files.tokenFile, "t");
    writeFileSync(files.rulesFile, artefacts.alerts.render(of, deployment));
    writeFileSync(join(folder, "prometheus.yml"), artefacts.prometheus.render(of, deployment));
    writeFileSync(join(folder, "alertmanager.yml"), artefacts.alertmanager.render(of, deployment));
    const count = artefacts.alerts.render(of, deployment).match(/- alert: /g)?.length ?? 0;
    expect(count).toBeGreaterThan(14);
    const [status, said] = accepts("promtool", ["check", "config", join(folder, "prometheus.yml")]);
    expect([status, said]).toEqual([0, expect.stringContaining(`${count} rules found`)]);
    expect(accepts("promtool", ["check", "rules", "--lint-fatal", files.rulesFile])[0]).toBe(0);
    expect(accepts("amtool", ["check-config", join(folder, "alertmanager.yml")])).toEqual([
      0,
      expect.stringContaining("1 receivers"),
    ]);
  });

  it("refuse it once it is damaged: what they accept says something", () => {
    const text = readFileSync(join(deploy, "alerts.yml"), "utf8");
    writeFileSync(join(folder, "bad.yml"), text.replace("100 * sum(", "100 * sum(("));
    expect(accepts("promtool", ["check", "rules", join(folder, "bad.yml")])[0]).not.toBe(0);
    const mail = readFileSync(join(deploy, "alertmanager.yml"), "utf8");
    writeFileSync(join(folder, "bad-mail.yml"), mail.replace("receiver: operators", "receiver: nobody"));
    expect(accepts("amtool", ["check-config", join(folder, "bad-mail.yml")])[0]).not.toBe(0);
  });

  it("are given no secret: only the names of the files that hold them", () => {
    const data = described("deployment.json");
    for (const bad of [
      { webhooks: [{ url: "https://user:secret@pager.example/" }] },
      { webhooks: [{ url: "https://pager.example/?token=secret" }] },
      { email: { ...data.monitoring.email, password: "secret" } },
    ])
      expect(() => parseDeployment({ ...data, monitoring: { ...data.monitoring, ...bad } })).toThrow(
        "The deployment description is not valid",
      );
    expect(() =>
      artefacts.alertmanager.render(
        policy,
        parseDeployment({ ...data, monitoring: { runbooks: data.monitoring.runbooks } }),
      ),
    ).toThrow("Nobody would be told");
  });
});

describe("the other programs", () => {
  it("accept log rotation", () => {
    const [status, said] = accepts("/usr/sbin/logrotate", [
      "-d",
      "-s",
      join(folder, "state"),
      join(deploy, "logrotate.conf"),
    ]);
    expect([status, said]).toEqual([
      0,
      expect.stringMatching(/rotating pattern: \/var\/log\/nginx\/\*\.log/),
    ]);
    expect(said).not.toMatch(/error:/);
  });

  it("accept the compose file", () => {
    for (const name of ["compose.yaml", "nginx.conf"])
      copyFileSync(join(deploy, "container", name), join(folder, name));
    writeFileSync(join(folder, "environment"), "");
    const shown = execFileSync("docker-compose", ["-f", "compose.yaml", "config"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(shown.match(/no-new-privileges:true/g)).toHaveLength(4);
    expect(shown.match(/^ {4}ports:/gm)).toHaveLength(1); // the proxy's: nothing else is reached from outside
  });
});
