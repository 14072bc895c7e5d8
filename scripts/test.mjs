// npm test: installs what the tests need, runs them all, and closes with "N passed, N failed".
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./lib/build.mjs";
import { installDebian } from "./lib/debian.mjs";
import { install } from "./lib/install.mjs";
import { environment, nodePath, root } from "./lib/node.mjs";

installDebian();
install();
await build();

const folder = mkdtempSync(join(tmpdir(), "aegis-test-"));
const results = join(folder, "results.json");
const { status } = spawnSync(
  nodePath(),
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${results}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: environment() },
);
const report = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : undefined;
rmSync(folder, { recursive: true, force: true });

const passed = report?.numPassedTests ?? 0;
// A file that cannot be loaded runs no test and so fails none: it counts as one. A skipped test proves nothing: it counts too.
const broken = (report?.testResults ?? []).filter(
  (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
).length;
const failed =
  (report?.numFailedTests ?? 1) + (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0) + broken;
const good = status === 0 && failed === 0 && passed > 0;
process.stdout.write(`${passed} passed, ${good ? 0 : Math.max(failed, 1)} failed\n`);
process.exitCode = good ? 0 : 1;
