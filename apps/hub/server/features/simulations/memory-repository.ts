/** The executable specification of the repository; forgets everything when the process ends. */
import type { TenantDatabase } from "aegis/stores/postgres";
import {
  isActive,
  type Limits,
  type Listed,
  type ListRequest,
  MOST_RUNS_KEPT,
  type Order,
  type Run,
  type Settings,
  type Simulation,
  type SimulationRepository,
} from "./repository.ts";

interface Rows {
  readonly simulations: Map<string, Simulation>;
  /** With the time at which somebody last signed for it. */
  readonly runs: Map<string, Run & { readonly seenAt: number }>;
}

export function memorySimulations(): TenantDatabase<{ readonly simulations: SimulationRepository }> {
  const tenants = new Map<string, Rows>();
  return {
    async inTenant(tenantId, work, signal) {
      signal?.throwIfAborted();
      const rows = tenants.get(tenantId) ?? { simulations: new Map(), runs: new Map() };
      tenants.set(tenantId, rows);
      return work({ simulations: repositoryOf(rows) });
    },
  };
}

const keyOf = (simulation: Simulation, order: Order): string =>
  order === "name"
    ? simulation.name.toLowerCase()
    : new Date(order === "created_at" ? simulation.createdAt : simulation.updatedAt).toISOString();

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

// Nothing here waits between looking and writing: every call is one step.
function repositoryOf({ simulations, runs }: Rows): SimulationRepository {
  const runsOf = (simulationId: string) =>
    [...runs.values()]
      .filter((run) => run.simulationId === simulationId)
      .toSorted((a, b) => b.createdAt - a.createdAt || compare(a.id, b.id));
  const listed = (simulation: Simulation): Listed => ({
    ...simulation,
    lastRun: plain(runsOf(simulation.id)[0]) ?? null,
  });
  const active = (id: string) => {
    const run = runs.get(id);
    return run !== undefined && isActive(run.state) ? run : undefined;
  };
  return {
    async list({ q, order, descending, limit, from }: ListRequest) {
      const wanted = q.toLowerCase();
      const sign = descending ? -1 : 1;
      const place = (one: Simulation) => ({ key: keyOf(one, order), id: one.id });
      const against = (a: { key: string; id: string }, b: { key: string; id: string }) =>
        sign * (compare(a.key, b.key) || compare(a.id, b.id));
      const found = [...simulations.values()]
        .filter(({ name, description }) => `${name}\n${description}`.toLowerCase().includes(wanted))
        .toSorted((a, b) => against(place(a), place(b)));
      const rest =
        "offset" in from
          ? found.slice(from.offset)
          : found.filter((one) => against(place(one), from.after) > 0);
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(listed),
        total: found.length,
        end: last === undefined ? null : place(last),
      };
    },
    find: async (id) => simulations.get(id),
    async madeBy(accountId, limit) {
      const own = [...simulations.values()]
        .filter(({ createdBy }) => createdBy === accountId)
        .toSorted((a, b) => b.createdAt - a.createdAt || compare(a.id, b.id));
      return { items: own.slice(0, limit), total: own.length };
    },
    async create(simulation: Simulation, { ofTenant, ofOne }: Limits) {
      const { createdBy: maker } = simulation;
      const own = [...simulations.values()].filter(({ createdBy }) => maker !== null && createdBy === maker);
      if (simulations.size >= ofTenant || own.length >= ofOne) return "full";
      simulations.set(simulation.id, simulation);
      return "created";
    },
    async change(id: string, settings: Settings, now: number) {
      const known = simulations.get(id);
      if (known === undefined) return false;
      simulations.set(id, { ...known, ...settings, updatedAt: now });
      return true;
    },
    async remove(id) {
      for (const run of runsOf(id)) runs.delete(run.id);
      return simulations.delete(id);
    },
    runs: async (simulationId) => runsOf(simulationId).slice(0, MOST_RUNS_KEPT).map(unsigned),
    latestRun: async (simulationId) => plain(runsOf(simulationId)[0]),
    async start(run, ofOne) {
      if (!simulations.has(run.simulationId)) return "missing";
      if (runsOf(run.simulationId).some(({ state }) => isActive(state))) return "active";
      const own = [...runs.values()].filter(
        ({ state, startedBy }) => isActive(state) && startedBy !== null && startedBy === run.startedBy,
      );
      if (own.length >= ofOne) return "full";
      runs.set(run.id, { ...run, seenAt: run.createdAt });
      for (const old of runsOf(run.simulationId).slice(MOST_RUNS_KEPT)) runs.delete(old.id);
      return "started";
    },
    async touch(runId, state, now) {
      const run = active(runId);
      if (run !== undefined) runs.set(runId, { ...run, state, seenAt: now });
      return run !== undefined;
    },
    async record(runId, steps, now) {
      const run = active(runId);
      if (run !== undefined)
        runs.set(runId, { ...run, state: "running", steps: [...run.steps, ...steps], seenAt: now });
      return run !== undefined;
    },
    async finish(runId, { state, failure }, now) {
      const run = active(runId);
      if (run !== undefined) runs.set(runId, { ...run, state, failure, finishedAt: now });
      return run !== undefined;
    },
    async endLost(before, now) {
      const lost = [...runs.values()].filter(({ state, seenAt }) => isActive(state) && seenAt < before);
      for (const run of lost)
        runs.set(run.id, { ...run, state: "failed", failure: "interrupted", finishedAt: now });
      return lost.length;
    },
  };
}

function unsigned(signed: Run & { readonly seenAt: number }): Run {
  const { seenAt: _seenAt, ...run } = signed;
  return run;
}
const plain = (run: (Run & { readonly seenAt: number }) | undefined): Run | undefined =>
  run === undefined ? undefined : unsigned(run);
