/**
 * Carries runs out in threads. Threat: experiments cost processor time, and whoever can ask for them could ask for all of
 * it. Rule: so many threads, so many waiting, so much time and memory each, for all of a process together; what is beyond
 * is refused before anything is written. The database has the last word on how a run ended, so that one that was
 * cancelled through another process stops here too.
 */
import { Worker } from "node:worker_threads";
import type { TenantDatabase } from "aegis/stores/postgres";
import type { Plan, Step } from "./engine/refine.ts";
import { readMessage } from "./messages.ts";
import type { Failure, Run, RunState, SimulationRepository } from "./repository.ts";

export interface RunnerLimits {
  /** Threads at a time. */
  readonly atOnce: number;
  /** Runs that wait for one. */
  readonly waiting: number;
  readonly milliseconds: number;
  readonly heapMib: number;
  /** How often a run signs that it is alive, and asks whether it still should be. */
  readonly heartbeatMilliseconds: number;
}

export const RUNNER_LIMITS: RunnerLimits = {
  atOnce: 2,
  waiting: 16,
  milliseconds: 60_000,
  heapMib: 64,
  heartbeatMilliseconds: 2000,
};

export interface RunnerWiring {
  readonly database: TenantDatabase<{ readonly simulations: SimulationRepository }>;
  readonly now: () => number;
  readonly onTrouble: (error: unknown, run: string) => void;
  readonly limits?: Partial<RunnerLimits>;
  /** For tests: another program for the thread. */
  readonly program?: URL;
}

interface Job {
  readonly tenantId: string;
  readonly run: Run;
  /** Set while it runs. */
  stop?: (end: End) => void;
}

interface End {
  readonly state: RunState;
  readonly failure: Failure | null;
}

/** The source as it is where Node runs it, the built file where that runs. */
const PROGRAM = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
const failed = (failure: Failure): End => ({ state: "failed", failure });

export type Runner = ReturnType<typeof runner>;

