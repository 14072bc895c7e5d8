/**
 * What lists cost on a million rows, in a real PostgreSQL, as the application's role under row-level security, through the
 * hub's own statements: before its indexes and after, page by page. ROWS chooses another count.
 */
import { randomUUID } from "node:crypto";
import { COUNTED_ROWS } from "aegis/paging";
import { checkIndexes, migrate, type SqlPool, tenantDatabase, type TenantSql } from "aegis/stores/postgres";
import pg from "pg";
import { migrationSources } from "../../apps/hub/server/database/migrations.ts";
import { NODES_LIMIT, type NodeSort } from "../../apps/hub/server/features/knowledge/node.ts";
import { knowledgeRepositories } from "../../apps/hub/server/features/knowledge/service.ts";
import { askedFor } from "../../apps/hub/server/features/search/asked.ts";
import { searchRepository } from "../../apps/hub/server/features/search/repository.ts";
import { searchSources } from "../../apps/hub/server/features/search/sources.ts";
import { startPostgres } from "../../test/support/postgres.ts";
import type { BenchCase } from "../measure.ts";

const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
const [LARGE, USUAL] = [randomUUID(), randomUUID()];
const LIMIT = 26;
/** Any page should cost less than so many times the first. */
const GOAL = 10;

/** What the migrations make beside the primary keys; taken away for "before", and put back. */
const INDEXES = {
  hub_knowledge_nodes_updated: "on hub_knowledge_nodes (tenant_id, updated_at, id)",
  hub_knowledge_nodes_created: "on hub_knowledge_nodes (tenant_id, created_at, id)",
  hub_knowledge_edges_to: "on hub_knowledge_edges (tenant_id, to_id)",
} as const;
const TITLES = "hub_knowledge_nodes_tenant_id_title_key_key";

const repositories = (sql: TenantSql) => ({
  ...knowledgeRepositories(sql),
  ...searchRepository(searchSources)(sql),
  sql,
});

async function fill(owner: SqlPool, tenant: string, count: number): Promise<void> {
  await owner.query("insert into aegis_tenants (id, name, key, created_at) values ($1, $2, $2, now())", [
    tenant,
    `tenant ${tenant}`,
  ]);
  await owner.query(
    `insert into hub_knowledge_nodes (tenant_id, id, title, title_key, summary, body, created_at, updated_at)
     select $1, gen_random_uuid(), 'Concept ' || n, 'concept ' || lpad((n::bigint * 7919 % 1000003)::text, 7, '0') || ' ' || n,
       'About subject' || n % 1000, 'Words ' || n % 5000 || ' term' || n % 307 || ' and part' || n % 97,
       now() - n * interval '1 second', now() - (n::bigint * 7919 % 1000003) * interval '1 second'
     from generate_series(1, $2::int) n`,
    [tenant, count],
  );
  await owner.query(
    `with ids as (select id, row_number() over (order by id) as place from hub_knowledge_nodes where tenant_id = $1)
     insert into hub_knowledge_edges (tenant_id, from_id, to_id, kind)
     select $1, a.id, b.id, 'explains' from ids a join ids b on b.place = a.place + 1`,
    [tenant],
  );
}

const milliseconds = (time: number): string => `${time.toFixed(time < 10 ? 2 : 0)} ms`;

/** The median of some: what comes in between is the machine's. */
async function median(work: () => Promise<unknown>, rounds = 9): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
    if (times.reduce((sum, time) => sum + time, 0) > 20_000) break;
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** The key of a row so deep in the list, as a cursor would carry it. */
async function keyAt(owner: SqlPool, sort: NodeSort, place: number): Promise<readonly string[]> {
  const [column, order] = sort === "title" ? ["title_key", "asc"] : ["updated_at", "desc"];
  const { rows } = await owner.query(
    `select ${column}::text as value, id::text as id from hub_knowledge_nodes where tenant_id = $1
     order by ${column} ${order}, id ${order} limit 1 offset $2`,
    [LARGE, place],
  );
  const row: unknown = rows[0];
  if (typeof row !== "object" || row === null || !("value" in row) || !("id" in row))
    throw new Error(`there is no row ${place}`);
  return [String(row.value), String(row.id)];
}

