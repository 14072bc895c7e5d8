/** `aegis scan` over 100,000 lines that are written here: routes, stores and pages as people write them, one in fifty bad. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchCase } from "../measure.ts";

const LINES = 100_000;
const PER_FILE = 250;
const GOAL_SECONDS = 10;
const RUNS = 3;
const command = fileURLToPath(new URL("../../packages/aegis-cli/bin/aegis.mjs", import.meta.url));

function block(at: number): string {
  const value =
    at % 50 === 0
      ? `"select * from t where name = '" + name + "'"`
      : `"select * from t where name = $1", [name]`;
  return `
export async function find${at}(pool: Pool, name: string): Promise<readonly Row[]> {
  const { rows } = await pool.query(${value});
  return rows.map((row) => ({ ...row, label: \`\${row.first} \${row.last}\`.trim() }));
}

router.post("/things/${at}", requireUser, async (req, res) => {
  const { name, count = 10 } = req.body;
  const found = await find${at}(pool, String(name));
  if (found.length === 0) return res.status(404).json({ error: "There is no such thing." });
  const token = randomBytes(32).toString("base64url");
  res.cookie("session", token, { httpOnly: true, secure: true, sameSite: "lax" });
  res.json({ items: found.slice(0, Number(count)), total: found.length });
});
`;
}

function write(folder: string): number {
  const head =
    'import { randomBytes } from "node:crypto";\nimport { Router } from "express";\nimport { pool } from "./pool.js";\nexport const router = Router();\n';
  mkdirSync(join(folder, "src"));
  let lines = 0;
  for (let file = 0; lines < LINES; file += 1) {
    let text = head;
    for (let at = 0; text.split("\n").length < PER_FILE; at += 1) text += block(file * 100 + at);
    writeFileSync(join(folder, "src", `part${file}.ts`), text);
    lines += text.split("\n").length;
  }
  return lines;
}

export default {
  title: "Scanning 100,000 lines (the whole command, with its start)",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-bench-scan-"));
    try {
      const lines = write(folder);
      const seconds: number[] = [];
      let found = 0;
      for (let run = 0; run < RUNS; run += 1) {
        const start = performance.now();
        try {
          execFileSync(
            process.execPath,
            [command, "scan", folder, "--no-advisories", "--no-git", "--format", "json"],
            {
              maxBuffer: 2 ** 28,
              stdio: ["ignore", "pipe", "ignore"],
            },
          );
        } catch (error) {
          // It ends with 1, because something is open.
          const out = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
          found = JSON.parse(out).findings.length;
        }
        seconds.push((performance.now() - start) / 1000);
      }
      const median = seconds.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
      return [
        ["lines, findings", `${lines}, ${found}`],
        [
          "median of three",
          `${median.toFixed(1)} s (${median < GOAL_SECONDS ? "as wanted" : "TOO MUCH"}: below ${GOAL_SECONDS} s)`,
        ],
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
} satisfies BenchCase;
