/**
 * Aegis with everything on. `--sessions=redis` (as in production): sessions in Redis and in memory under a lease,
 * everything else in PostgreSQL. `--sessions=postgres`: no Redis at all, a query a request.
 */
import { createClient } from "@redis/client";
import { definePolicy } from "aegis";
import { aegis, type AegisStores, serverOptions } from "aegis/fastify";
import { aegisMigrations, migrate, PostgresRevocationLedger, postgresStores } from "aegis/stores/postgres";
import { redisClient, redisStores } from "aegis/stores/redis";
import Fastify from "fastify";
import pg from "pg";
import {
  given,
  type ITEM,
  LOW_LIMIT,
  itemAnswer,
  itemSchema,
  PAGE,
  PEOPLE,
  personOf,
  serve,
} from "./shared.ts";

/** The one place that decides where Aegis keeps what it keeps. */
async function aegisStores(): Promise<AegisStores> {
  const pool = new pg.Pool({ connectionString: given("DATABASE_URL"), max: 10 });
  await migrate(pool, [aegisMigrations]);
  const stores = postgresStores(pool);
  if (process.argv.includes("--sessions=postgres")) return stores;
  const client = createClient({ url: given("REDIS_URL"), commandOptions: { timeout: 0 } });
  await client.connect();
  const subscriber = client.duplicate();
  await subscriber.connect();
  const ledger = new PostgresRevocationLedger(pool);
  return redisStores({ stores, ledger, redis: redisClient(client), subscriber });
}

// Plain HTTP on loopback, as every server here; limits are counted like any others, and used up on one route only.
// Nothing else of the policy is loosened.
const plenty = "999999/hour";
const policy = definePolicy({
  environment: "test",
  rateLimit: {
    limits: { login: plenty, register: plenty, global: plenty, refresh: plenty, read: plenty, user: plenty },
    own: [`bench=${LOW_LIMIT}/hour`],
  },
});
const app = Fastify(serverOptions(policy));
await app.register(aegis, { policy, secretKey: new Uint8Array(32).fill(7), ...(await aegisStores()) });
app.get("/bench/me", { config: { access: "authenticated" } }, async () => PAGE);
app.get("/bench/limited", { config: { access: "public", limit: "bench" } }, async () => PAGE);
app.get("/bench/admin", { config: { access: "role:admin" } }, async () => PAGE);
app.post<{ Body: typeof ITEM }>(
  "/bench/item",
  { config: { access: "authenticated" }, schema: { body: itemSchema } },
  async ({ body }) => itemAnswer(body),
);
await app.ready();
for (let place = 0; place < PEOPLE; place++)
  await app.aegis.createAccount({ ...personOf(place), roles: ["user"] });
await app.listen({ host: "127.0.0.1", port: 0 });
serve(app.server.address());