export default {
  title: `Lists of ${ROWS} rows, as the application's role under row-level security`,
  async run() {
    const server = await startPostgres();
    const owner = new pg.Pool({ connectionString: server.url, max: 1 });
    const app = new pg.Pool({ connectionString: server.appUrl, max: 1 });
    const results: (readonly [string, string])[] = [];
    try {
      await migrate(owner, migrationSources);
      for (const name of Object.keys(INDEXES)) await owner.query(`drop index ${name}`);
      await owner.query(`alter table hub_knowledge_nodes drop constraint ${TITLES}`);
      const started = performance.now();
      await fill(owner, LARGE, ROWS);
      await fill(owner, USUAL, NODES_LIMIT);
      await owner.query("vacuum analyze");
      results.push(["filled in", `${((performance.now() - started) / 1000).toFixed(0)} s`]);

      const database = tenantDatabase(app, repositories);
      const page = (sort: NodeSort, offset: number, key?: readonly string[]) => () =>
        database.inTenant(LARGE, ({ nodes }) =>
          nodes.list(
            { q: "", sort, lesson: undefined },
            { limit: LIMIT, offset, position: key === undefined ? undefined : { direction: "after", key } },
          ),
        );
      /** With its edges, and put back. */
      const removal = () =>
        database
          .inTenant(LARGE, async ({ sql }) => {
            await sql.query(
              "delete from hub_knowledge_nodes where tenant_id = $1 and id = (select id from hub_knowledge_nodes where tenant_id = $1 limit 1)",
              [LARGE],
            );
            throw new Error("back");
          })
          .catch((error: unknown) => {
            if (!(error instanceof Error) || error.message !== "back") throw error;
          });
      const sorts = ["title", "-updated_at"] as const;
      const before = new Map<string, number>();
      for (const sort of sorts) before.set(sort, await median(page(sort, 0), 3));
      before.set("removal", await median(removal, 3));
      const missing = (await checkIndexes(owner)).map(({ subject }) => subject);
      results.push(["aegis check db finds without an index", missing.join("; ")]);

      for (const [name, on] of Object.entries(INDEXES)) await owner.query(`create index ${name} ${on}`);
      await owner.query(
        `alter table hub_knowledge_nodes add constraint ${TITLES} unique (tenant_id, title_key)`,
      );
      await owner.query("vacuum analyze");
      results.push(["and with the indexes back", String((await checkIndexes(owner)).length)]);

      for (const sort of sorts) {
        const first = await median(page(sort, 0));
        results.push([
          `${sort}: first page, before / after`,
          `${milliseconds(before.get(sort) ?? Number.NaN)} / ${milliseconds(first)}`,
        ]);
        for (const place of [COUNTED_ROWS, ROWS / 2, ROWS - LIMIT - 1].map(Math.floor)) {
          const byKey = await median(page(sort, 0, await keyAt(owner, sort, place)));
          const byOffset = await median(page(sort, place), 3);
          const times = byKey / first;
          results.push([
            `${sort}: at row ${place}, by cursor / by offset`,
            `${milliseconds(byKey)} (${times.toFixed(1)} x the first: ${times < GOAL ? "as wanted" : "TOO MUCH"}) / ${milliseconds(byOffset)} (${(byOffset / first).toFixed(0)} x)`,
          ]);
        }
      }
      results.push([
        "delete a row that others refer to, before / after",
        `${milliseconds(before.get("removal") ?? Number.NaN)} / ${milliseconds(await median(removal))}`,
      ]);
      const count = (cap: string) =>
        database.inTenant(LARGE, ({ sql }) =>
          sql.query(
            // aegis-ignore sql-injection until 2027-11-20: both callers stand below and write the text down
            `select count(*) from (select 1 from hub_knowledge_nodes where tenant_id = $1 ${cap}) c`,
            [LARGE],
          ),
        );
      results.push([
        `count all / count up to ${COUNTED_ROWS}`,
        `${milliseconds(await median(() => count(""), 3))} / ${milliseconds(await median(() => count(`limit ${COUNTED_ROWS + 1}`)))}`,
      ]);
      const search = (tenant: string) => () =>
        database.inTenant(tenant, (use) =>
          use.search(askedFor("term7 par"), ["node"], { limit: 20, offset: 0 }),
        );
      results.push([`search in a tenant of ${NODES_LIMIT} rows`, milliseconds(await median(search(USUAL)))]);
      const explain = async () => {
        const plan = await database.inTenant(USUAL, ({ sql }) =>
          sql.query(
            "explain select 1 from hub_knowledge_nodes where tenant_id = $1 and search @@ to_tsquery('english', 'term7')",
            [USUAL],
          ),
        );
        return JSON.stringify(plan.rows).includes("_search_gin") ? "is used" : "is not used";
      };
      await owner.query("create index hub_search_gin on hub_knowledge_nodes using gin (search)");
      await owner.query("analyze");
      results.push([
        "the same with a GIN index on the tsvector",
        `${milliseconds(await median(search(USUAL)))}; the index ${await explain()}`,
      ]);
    } finally {
      await app.end();
      await owner.end();
      await server.close();
    }
    return results;
  },
} satisfies BenchCase;