export function runner(wiring: RunnerWiring) {
  const { database, now, onTrouble } = wiring;
  const limits = { ...RUNNER_LIMITS, ...wiring.limits };
  const waiting: Job[] = [];
  const running = new Map<string, Job>();
  let reserved = 0; // places that were promised to runs that are not written yet
  let isClosing = false;
  const endings = new Set<Promise<void>>();

  const write = async <T>(job: Job, work: (simulations: SimulationRepository) => Promise<T>) =>
    database.inTenant(job.tenantId, ({ simulations }) => work(simulations));

  const next = (): void => {
    while (running.size < limits.atOnce) {
      const job = waiting.shift();
      if (job === undefined) return;
      running.set(job.run.id, job);
      const ending = carryOut(job)
        .catch((error: unknown) => onTrouble(error, job.run.id))
        .finally(() => {
          running.delete(job.run.id);
          endings.delete(ending);
          next();
        });
      endings.add(ending);
    }
  };

  /** Those that wait are alive, too; where one was cancelled elsewhere it gives its place up. */
  const signForWaiting = async (): Promise<void> => {
    for (const job of waiting.slice()) {
      const goesOn = await write(job, (all) => all.touch(job.run.id, "queued", now())).catch(
        (error: unknown) => {
          onTrouble(error, job.run.id);
          return true;
        },
      );
      const place = waiting.indexOf(job);
      if (!goesOn && place >= 0) waiting.splice(place, 1);
    }
  };
  let signing: Promise<void> | undefined;
  const heart = setInterval(() => {
    if (waiting.length === 0) return;
    signing ??= signForWaiting().finally(() => {
      signing = undefined;
    });
  }, limits.heartbeatMilliseconds);
  heart.unref();

  const carryOut = async (job: Job): Promise<void> => {
    const { id } = job.run;
    if (isClosing || !(await write(job, (all) => all.touch(id, "running", now())))) return; // cancelled while it waited
    const end = await keep(job);
    await write(job, (all) => all.finish(id, end, now()));
  };

  /** Watches over one thread until it is gone; the end comes when all that it said is written. */
  const keep = async (job: Job): Promise<End> => {
    const { id } = job.run;
    const said: Step[] = [];
    let end: End | undefined;
    const thread = startThread(planOf(job.run), wiring.program ?? PROGRAM, limits);
    const stop = (how: End): void => {
      end ??= how;
      void thread.terminate();
    };
    job.stop = stop;
    thread.on("message", (value: unknown) => {
      const message = readMessage(value);
      if (message === undefined) return stop(failed("crashed"));
      if (message.kind === "ended") end ??= { state: message.ending, failure: null };
      else if (said.length < job.run.refinementSteps) said.push(message.step);
      void pump();
    });
    // What it threw may hold anything; that it threw is what counts.
    thread.on("error", (error) => {
      end ??= failed("crashed");
      onTrouble(error, id);
    });
    const gone = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    const tooLong = setTimeout(() => stop(failed("time_limit")), limits.milliseconds);

    let written = 0;
    let pumping: Promise<void> | undefined;
    const writeOnce = async (): Promise<void> => {
      const steps = said.slice(written);
      const goesOn = await write(job, (all) =>
        steps.length === 0 ? all.touch(id, "running", now()) : all.record(id, steps, now()),
      );
      written += steps.length;
      if (!goesOn) stop({ state: "cancelled", failure: null });
    };
    /** One at a time; what was said meanwhile goes with the next. */
    const pump = async (): Promise<void> => {
      pumping ??= writeOnce()
        .catch((error: unknown) => onTrouble(error, id)) // the next heartbeat tries again
        .finally(() => {
          pumping = undefined;
        });
      return pumping;
    };
    const pulse = setInterval(() => void pump(), limits.heartbeatMilliseconds);
    try {
      await gone;
    } finally {
      clearTimeout(tooLong);
      clearInterval(pulse);
    }
    await pumping;
    if (written < said.length) await writeOnce();
    return end ?? failed("crashed");
  };

  return {
    /** A place for one more run, or undefined where there is none. Give it back, or use it. */
    reserve(): { use: (tenantId: string, run: Run) => void; release: () => void } | undefined {
      const taken = running.size + waiting.length + reserved;
      if (isClosing || taken >= limits.atOnce + limits.waiting) return undefined;
      reserved += 1;
      let open = true;
      const release = (): void => {
        if (open) reserved -= 1;
        open = false;
      };
      return {
        release,
        use: (tenantId, run) => {
          release();
          waiting.push({ tenantId, run });
          next();
        },
      };
    },
    /** At once where it runs here; where it runs elsewhere, its next heartbeat finds out. */
    cancel(runId: string): void {
      const place = waiting.findIndex(({ run }) => run.id === runId);
      if (place >= 0) waiting.splice(place, 1);
      running.get(runId)?.stop?.({ state: "cancelled", failure: null });
    },
    /** Ends what runs and what waits, and says so of each. */
    async close(): Promise<void> {
      isClosing = true;
      clearInterval(heart);
      await signing;
      const left = waiting.splice(0);
      for (const { stop } of running.values()) stop?.(failed("interrupted"));
      await Promise.all(endings);
      for (const job of left)
        await write(job, (all) => all.finish(job.run.id, failed("interrupted"), now())).catch(
          (error: unknown) => onTrouble(error, job.run.id),
        );
    },
  };
}

const planOf = ({
  experiment,
  parameters,
  simType,
  refinementSteps,
  confidenceThreshold,
  seed,
}: Run): Plan => ({ experiment, parameters, simType, refinementSteps, confidenceThreshold, seed });

/** Without the process's environment, in which secrets stand, and with a bound on its memory. */
const startThread = (plan: Plan, program: URL, { heapMib }: RunnerLimits): Worker =>
  new Worker(program, {
    workerData: plan,
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
