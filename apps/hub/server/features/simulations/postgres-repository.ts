/** Simulations in PostgreSQL. Each statement names the tenant; row-level security holds what a statement forgets. */
import { type TenantDatabase, tenantDatabase, type TenantSql } from "aegis/stores/postgres";
import type { TenantRows } from "../../database/tenant-rows.ts";
import { isoOf, readRun, readSimulation, rowOf, RUN_COLUMNS, SIMULATION_COLUMNS } from "./rows.ts";
import {
  type ListRequest,
  MOST_RUNS_KEPT,
  type Order,
  type Run,
  type Settings,
  type Simulation,
  type SimulationRepository,
} from "./repository.ts";

/** Key columns as text that compares as they do: names by their bytes, times in UTC to the microsecond. */
const KEYS: Readonly<Record<Order, { readonly column: string; readonly value: string }>> = {
  created_at: { column: "s.created_at", value: "::timestamptz" },
  updated_at: { column: "s.updated_at", value: "::timestamptz" },
  name: { column: 'lower(s.name) collate "C"', value: '::text collate "C"' },
};

/** What somebody types has no wildcards. */
const containing = (q: string): string => `%${q.replaceAll(/[\\%_]/g, "\\$&")}%`;

export const simulationDatabase = (
  rows: TenantRows,
): TenantDatabase<{ readonly simulations: SimulationRepository }> =>
  tenantDatabase(rows.pool, (sql) => ({ simulations: postgresSimulations(sql) }), rows);

