/** The suite that every repository of simulations must pass. */
import { randomUUID } from "node:crypto";
import type { TenantDatabase } from "aegis/stores/postgres";
import { describe, expect, it } from "vitest";
import type { Step } from "./engine/refine.ts";
import {
  type ListRequest,
  MOST_RUNS_KEPT,
  type Run,
  type Simulation,
  type SimulationRepository,
} from "./repository.ts";

export interface Place {
  readonly database: TenantDatabase<{ readonly simulations: SimulationRepository }>;
  readonly tenants: readonly [string, string];
  /** Two accounts that exist. */
  readonly people: readonly [string, string];
}

const NOW = Date.UTC(2026, 4, 1);
export const LIST: ListRequest = {
  q: "",
  order: "created_at",
  descending: false,
  limit: 50,
  from: { offset: 0 },
};

export const simulation = (facts: Partial<Simulation> = {}): Simulation => ({
  id: randomUUID(),
  name: "Guessing",
  description: "",
  experiment: "session-theft",
  parameters: { rotation: 15, grace: 10, thief: 600 },
  simType: "standard",
  refinementSteps: 12,
  confidenceThreshold: 0.95,
  seed: null,
  createdBy: null,
  createdAt: NOW,
  updatedAt: NOW,
  ...facts,
});
export const runOf = (of: Simulation, facts: Partial<Run> = {}): Run => ({
  id: randomUUID(),
  simulationId: of.id,
  experiment: of.experiment,
  parameters: of.parameters,
  simType: of.simType,
  refinementSteps: of.refinementSteps,
  confidenceThreshold: of.confidenceThreshold,
  seed: 4_294_967_295,
  state: "queued",
  failure: null,
  steps: [],
  startedBy: null,
  createdAt: NOW,
  finishedAt: null,
  ...facts,
});
const step = (number: number): Step => ({
  step: number,
  samples: 256 * number,
  estimate: 0.25,
  low: 0.2,
  high: 0.30000000000000004,
  confidence: 0.5,
});

