/**
 * The production server (SRV-1): several processes that share a port, replaced when one dies, drained on SIGTERM.
 * Migrations and the configuration check run once, in the first process, before any other is started.
 */
import cluster, { type Worker } from "node:cluster";
import { loadSecretKey, SecretError } from "aegis";
import { ConfigError } from "./config-error.ts";
import { type HubConfig, readConfig } from "./config.ts";
import { openHub } from "./hub.ts";
import { readTokenKeys } from "./token-keys.ts";
import { stopOnSignal, tellAndExit } from "./process.ts";

/** A worker that dies at once is no accident: after so many in a minute the server gives up instead of spinning. */
const MAX_DEATHS_A_MINUTE = 5;

try {
  const config = readConfig(process.argv.slice(2), process.env, "production");
  demandProduction(config);
  await (cluster.isPrimary ? runPrimary(config) : runWorker(config));
} catch (error) {
  tellAndExit(error);
}

/** Everything that is missing, at once: nobody should have to start it three times to learn three things. */
function demandProduction(config: HubConfig): void {
  if (config.environment !== "production") {
    if (config.databaseUrl === undefined && config.workers > 1)
      throw new ConfigError(
        "The embedded database serves one process: set DATABASE_URL, or WORKERS=1, or run: npm start",
      );
    return;
  }
  const missing: string[] = [];
  try {
    loadSecretKey({ environment: config.environment });
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    missing.push(error.message);
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
    if (readTokenKeys(config) === undefined)
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

async function runWorker(config: HubConfig): Promise<void> {
  const hub = await openHub(config, { level: "info" });
  await hub.app.listen({ host: config.host, port: config.port });
  stopOnSignal(() => hub.close());
}

async function runPrimary(config: HubConfig): Promise<void> {
  const rehearsal = await openHub(config, { level: "warn" });
  await rehearsal.close();
  // The tables are up to date: no process that serves requests needs to know who owns them.
  delete process.env["DATABASE_OWNER_URL"];

  const workers = new Set<Worker>();
  let stopping = false;
  let announced = false;
  const deaths: number[] = [];
  const start = (): void => {
    const worker = cluster.fork();
    workers.add(worker);
    worker.on("listening", ({ port }) => {
      if (announced) return;
      announced = true;
      process.stdout.write(`hub: http://${config.host}:${port}, ${config.workers} processes\n`);
    });
    worker.on("exit", (code, signal) => {
      workers.delete(worker);
      if (stopping) return;
      const now = Date.now();
      deaths.push(now);
      if (deaths.filter((at) => now - at < 60_000).length > MAX_DEATHS_A_MINUTE)
        tellAndExit("Processes die as fast as they are started; see their last log lines.");
      process.stderr.write(`hub: a process ended (${signal ?? code}); starting another\n`);
      start();
    });
  };
  for (let count = 0; count < config.workers; count++) start();

  stopOnSignal(async () => {
    stopping = true;
    const ended = [...workers].map(
      (worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
    );
    for (const worker of workers) worker.kill("SIGTERM");
    await Promise.all(ended);
  });
}