function postgresSimulations(sql: TenantSql): SimulationRepository {
  const { tenantId } = sql;
  const first = async (text: string, values: readonly unknown[]) => (await sql.query(text, values)).rows[0];
  const changed = async (text: string, values: readonly unknown[]) =>
    ((await sql.query(text, values)).rowCount ?? 0) > 0;
  /** Held until the end of the transaction: of those that count and then write, one at a time. */
  const oneAtATime = (what: string) =>
    sql.query("select pg_advisory_xact_lock(hashtextextended($1, 5))", [what]);
  const ACTIVE = "state in ('queued', 'running')";

  return {
    async list({ q, order, descending, limit, from }: ListRequest) {
      const { column, value } = KEYS[order];
      const direction = descending ? "desc" : "asc";
      const values: unknown[] = [tenantId, containing(q)];
      const where = `s.tenant_id = $1 and (lower(s.name) like lower($2) or lower(s.description) like lower($2))`;
      const { count } = rowOf(
        await first(`select count(*)::int as count from hub_simulations s where ${where}`, values),
      );
      const after =
        "after" in from ? ` and (${column}, s.id) ${descending ? "<" : ">"} ($3${value}, $4::uuid)` : "";
      values.push(...("after" in from ? [from.after.key, from.after.id] : [from.offset]), limit);
      const { rows } = await sql.query(
        `select ${SIMULATION_COLUMNS}, lower(s.name) as name_key, r.* from hub_simulations s left join lateral (
           select ${RUN_COLUMNS} from hub_simulation_runs r
           where r.tenant_id = $1 and r.simulation_id = s.id order by r.created_at desc, r.id limit 1) r on true
         where ${where}${after}
         order by ${column} ${direction}, s.id ${direction}
         limit $${values.length}${"offset" in from ? " offset $3" : ""}`,
        values,
      );
      const items = rows.map((row) => ({
        ...readSimulation(row),
        lastRun: rowOf(row)["run_id"] === null ? null : readRun(row),
      }));
      const [last, row] = [items.at(-1), rows.at(-1)];
      const key = (one: Simulation): string =>
        order === "name"
          ? String(rowOf(row)["name_key"])
          : isoOf(order === "created_at" ? one.createdAt : one.updatedAt);
      return {
        items,
        total: Number(count),
        end: last === undefined ? null : { key: key(last), id: last.id },
      };
    },

    async find(id) {
      const row = await first(
        `select ${SIMULATION_COLUMNS} from hub_simulations s where s.tenant_id = $1 and s.id = $2`,
        [tenantId, id],
      );
      return row === undefined ? undefined : readSimulation(row);
    },

    async madeBy(accountId, limit) {
      const where = "s.tenant_id = $1 and s.created_by = $2";
      const { count } = rowOf(
        await first(`select count(*)::int as count from hub_simulations s where ${where}`, [
          tenantId,
          accountId,
        ]),
      );
      const { rows } = await sql.query(
        `select ${SIMULATION_COLUMNS} from hub_simulations s where ${where} order by s.created_at desc, s.id limit $3`,
        [tenantId, accountId, limit],
      );
      return { items: rows.map(readSimulation), total: Number(count) };
    },

    async create(simulation, { ofTenant, ofOne }) {
      await oneAtATime(`simulations ${tenantId}`);
      const made = await changed(
        `insert into hub_simulations (tenant_id, id, created_by, created_at, updated_at, name, description, experiment,
           parameters, sim_type, refinement_steps, confidence_threshold, seed)
         select $1, $2, $3, $4, $5, $8, $9, $10, $11::jsonb, $12, $13, $14, $15::bigint
         where (select count(*) from hub_simulations where tenant_id = $1) < $6
           and (select count(*) from hub_simulations where tenant_id = $1 and created_by = $3) < $7`,
        [
          tenantId,
          simulation.id,
          simulation.createdBy,
          isoOf(simulation.createdAt),
          isoOf(simulation.updatedAt),
          ofTenant,
          ofOne,
          ...settingsOf(simulation),
        ],
      );
      return made ? "created" : "full";
    },

    change: (id, settings, now) =>
      changed(
        `update hub_simulations set updated_at = $3, name = $4, description = $5, experiment = $6,
           parameters = $7::jsonb, sim_type = $8, refinement_steps = $9, confidence_threshold = $10, seed = $11::bigint
         where tenant_id = $1 and id = $2`,
        [tenantId, id, isoOf(now), ...settingsOf(settings)],
      ),

    remove: (id) => changed("delete from hub_simulations where tenant_id = $1 and id = $2", [tenantId, id]),

    async runs(simulationId) {
      const { rows } = await sql.query(
        `select ${RUN_COLUMNS} from hub_simulation_runs r where r.tenant_id = $1 and r.simulation_id = $2
         order by r.created_at desc, r.id limit $3`,
        [tenantId, simulationId, MOST_RUNS_KEPT],
      );
      return rows.map(readRun);
    },

    async latestRun(simulationId) {
      const row = await first(
        `select ${RUN_COLUMNS} from hub_simulation_runs r where r.tenant_id = $1 and r.simulation_id = $2
         order by r.created_at desc, r.id limit 1`,
        [tenantId, simulationId],
      );
      return row === undefined ? undefined : readRun(row);
    },

    async start(run: Run, ofOne) {
      await oneAtATime(`runs ${tenantId} ${run.startedBy ?? ""}`);
      // Locked: a simulation that is deleted at this moment gets no run.
      const there = await first(
        "select id from hub_simulations where tenant_id = $1 and id = $2 for update",
        [tenantId, run.simulationId],
      );
      if (there === undefined) return "missing";
      const counts = rowOf(
        await first(
          `select count(*) filter (where simulation_id = $2)::int as here, count(*) filter (where started_by = $3)::int as own
           from hub_simulation_runs where tenant_id = $1 and ${ACTIVE}`,
          [tenantId, run.simulationId, run.startedBy],
        ),
      );
      if (Number(counts["here"]) > 0) return "active";
      if (Number(counts["own"]) >= ofOne) return "full";
      await sql.query(
        `insert into hub_simulation_runs (tenant_id, id, simulation_id, experiment, parameters, sim_type, refinement_steps,
           confidence_threshold, seed, state, started_by, created_at, seen_at)
         values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, 'queued', $10, $11, $11)`,
        [
          tenantId,
          run.id,
          run.simulationId,
          run.experiment,
          JSON.stringify(run.parameters),
          run.simType,
          run.refinementSteps,
          run.confidenceThreshold,
          run.seed,
          run.startedBy,
          isoOf(run.createdAt),
        ],
      );
      await sql.query(
        `delete from hub_simulation_runs where tenant_id = $1 and id in (
           select id from hub_simulation_runs where tenant_id = $1 and simulation_id = $2
           order by created_at desc, id offset $3)`,
        [tenantId, run.simulationId, MOST_RUNS_KEPT],
      );
      return "started";
    },

    touch: (runId, state, now) =>
      changed(
        `update hub_simulation_runs set state = $4, seen_at = $3 where tenant_id = $1 and id = $2 and ${ACTIVE}`,
        [tenantId, runId, isoOf(now), state],
      ),

    record: (runId, steps, now) =>
      changed(
        `update hub_simulation_runs set state = 'running', seen_at = $3, steps = steps || $4::jsonb
         where tenant_id = $1 and id = $2 and ${ACTIVE}`,
        [tenantId, runId, isoOf(now), JSON.stringify(steps)],
      ),

    finish: (runId, { state, failure }, now) =>
      changed(
        `update hub_simulation_runs set state = $4, failure = $5, finished_at = $3
         where tenant_id = $1 and id = $2 and ${ACTIVE}`,
        [tenantId, runId, isoOf(now), state, failure],
      ),

    async endLost(before, now) {
      const { rowCount } = await sql.query(
        `update hub_simulation_runs set state = 'failed', failure = 'interrupted', finished_at = $2
         where tenant_id = $1 and ${ACTIVE} and seen_at < $3`,
        [tenantId, isoOf(now), isoOf(before)],
      );
      return rowCount ?? 0;
    },
  };
}

const settingsOf = (settings: Settings): unknown[] => [
  settings.name,
  settings.description,
  settings.experiment,
  JSON.stringify(settings.parameters),
  settings.simType,
  settings.refinementSteps,
  settings.confidenceThreshold,
  settings.seed,
];
