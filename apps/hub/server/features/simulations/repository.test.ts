import { randomUUID } from "node:crypto";
import {
  migrate,
  readMigrations,
  rollBack,
  type SqlPool,
  tryIsolation,
  checkDatabase,
} from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../../../../test/support/postgres.ts";
import { migrationSources } from "../../database/migrations.ts";
import { openPglite } from "../../database/pglite-pool.ts";
import { tenantRows } from "../../database/tenant-rows.ts";
import { memorySimulations } from "./memory-repository.ts";
import { simulationDatabase } from "./postgres-repository.ts";
import { LIST, type Place, runOf, simulation, simulationRepositoryContract } from "./repository.contract.ts";
import type { SimulationRepository } from "./repository.ts";

const tenants = [randomUUID(), randomUUID()] as const;
const people = [randomUUID(), randomUUID()] as const;

async function prepare(pool: SqlPool): Promise<void> {
  await migrate(pool, migrationSources);
  for (const id of tenants)
    await pool.query("insert into aegis_tenants (id, name, key, created_at) values ($1, $2, $2, now())", [
      id,
      id,
    ]);
  for (const id of people)
    await pool.query(
      "insert into aegis_accounts (id, username, password_hash, password_changed_at, created_at) values ($1, $2, '', now(), now())",
      [id, id.slice(0, 8)],
    );
}

const memory: Place = { database: memorySimulations(), tenants, people };
simulationRepositoryContract("memory", () => memory);

let server: TestPostgres;
let owner: pg.Pool;
let app: pg.Pool;
let embedded: Awaited<ReturnType<typeof openPglite>>;
const places: { postgres?: Place; embedded?: Place } = {};
const placeOf = (kind: keyof typeof places): Place => {
  const place = places[kind];
  if (place === undefined) throw new Error("not open yet");
  return place;
};
beforeAll(async () => {
  server = await startPostgres();
  owner = new pg.Pool({ connectionString: server.url, max: 2 });
  app = new pg.Pool({ connectionString: server.appUrl, max: 10 });
  await prepare(owner);
  places.postgres = { database: simulationDatabase(await tenantRows(app)), tenants, people };
  embedded = await openPglite();
  await prepare(embedded);
  places.embedded = { database: simulationDatabase(await tenantRows(embedded)), tenants, people };
});
afterAll(async () => {
  await app?.end();
  await owner?.end();
  await embedded?.end();
  await server?.close();
});

simulationRepositoryContract("PostgreSQL", () => placeOf("postgres"));
simulationRepositoryContract("the embedded database", () => placeOf("embedded"));

describe("the tables", () => {
  it("are shut to other tenants by row-level security, tried in SQL as the application", async () => {
    expect((await checkDatabase(app)).findings).toEqual([]);
    await placeOf("postgres").database.inTenant(tenants[1], async ({ simulations }) => {
      const [one] = (await simulations.list(LIST)).items;
      if (one !== undefined) await simulations.start(runOf(one), 100);
    });
    const trials = (await tryIsolation(app)).filter(({ table }) => table.includes("hub_simulation"));
    expect(trials.filter(({ outcome }) => outcome !== "held")).toEqual([]);
    expect(trials).toHaveLength(12);
  });

  it("keep a tenant's simulations when their maker is erased, and then name nobody", async () => {
    const maker = randomUUID();
    await owner.query(
      "insert into aegis_accounts (id, username, password_hash, password_changed_at, created_at) values ($1, $2, '', now(), now())",
      [maker, maker.slice(0, 8)],
    );
    const one = simulation({ createdBy: maker });
    const run = { ...runOf(one), startedBy: maker };
    const within = <T>(work: (all: SimulationRepository) => Promise<T>): Promise<T> =>
      placeOf("postgres").database.inTenant(tenants[0], ({ simulations }) => work(simulations));
    await within((all) => all.create(one, { ofTenant: 10_000, ofOne: 10_000 }));
    await within((all) => all.start(run, 2));
    expect((await within((all) => all.madeBy(maker, 10))).total).toBe(1);
    await owner.query("delete from aegis_accounts where id = $1", [maker]);
    expect(await within((all) => all.find(one.id))).toEqual({ ...one, createdBy: null });
    expect(await within((all) => all.latestRun(one.id))).toMatchObject({ id: run.id, startedBy: null });
    expect((await within((all) => all.madeBy(maker, 10))).total).toBe(0);
  });

  it("hold the tenants apart when every condition is taken out of the statements", async () => {
    const careless: SqlPool = {
      query: (text, values) => app.query(text, values),
      connect: async () => {
        const connection = await app.connect();
        const strip = (text: string): string =>
          text.replaceAll(/(?:\w\.)?tenant_id = \$1/g, "$$1::uuid is not null");
        return {
          query: (text, values) => connection.query(strip(text), values),
          release: (destroy) => connection.release(destroy),
        };
      },
    };
    const database = simulationDatabase(await tenantRows(careless));
    const [mine, theirs] = await Promise.all(
      tenants.map((id) =>
        database.inTenant(id, ({ simulations }) => simulations.list({ ...LIST, limit: 100 })),
      ),
    );
    const ids = new Set(mine?.items.map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(5);
    expect(theirs?.items.length).toBe(5);
    expect(theirs?.items.some(({ id }) => ids.has(id))).toBe(false);
    const [target] = ids;
    expect(await database.inTenant(tenants[1], ({ simulations }) => simulations.remove(target ?? ""))).toBe(
      false,
    );
  });

  it("go back as they came", async () => {
    const fresh = await openPglite();
    await migrate(fresh, migrationSources);
    const own = (await readMigrations(migrationSources))
      .map(({ id }) => id)
      .filter((id) => id.startsWith("hub/"));
    expect(own[0]).toBe("hub/0001_simulations");
    await rollBack(fresh, migrationSources, own.length);
    expect((await fresh.query("select 1 from pg_class where relname like 'hub\\_simulation%'")).rows).toEqual(
      [],
    );
    expect(await migrate(fresh, migrationSources)).toEqual(own);
    await fresh.end();
  });
});
