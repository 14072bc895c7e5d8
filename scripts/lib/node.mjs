// Runs before anything is installed: plain JavaScript that Node 20 understands.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LEAST = [22, 18];

const isRecent = (version) => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
};

/** Path of a Node that is recent enough: the installed one first, then this one. Ends the process where there is none. */
export function nodePath() {
  const installed = join(root, "node_modules", ".bin", "node");
  for (const candidate of [installed, process.execPath]) {
    if (candidate === installed && !existsSync(installed)) continue;
    const { stdout } = spawnSync(candidate, ["--version"], { encoding: "utf8" });
    if (stdout && isRecent(stdout.trim())) return candidate;
  }
  fail(
    `Node.js ${LEAST.join(".")} or later is needed; this is ${process.version}.`,
    "Install a current Node.js from nodejs.org.",
  );
}

export function fail(message, hint) {
  process.stderr.write(`error: ${message}\n${hint ? `hint: ${hint}\n` : ""}`);
  process.exit(1);
}

/** Runs a program to its end; ends this process when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) fail(`${command} cannot be run: ${result.error.message}`);
  if (result.status !== 0) fail(`${[command, ...args].join(" ")} failed.`);
}

/** Becomes the program: passes signals on and ends as it ends. */
export function become(command, args, env) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env });
  // A terminal sends Ctrl-C to the whole group; SIGTERM reaches this process alone and must be passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => fail(`${command} cannot be run: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

/** The environment with the installed programs in front. */
export const environment = () => ({
  ...process.env,
  PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`,
});
