/**
 * Aegis with everything on. `--sessions=memory` keeps sessions (and nothing else) in the process: what is left is the
 * price of the guards themselves, without a round trip.
 */
import { definePolicy } from "aegis";
import { aegis, type AegisStores, memoryStores, serverOptions } from "aegis/fastify";
import { aegisMigrations, migrate, postgresStores } from "aegis/stores/postgres";
import Fastify from "fastify";
import pg from "pg";
import { given, type ITEM, itemAnswer, itemSchema, PAGE, PEOPLE, personOf, serve } from "./shared.ts";

/** The one place that decides where Aegis keeps what it keeps. */
async function aegisStores(): Promise<AegisStores> {
  const pool = new pg.Pool({ connectionString: given("DATABASE_URL"), max: 10 });
  await migrate(pool, [aegisMigrations]);
  const stores = postgresStores(pool);
  return process.argv.includes("--sessions=memory")
    ? { ...stores, sessions: memoryStores().sessions }
    : stores;
}

// Plain HTTP on loopback, as every server here; nothing else of the policy is loosened.
const policy = definePolicy({ environment: "test" });
const app = Fastify(serverOptions(policy));
await app.register(aegis, { policy, secretKey: new Uint8Array(32).fill(7), ...(await aegisStores()) });
app.get("/bench/me", { config: { access: "authenticated" } }, async () => PAGE);
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