export function simulationRepositoryContract(name: string, open: () => Place): void {
  const within = <T>(
    work: (all: SimulationRepository) => Promise<T>,
    tenant = open().tenants[0],
  ): Promise<T> => open().database.inTenant(tenant, ({ simulations }) => work(simulations));
  const made = async (facts: Partial<Simulation> = {}) => {
    const one = simulation(facts);
    expect(await within((all) => all.create(one, { ofTenant: 10_000, ofOne: 10_000 }))).toBe("created");
    return one;
  };

  describe(`simulations in ${name}`, () => {
    it("are kept as they were, changed, and deleted with their runs", async () => {
      const [person] = open().people;
      const one = await made({
        createdBy: person,
        seed: 7,
        name: "Ä 'quoted' % _ \\",
        description: "two\nlines",
      });
      expect(await within((all) => all.find(one.id))).toEqual(one);
      const { id, createdBy, createdAt, updatedAt: _, ...settings } = one;
      expect(await within((all) => all.change(id, { ...settings, name: "New", seed: null }, NOW + 5))).toBe(
        true,
      );
      const changed = { ...settings, id, createdBy, createdAt, name: "New", seed: null, updatedAt: NOW + 5 };
      expect(await within((all) => all.find(id))).toEqual(changed);
      await within((all) => all.start(runOf(one), 2));
      expect(await within((all) => all.remove(id))).toBe(true);
      expect(await within((all) => all.remove(id))).toBe(false);
      expect(await within((all) => all.change(id, settings, NOW))).toBe(false);
      expect(await within((all) => all.find(id))).toBeUndefined();
      expect(await within((all) => all.latestRun(id))).toBeUndefined();
      expect(await within((all) => all.start(runOf(one), 2))).toBe("missing");
    });

    it("are named to whoever has made them, newest first, within the tenant", async () => {
      const [person, other] = open().people;
      const before = (await within((all) => all.madeBy(person, 0))).total;
      const one = await made({ createdBy: person, createdAt: NOW + 90_000, name: "Earlier" });
      const two = await made({ createdBy: person, createdAt: NOW + 91_000, name: "Later" });
      await made({ createdBy: other });
      await made({ createdBy: null });
      expect(await within((all) => all.madeBy(person, 2))).toEqual({ items: [two, one], total: before + 2 });
      const elsewhere = await within((all) => all.madeBy(person, 100), open().tenants[1]);
      expect(elsewhere.items.map(({ id }) => id)).not.toContain(one.id);
    });

    it("are another tenant's alone", async () => {
      const [, other] = open().tenants;
      const one = await made({ name: "secret of the first" });
      const run = runOf(one);
      await within((all) => all.start(run, 2));
      const { id, createdAt: _c, updatedAt: _u, createdBy: _b, ...settings } = one;
      expect(await within((all) => all.find(id), other)).toBeUndefined();
      expect(await within((all) => all.list({ ...LIST, q: "secret of" }), other)).toMatchObject({
        items: [],
        total: 0,
      });
      expect(await within((all) => all.change(id, settings, NOW), other)).toBe(false);
      expect(await within((all) => all.remove(id), other)).toBe(false);
      expect(await within((all) => all.start(runOf(one), 2), other)).toBe("missing");
      expect(await within((all) => all.latestRun(id), other)).toBeUndefined();
      expect(await within((all) => all.record(run.id, [step(1)], NOW), other)).toBe(false);
      expect(
        await within((all) => all.finish(run.id, { state: "cancelled", failure: null }, NOW), other),
      ).toBe(false);
      expect(await within((all) => all.endLost(NOW + 1e9, NOW), other)).toBe(0);
      expect(await within((all) => all.latestRun(id))).toEqual(run);
    });

    it("are listed in each order, by page and by cursor the same, and found by what they are called", async () => {
      const mark = randomUUID();
      for (let place = 0; place < 7; place++)
        await made({
          name: `${["Beta", "alpha", "GAMMA"][place % 3] ?? ""} ${place % 2}`,
          description: mark.toUpperCase(),
          createdAt: NOW + (place % 3), // some the same, so that the id decides
          updatedAt: NOW - place,
        });
      for (const order of ["created_at", "updated_at", "name"] as const)
        for (const descending of [false, true]) {
          const wanted = { ...LIST, q: mark, order, descending };
          const { items: all, total } = await within((some) => some.list(wanted));
          expect([order, all.length, total]).toEqual([order, 7, 7]);
          const ids = all.map(({ id }) => id);
          const [paged, walked]: [string[], string[]] = [[], []];
          let end: Awaited<ReturnType<SimulationRepository["list"]>>["end"] = null;
          for (let offset = 0; offset < 7; offset += 3) {
            const page = await within((some) => some.list({ ...wanted, limit: 3, from: { offset } }));
            paged.push(...page.items.map(({ id }) => id));
            const from: ListRequest["from"] = end === null ? { offset: 0 } : { after: end };
            const next: Awaited<ReturnType<SimulationRepository["list"]>> = await within((some) =>
              some.list({ ...wanted, limit: 3, from }),
            );
            walked.push(...next.items.map(({ id }) => id));
            end = next.end;
          }
          expect(paged).toEqual(ids);
          expect(walked).toEqual(ids);
        }
      const byName = await within((some) => some.list({ ...LIST, q: mark, order: "name" }));
      expect(byName.items.map(({ name: called }) => called.toLowerCase())).toEqual(
        byName.items.map(({ name: called }) => called.toLowerCase()).toSorted(),
      );
      expect((await within((some) => some.list({ ...LIST, q: `%${mark}` }))).total).toBe(0);
      expect((await within((some) => some.list({ ...LIST, q: "' or true" }))).total).toBe(0);
    });

    it("of one person and of a tenant are bounded, however many are made at once", async () => {
      const [, second] = open().tenants;
      const [one, other] = open().people;
      const make = (createdBy: string) =>
        within((all) => all.create(simulation({ createdBy }), { ofTenant: 5, ofOne: 3 }), second);
      const first = await Promise.all(Array.from({ length: 20 }, () => make(one)));
      expect(first.filter((answer) => answer === "created")).toHaveLength(3);
      const rest = await Promise.all(Array.from({ length: 20 }, () => make(other)));
      expect(rest.filter((answer) => answer === "created")).toHaveLength(2);
    });

    it("stand in a list with their latest run", async () => {
      const mark = randomUUID();
      const one = await made({ name: mark });
      expect((await within((all) => all.list({ ...LIST, q: mark }))).items[0]?.lastRun).toBeNull();
      const [old, latest] = [runOf(one), runOf(one, { createdAt: NOW + 9 })];
      await within((all) => all.start(old, 2));
      await within((all) => all.finish(old.id, { state: "cancelled", failure: null }, NOW));
      await within((all) => all.start(latest, 2));
      expect((await within((all) => all.list({ ...LIST, q: mark }))).items[0]?.lastRun).toEqual(latest);
    });
  });

  describe(`runs in ${name}`, () => {
    it("are written step by step, and over when somebody ends them", async () => {
      const run = runOf(await made());
      await within((all) => all.start(run, 2));
      expect(await within((all) => all.touch(run.id, "queued", NOW + 1))).toBe(true);
      expect(await within((all) => all.touch(run.id, "running", NOW + 1))).toBe(true);
      expect(await within((all) => all.record(run.id, [step(1), step(2)], NOW + 2))).toBe(true);
      expect(await within((all) => all.record(run.id, [step(3)], NOW + 3))).toBe(true);
      const end = { state: "failed", failure: "crashed" } as const;
      expect(await within((all) => all.finish(run.id, end, NOW + 4))).toBe(true);
      const over = { ...run, ...end, steps: [step(1), step(2), step(3)], finishedAt: NOW + 4 };
      expect(await within((all) => all.latestRun(run.simulationId))).toEqual(over);
      // Nothing that comes late changes it.
      expect(await within((all) => all.finish(run.id, { state: "converged", failure: null }, NOW + 5))).toBe(
        false,
      );
      expect(await within((all) => all.record(run.id, [step(4)], NOW + 5))).toBe(false);
      expect(await within((all) => all.touch(run.id, "running", NOW + 5))).toBe(false);
      expect(await within((all) => all.runs(run.simulationId))).toEqual([over]);
    });

    it("are one at a time of a simulation and few of a person, however many ask at once", async () => {
      const [person] = open().people;
      const one = await made();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => within((all) => all.start(runOf(one), 100))),
      );
      expect(answers.filter((answer) => answer === "started")).toHaveLength(1);
      expect(answers.filter((answer) => answer === "active")).toHaveLength(19);
      const many = await Promise.all(Array.from({ length: 20 }, () => made()));
      const own = await Promise.all(
        many.map((each) => within((all) => all.start(runOf(each, { startedBy: person }), 2))),
      );
      expect(own.filter((answer) => answer === "started")).toHaveLength(2);
      expect(own.filter((answer) => answer === "full")).toHaveLength(18);
    });

    it("that are cancelled twenty times at once end once", async () => {
      const run = runOf(await made());
      await within((all) => all.start(run, 2));
      const ends = await Promise.all(
        Array.from({ length: 20 }, () =>
          within((all) => all.finish(run.id, { state: "cancelled", failure: null }, NOW)),
        ),
      );
      expect(ends.filter(Boolean)).toHaveLength(1);
    });

    it("that nobody signs for are lost; those that somebody does are not", async () => {
      const [quiet, alive] = [runOf(await made()), runOf(await made())];
      for (const run of [quiet, alive]) await within((all) => all.start(run, 100));
      await within((all) => all.touch(alive.id, "running", NOW + 60_000));
      expect(await within((all) => all.endLost(NOW + 30_000, NOW + 61_000))).toBeGreaterThanOrEqual(1);
      expect(await within((all) => all.latestRun(quiet.simulationId))).toMatchObject({
        state: "failed",
        failure: "interrupted",
        finishedAt: NOW + 61_000,
      });
      expect(await within((all) => all.latestRun(alive.simulationId))).toMatchObject({ state: "running" });
    });

    it("are let go beyond the number that is kept, oldest first", async () => {
      const one = await made();
      for (let place = 0; place < MOST_RUNS_KEPT + 3; place++) {
        const run = runOf(one, { createdAt: NOW + place });
        expect(await within((all) => all.start(run, 100))).toBe("started");
        await within((all) => all.finish(run.id, { state: "exhausted", failure: null }, NOW + place));
      }
      const kept = await within((all) => all.runs(one.id));
      expect(kept.map(({ createdAt }) => createdAt - NOW)).toEqual(
        Array.from({ length: MOST_RUNS_KEPT }, (_, place) => MOST_RUNS_KEPT + 2 - place),
      );
    });
  });
}
