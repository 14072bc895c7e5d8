/** What systemd does elsewhere, as far as the rendered unit asks for it: its variables, files, credentials, command, end. */
import { existsSync, readFileSync } from "node:fs";

/** A program: `systemctl restart hub@PORT`, `reload-or-restart nginx`; below STANDING_ROOT in place of /. */
export const SYSTEMCTL = `
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const { parseEnv } = require("node:util");
const root = process.env.STANDING_ROOT;
const [what, ...units] = process.argv.slice(2);
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
const pidIn = (file) => (fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8")) : 0);
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
fs.mkdirSync(root + "/run", { recursive: true });
(async () => {
  if (what === "daemon-reload" || what === "enable") return;
  for (const unit of units) {
    if (unit === "nginx") {
      const pid = pidIn(root + "/nginx.pid");
      if (pid > 0 && alive(pid)) { process.kill(pid, "SIGHUP"); continue; }
      spawn(root + "/bin/nginx", [], { stdio: "ignore", detached: true }).unref();
      while (pidIn(root + "/nginx.pid") === 0) await pause();
      continue;
    }
    const [, port] = /^hub@(\\d+)$/.exec(unit) ?? process.exit(5);
    const lines = fs.readFileSync(root + "/etc/systemd/system/hub@.service", "utf8").split("\\n");
    const credentials = root + "/run/credentials-" + port;
    const said = (key) => lines.filter((line) => line.startsWith(key + "=")).map((line) => line.slice(key.length + 1)
      .replaceAll("%i", port).replaceAll("%S", root + "/var/lib").replaceAll("%d", credentials));
    const env = { PATH: "/usr/bin:/bin" };
    for (const one of said("Environment")) env[one.slice(0, one.indexOf("="))] = one.slice(one.indexOf("=") + 1);
    for (const file of said("EnvironmentFile")) Object.assign(env, parseEnv(fs.readFileSync(file, "utf8")));
    fs.mkdirSync(credentials, { recursive: true, mode: 0o700 });
    for (const one of said("LoadCredential")) {
      const [name, file] = one.split(":");
      fs.writeFileSync(credentials + "/" + name, fs.readFileSync(file), { mode: 0o600 });
    }
    const pidFile = root + "/run/" + unit + ".pid";
    const old = pidIn(pidFile);
    if (old > 0 && alive(old)) {
      process.kill(old, said("KillSignal")[0]);
      const until = Date.now() + Number(said("TimeoutStopSec")[0]) * 1000;
      while (alive(old) && Date.now() < until) await pause();
      if (alive(old)) process.kill(old, "SIGKILL");
    }
    const log = fs.openSync(root + "/" + unit + ".log", "a");
    const [program, ...args] = said("ExecStart")[0].split(" ");
    const child = spawn(program, args, { cwd: said("WorkingDirectory")[0], env, detached: true, stdio: ["ignore", log, log] });
    await new Promise((resolve, reject) => { child.once("spawn", resolve); child.once("error", reject); });
    fs.writeFileSync(pidFile, String(child.pid));
    child.unref();
  }
})();
`;

export async function endProcess(pidFile: string): Promise<void> {
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
