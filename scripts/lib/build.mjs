import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { environment, fail, nodePath, root } from "./node.mjs";

const packages = ["packages/aegis", "packages/aegis-cli", "apps/hub"];
const sources = ["packages/aegis/src", "packages/aegis-cli/src", "apps/hub/server", "apps/hub/web"];
const stamp = join(root, "node_modules", ".cache", "build-stamp");

/** Files that are read at run time and so travel with the build, as [from, to]. */
const carried = [
  ["packages/aegis/src", "packages/aegis/dist"],
  ["apps/hub/server", "apps/hub/dist/server"],
];
const isCarried = (file) => /\.(sql|md|json|txt)$/.test(file);

/** Newest change and number of the sources, as one text: what a build was made of. */
function fingerprint() {
  let newest = 0;
  let count = 0;
  for (const folder of sources)
    for (const file of filesIn(join(root, folder))) {
      newest = Math.max(newest, statSync(file).mtimeMs);
      count += 1;
    }
  return `${newest} ${count}`;
}

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (!entry.name.includes(".test.")) yield path;
  }
}

/** Builds what is stale: the libraries and the server by the compiler, the web UI by Vite, both at once. */
export async function build({ force = false } = {}) {
  const made = fingerprint();
  const complete = packages.every((folder) => existsSync(join(root, folder, "dist")));
  if (!force && complete && existsSync(stamp) && readFileSync(stamp, "utf8") === made) return;
  process.stderr.write("Building ...\n");
  for (const folder of packages) rmSync(join(root, folder, "dist"), { recursive: true, force: true });
  await Promise.all([
    buildServer(),
    runNode([
      "node_modules/vite/bin/vite.js",
      "build",
      "--config",
      "apps/hub/web/vite.config.ts",
      "--logLevel",
      "warn",
    ]),
  ]);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, made);
}

async function buildServer() {
  // One after the other: each is checked against the declarations that the one before has written.
  for (const folder of packages) await runNode(["node_modules/typescript/bin/tsc", "-p", folder]);
  for (const [from, to] of carried)
    for (const file of filesIn(join(root, from))) {
      if (isCarried(file)) cpSync(file, join(root, to, relative(join(root, from), file)));
    }
}

function runNode(args) {
  return new Promise((resolve) => {
    const child = spawn(nodePath(), args, { cwd: root, stdio: "inherit", env: environment() });
    child.on("exit", (code) => (code === 0 ? resolve() : fail(`${args.join(" ")} failed.`)));
  });
}
