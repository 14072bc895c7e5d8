/** Runs in threads: bounded, watched, ended, and never left hanging. */
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { memorySimulations } from "./memory-repository.ts";
import { runOf } from "./repository.contract.ts";
import type { Run, Simulation } from "./repository.ts";
import { runner, type RunnerLimits } from "./runner.ts";

const TENANT = randomUUID();
const program = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
/** Computes for ever and says nothing. */
const SILENT = program("for (;;) {}");
const open: ReturnType<typeof runner>[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const simulation = (): Simulation => ({
  id: randomUUID(),
  name: "x",
  description: "",
  experiment: "session-theft",
  parameters: { rotation: 15, grace: 10, thief: 600 },
  simType: "advanced",
  refinementSteps: 6,
  confidenceThreshold: 1,
  seed: null,
  createdBy: null,
  createdAt: 0,
  updatedAt: 0,
});

function start(limits: Partial<RunnerLimits> = {}, url?: URL) {
  const database = memorySimulations();
  const trouble: unknown[] = [];
  const runs = runner({
    database,
    now: () => Date.now(),
    onTrouble: (error) => trouble.push(error),
    limits: { heartbeatMilliseconds: 50, ...limits },
    ...(url === undefined ? {} : { program: url }),
  });
  open.push(runs);
  const begin = async (facts: Partial<Run> = {}): Promise<Run | undefined> => {
    const one = simulation();
    const run = runOf(one, { createdAt: Date.now(), ...facts });
    const place = runs.reserve();
    if (place === undefined) return undefined;
    await database.inTenant(TENANT, async ({ simulations }) => {
      await simulations.create(one, { ofTenant: 1000, ofOne: 1000 });
      await simulations.start(run, 1000);
    });
    place.use(TENANT, run);
    return run;
  };
  const look = (run: Run | undefined) =>
    database.inTenant(TENANT, ({ simulations }) => simulations.latestRun(run?.simulationId ?? ""));
  const ended = async (run: Run | undefined) => {
    await expect
      .poll(async () => (await look(run))?.finishedAt, { timeout: 20_000 })
      .toEqual(expect.any(Number));
    return look(run);
  };
  return { runs, database, trouble, begin, look, ended };
}

describe("a run", () => {
  it("writes each step that its thread says, and how it ended", async () => {
    const { begin, ended, trouble } = start();
    const over = await ended(await begin());
    expect(over).toMatchObject({ state: "exhausted", failure: null });
    expect(over?.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await ended(await begin({ confidenceThreshold: 0.5 })))?.state).toBe("converged");
    expect(trouble).toEqual([]);
  });

  it("is the same in a thread as out of it, and again from its seed", async () => {
    const { begin, ended } = start();
    const [one, again] = [await ended(await begin({ seed: 9 })), await ended(await begin({ seed: 9 }))];
    expect(again?.steps).toEqual(one?.steps);
  });

  it.each([
    ["throws", "throw new Error('secret')"],
    ["ends at once", "process.exit(3)"],
    ["ends and says nothing", ""],
    [
      "says what no worker of ours says",
      "require('node:worker_threads').parentPort.postMessage({ kind: 'x' })",
    ],
    ["takes all memory", "const all = []; for (;;) all.push(new Array(1e5).fill({}))"],
  ])("whose thread %s has failed, says so, and gives its place to the next", async (_, text) => {
    const crashing = program(
      text.replace("require('node:worker_threads')", "(await import('node:worker_threads'))"),
    );
    const { begin, ended } = start({ atOnce: 1, heapMib: 16 }, crashing);
    const [first, second] = [await begin(), await begin()];
    expect(await ended(first)).toMatchObject({ state: "failed", failure: "crashed" });
    expect(await ended(second)).toMatchObject({ state: "failed", failure: "crashed" });
  });

  it("that takes too long is ended", async () => {
    const { begin, ended } = start({ milliseconds: 200 }, SILENT);
    expect(await ended(await begin())).toMatchObject({ state: "failed", failure: "time_limit" });
  });

  it("that is cancelled through another process stops here at its next heartbeat", async () => {
    const { begin, look, database, runs } = start({ atOnce: 1, waiting: 0 }, SILENT);
    const run = await begin();
    await expect.poll(async () => (await look(run))?.state).toBe("running");
    expect(runs.reserve()).toBeUndefined();
    await database.inTenant(TENANT, ({ simulations }) =>
      simulations.finish(run?.id ?? "", { state: "cancelled", failure: null }, Date.now()),
    );
    await expect
      .poll(() => {
        const place = runs.reserve();
        place?.release();
        return place !== undefined;
      })
      .toBe(true);
    expect((await look(run))?.state).toBe("cancelled");
  });

  it("sees nothing of the process's environment", async () => {
    const spy = program(
      "const { parentPort } = await import('node:worker_threads'); parentPort.postMessage({ kind: 'step', step: { step: Object.keys(process.env).length, samples: 0, estimate: 0, low: 0, high: 0, confidence: 0 } }); parentPort.postMessage({ kind: 'ended', ending: 'exhausted' })",
    );
    const { begin, ended } = start({}, spy);
    expect((await ended(await begin()))?.steps).toMatchObject([{ step: 0 }]);
  });
});

describe("a process", () => {
  it("takes so many runs and no more, and a place comes back when one is cancelled or given up", async () => {
    const { begin, look, ended, runs } = start({ atOnce: 1, waiting: 2 }, SILENT);
    const [one, two, three] = [await begin(), await begin(), await begin()];
    expect(await begin()).toBeUndefined();
    await expect.poll(async () => (await look(one))?.state).toBe("running");
    expect((await look(two))?.state).toBe("queued");
    runs.cancel(two?.id ?? "");
    expect(await begin()).toBeDefined();
    runs.cancel(one?.id ?? "");
    expect(await ended(one)).toMatchObject({ state: "cancelled" });
    await expect.poll(async () => (await look(three))?.state).toBe("running");
    const place = runs.reserve();
    expect(place).toBeDefined();
    expect(runs.reserve()).toBeUndefined();
    place?.release();
    place?.release();
    expect(runs.reserve()).toBeDefined();
  });

  it("that ends says of what it was doing that it was broken off, and takes nothing more", async () => {
    const { begin, look, runs } = start({ atOnce: 1 }, SILENT);
    const [one, two] = [await begin(), await begin()];
    await expect.poll(async () => (await look(one))?.state).toBe("running");
    await runs.close();
    for (const run of [one, two])
      expect(await look(run)).toMatchObject({ state: "failed", failure: "interrupted" });
    expect(runs.reserve()).toBeUndefined();
  });
});
