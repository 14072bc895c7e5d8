/**
 * The production server (SRV-1): several processes that share a port, replaced when one dies, drained on SIGTERM.
 * Migrations and the configuration check run once, in the first process, before any other is started.
 */
import cluster, { type Worker } from "node:cluster";
import type { SecretError } from "aegis/secrets";
import { ConfigError } from "./config-error.ts";
import { openHub } from "./hub.ts";
import { stopOnSignal, tellAndExit, tellSurprises } from "./process.ts";
import { type HubSetUp, setUp } from "./secrets.ts";
import { answerSiblings, relayMetrics } from "./siblings.ts";

/** A worker that dies at once is no accident: after so many in a minute the server gives up instead of spinning. */
const MAX_DEATHS_A_MINUTE = 5;

try {
  tellSurprises();
  const problems: SecretError[] = [];
  const made = await setUp(process.argv.slice(2), process.env, "production", {
    onProblem: (error) => void problems.push(error),
    // The tables are up to date: no process that serves requests needs to know who owns them.
    without: cluster.isPrimary ? [] : ["DATABASE_OWNER_URL"],
  });
  demandProduction(made, problems);
  await (cluster.isPrimary ? runPrimary(made) : runWorker(made));
} catch (error) {
  tellAndExit(error);
}

/** Everything that is missing, at once: nobody should have to start it three times to learn three things. */
function demandProduction({ config, secrets }: HubSetUp, problems: readonly SecretError[]): void {
  const missing = problems.map(({ message }) => message);
  if (config.environment !== "production") {
    if (missing.length > 0) throw new ConfigError(missing.join("\n\n"));
    if (config.databaseUrl === undefined && config.workers > 1)
      throw new ConfigError(
        "The embedded database serves one process: set DATABASE_URL, or WORKERS=1, or run: npm start",
      );
    return;
  }
  if (config.databaseUrl === undefined)
    missing.push(
      "DATABASE_URL is missing: production needs PostgreSQL; the embedded database is for development only.\nSet it to postgres://user@host/database",
    );
  if (config.redisUrl === undefined && config.workers > 1)
    missing.push(
      `REDIS_URL is missing: ${config.workers} processes that each count for themselves let through ${config.workers} times every limit.\nSet it to redis://user:password@host:6379, or WORKERS=1`,
    );
  if (config.smtpUrl === undefined && config.policy.account.emailVerification !== "off")
    missing.push(
      'SMTP_URL is missing: the policy has addresses verified by mail (account.emailVerification).\nSet it to smtps://user:password@host, or the policy to "off"',
    );
  if (config.smtpUrl !== undefined && config.publicOrigin === undefined)
    missing.push(
      "PUBLIC_ORIGIN is missing: links in mails must lead here, and nowhere else.\nSet it to https://hub.example",
    );
  if (config.policy.token.enabled) {
    if (secrets.get("TOKEN_KEYS") === undefined)
      missing.push(
        "TOKEN_KEYS_FILE is missing: the policy gives out tokens (token.enabled), and they need keys.\nMake a ring with `npx aegis keys ring`, in a file that the server alone can read",
      );
    if (config.publicOrigin === undefined)
      missing.push(
        "PUBLIC_ORIGIN is missing: it is the issuer that tokens name (token.enabled).\nSet it to https://hub.example",
      );
  }
  if (missing.length > 0) throw new ConfigError(missing.join("\n\n"));
}

async function runWorker(made: HubSetUp): Promise<void> {
  const { config } = made;
  const hub = await openHub(made, { level: "info", migrates: false });
  answerSiblings(hub.app.aegis.metrics);
  await hub.app.listen({ host: config.host, port: config.port });
  stopOnSignal(() => hub.drain().then(() => hub.close()), config.drainSeconds);
}

function withoutEnvFiles(args: readonly string[]): string[] {
  const takesNext = new Set(["--env-file", "--env-file-if-exists"]);
  return args.filter((one, place) => !one.startsWith("--env-file") && !takesNext.has(args[place - 1] ?? ""));
}

async function runPrimary(made: HubSetUp): Promise<void> {
  const { config } = made;
  const listening = new Set<Worker>();
  let hangUps = 0;
  // One that is still starting would end at a signal that it does not know yet: it is told when it listens.
  process.on("SIGHUP", () => {
    hangUps += 1;
    for (const worker of listening) worker.process.kill("SIGHUP");
  });
  const rehearsal = await openHub(made, { level: "warn" });
  await rehearsal.close();
  delete process.env["DATABASE_OWNER_URL"];
  // A worker would read the file again, and have back what was just taken away; the rest of it is in its environment.
  cluster.setupPrimary({ execArgv: withoutEnvFiles(process.execArgv) });

  const workers = new Set<Worker>();
  let stopping = false;
  let announced = false;
  const deaths: number[] = [];
  const start = (place: number): void => {
    // The one that takes the place of another has its name: what is measured is told apart by few names.
    const worker = cluster.fork({ HUB_PROCESS: String(place) });
    const hangUpsBefore = hangUps;
    workers.add(worker);
    relayMetrics(worker, workers);
    worker.on("listening", ({ port }) => {
      listening.add(worker);
      if (hangUps > hangUpsBefore) worker.process.kill("SIGHUP"); // what it read may be from before
      if (announced) return;
      announced = true;
      process.stdout.write(`hub: http://${config.host}:${port}, ${config.workers} processes\n`);
    });
    worker.on("exit", (code, signal) => {
      workers.delete(worker);
      listening.delete(worker);
      if (stopping) return;
      const now = Date.now();
      deaths.push(now);
      if (deaths.filter((at) => now - at < 60_000).length > MAX_DEATHS_A_MINUTE)
        tellAndExit("Processes die as fast as they are started; see their last log lines.");
      process.stderr.write(`hub: a process ended (${signal ?? code}); starting another\n`);
      start(place);
    });
  };
  for (let place = 1; place <= config.workers; place++) start(place);

  stopOnSignal(async () => {
    stopping = true;
    const ended = [...workers].map(
      (worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
    );
    for (const worker of workers) worker.kill("SIGTERM");
    await Promise.all(ended);
  }, config.drainSeconds);
}
