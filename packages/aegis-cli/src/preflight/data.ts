/** Facts of PostgreSQL and Redis, asked as the application. */
import { pathToFileURL } from "node:url";
import { createClient } from "@redis/client";
import {
  aegisMigrations,
  checkDatabase,
  checkIndexes,
  pendingMigrations,
  type SqlClient,
} from "aegis/stores/postgres";
import { redisClient, redisProblems, redisSettingsUnreadable } from "aegis/stores/redis";
import {
  checkDatabaseFacts,
  checkRedis,
  type ClockFacts,
  type DatabaseFacts,
  isNeeded,
  seen,
  unseen,
} from "aegis/preflight";
import pg from "pg";
import { reasonOf } from "./own.ts";
import type { Scene } from "./scene.ts";

const CONNECT_WITHIN_MS = 5000;
const STATEMENT_WITHIN_MS = 30_000;

/** host:port/name: never who, and never the password. */
function addressOf(text: string | undefined, port: number): string | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text)) return "an address that cannot be read";
  const url = new URL(text);
  return `${url.hostname}:${url.port === "" ? port : url.port}${url.pathname}`;
}

type Unreached = Exclude<DatabaseFacts["reached"], string>;

/** Connects as the application; `work` is not called where that fails. */
async function withClient<T>(url: string, work: (sql: SqlClient) => Promise<T>): Promise<T | Unreached> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: STATEMENT_WITHIN_MS,
    application_name: "aegis check",
  });
  client.on("error", () => undefined); // told by the statement that waits for it
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    const code = reasonOf(error);
    return { code, reason: error instanceof Error && error.message !== "" ? error.message : code };
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function databaseFindings(scene: Scene) {
  const url = scene.env.get("DATABASE_URL");
  const address = addressOf(url, 5432);
  const nothing = { pending: unseen("it was not asked"), hardening: unseen("it was not asked") };
  if (url === undefined)
    return checkDatabaseFacts({ address, reached: "unasked", ...nothing }, scene.deployment);
  const sources = [
    aegisMigrations,
    ...(scene.settings.migrations ?? []).map(({ name, directory }) => ({
      name,
      directory: pathToFileURL(`${scene.at(directory)}/`),
    })),
  ];
  const found = await withClient(url, async (sql) => ({
    pending: await pendingMigrations(sql, sources).then(seen, (error: unknown) =>
      // No such table: nothing was ever applied.
      reasonOf(error) === "42P01"
        ? seen(["all of them"])
        : unseen(`the list of migrations cannot be read (${reasonOf(error)})`),
    ),
    hardening: await hardeningOf(sql),
  }));
  const facts = "code" in found ? { reached: found, ...nothing } : { reached: "yes" as const, ...found };
  const isMigratedNext = scene.release?.migrates === true;
  return checkDatabaseFacts({ address, isMigratedNext, ...facts }, scene.deployment);
}

async function hardeningOf(sql: SqlClient): Promise<DatabaseFacts["hardening"]> {
  try {
    const { role, findings } = await checkDatabase(sql);
    const indexes = await checkIndexes(sql);
    return seen({ role, faults: [...findings, ...indexes].map(({ message }) => message) });
  } catch (error) {
    return unseen(`the catalogue cannot be read (${reasonOf(error)})`);
  }
}

/** How far this machine is ahead of the database's; undefined where there is none. */
export async function databaseClock(scene: Scene): Promise<ClockFacts["ahead"] | undefined> {
  const url = scene.env.get("DATABASE_URL");
  if (url === undefined) return undefined;
  const found = await withClient(url, async (sql) => {
    const before = Date.now();
    const { rows } = await sql.query("select (extract(epoch from clock_timestamp()) * 1000)::float8 as now");
    const after = Date.now();
    const [row] = rows;
    const now: unknown = typeof row === "object" && row !== null && "now" in row ? row.now : undefined;
    return typeof now === "number"
      ? seen({ seconds: ((before + after) / 2 - now) / 1000, uncertaintySeconds: (after - before) / 2000 })
      : unseen("the database tells no time");
  });
  return "code" in found ? unseen("the database does not answer") : found;
}

export async function redisFindings(scene: Scene) {
  const url = scene.env.get("REDIS_URL");
  const need = scene.variables.find(({ name }) => name === "REDIS_URL");
  const { policy } = scene;
  const needed = need !== undefined && !("problem" in policy) && isNeeded(policy.policy, need);
  const base = { address: addressOf(url, 6379), isNeeded: needed };
  if (url === undefined)
    return checkRedis(
      { ...base, reached: "unasked", problems: unseen("it was not asked") },
      scene.deployment,
    );
  if (!/^rediss?:\/\//.test(url))
    return checkRedis(
      {
        ...base,
        reached: { reason: "REDIS_URL is no address of a Redis" },
        problems: unseen("it was not asked"),
      },
      scene.deployment,
    );
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_WITHIN_MS, reconnectStrategy: false },
  });
  client.on("error", () => undefined); // told by what waits for it
  try {
    await client.connect();
    const problems = await redisProblems(redisClient(client, { timeoutMs: CONNECT_WITHIN_MS }));
    return checkRedis(
      {
        ...base,
        reached: "yes",
        problems: problems.includes(redisSettingsUnreadable)
          ? unseen(redisSettingsUnreadable)
          : seen(problems),
      },
      scene.deployment,
    );
  } catch (error) {
    const reason =
      error instanceof Error && /^(WRONGPASS|NOAUTH)/.test(error.message)
        ? "it does not let this user in"
        : reasonOf(error);
    return checkRedis(
      { ...base, reached: { reason }, problems: unseen("it was not asked") },
      scene.deployment,
    );
  } finally {
    if (client.isOpen) client.destroy();
  }
}
