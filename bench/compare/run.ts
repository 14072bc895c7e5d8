/** The comparison: peers installed, databases started, rounds run, pages written. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import { type CaseName, caseNames } from "./contract.ts";
import { pin } from "./process.ts";
import { isRecord } from "./records.ts";
import { report } from "./report.ts";
import { run } from "./rounds.ts";
import { servers } from "./servers.ts";
import { startServices } from "./services.ts";

export interface ComparisonOptions {
  readonly quick: boolean;
  /** Keys of servers; undefined: all. */
  readonly only?: readonly string[] | undefined;
  readonly cases?: readonly CaseName[] | undefined;
  /** Writes docs/performance.*; otherwise the page goes to standard output. */
  readonly write: boolean;
  readonly profiles?: string | undefined;
}

const peers = fileURLToPath(new URL("../peers/", import.meta.url));
const docs = (name: string): URL => new URL(`../../docs/${name}`, import.meta.url);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Only here, never by the project's own install: nobody who uses or tests Aegis needs them. */
function installPeers(): void {
  const installed = `${peers}node_modules/.installed-lock`;
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock()) return;
  say("installing the peers (npm ci in bench/peers)");
  const { status } = spawnSync("npm", ["ci"], { cwd: peers, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("npm ci failed in bench/peers");
  writeFileSync(installed, lock());
}

const lock = (): string => readFileSync(`${peers}package-lock.json`, "utf8");

/** What the peers' folder asks for, at the version that its lock holds. */
export function versions(): readonly string[] {
  const parsed: unknown = JSON.parse(lock());
  const packages = isRecord(parsed) && isRecord(parsed["packages"]) ? parsed["packages"] : {};
  const own = isRecord(packages[""]) ? packages[""]["devDependencies"] : undefined;
  return Object.keys(isRecord(own) ? own : {}).map((name) => {
    const found = packages[`node_modules/${name}`];
    return `${name} ${isRecord(found) ? String(found["version"]) : "unknown"}`;
  });
}

const LENGTHS = {
  full: { rounds: 7, burstMs: 1000, warmUpMs: 150, firstWarmUpMs: 1500 },
  quick: { rounds: 3, burstMs: 400, warmUpMs: 50, firstWarmUpMs: 500 },
};

export async function compare(options: ComparisonOptions): Promise<void> {
  const rows = servers.filter(({ key }) => options.only?.includes(key) ?? true);
  const names = options.cases ?? caseNames;
  if (rows.some(({ file }) => file.startsWith("peers/"))) installPeers();
  const isPinned = pin();
  if (!isPinned) say("no taskset, or one core only: servers and load share cores, and times will vary more");
  const [loadBefore = Number.NaN] = loadavg();
  const lengths = options.quick ? LENGTHS.quick : LENGTHS.full;
  const services = await startServices();
  try {
    const result = await run(rows, services, {
      ...lengths,
      isPinned,
      cases: names,
      profiles: options.profiles,
      say,
    });
    const facts = {
      node: process.version,
      processor: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`,
      isPinned,
      loadBefore,
      ...lengths,
      versions: versions(),
    };
    const page = report(result, rows, facts, names);
    if (!options.write) return void process.stdout.write(page);
    writeFileSync(docs("performance.md"), page);
    writeFileSync(docs("performance.svg"), chart(result.samples, rows, names));
    say("wrote docs/performance.md and docs/performance.svg");
  } finally {
    await services.close();
  }
}
