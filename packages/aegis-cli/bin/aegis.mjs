#!/usr/bin/env node
// Plain JavaScript: starts the command under a Node that is recent enough, from the build or, without one, the sources.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const recent = major > 22 || (major === 22 && minor >= 18);

function newerNode() {
  for (let folder = home; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", ".bin", "node");
    if (existsSync(candidate)) return candidate;
  }
  process.stderr.write(
    `error: Node.js 22.18 or later is needed; this is ${process.version}.\nhint: install a current Node.js.\n`,
  );
  process.exit(2);
}

const built = join(home, "dist", "main.js");
const entry = existsSync(built) ? [built] : ["--conditions=source", join(home, "src", "main.ts")];
if (recent && existsSync(built)) await import(built);
else {
  const { status } = spawnSync(
    recent ? process.execPath : newerNode(),
    [...entry, ...process.argv.slice(2)],
    { stdio: "inherit" },
  );
  process.exit(status ?? 2);
}
