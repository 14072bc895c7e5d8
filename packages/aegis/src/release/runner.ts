/** Takes the steps of a plan, each written down before it is begun; and goes back by itself when one fails. */
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { byHand, callOf } from "./call.ts";
import type { ReleaseFolder } from "./files.ts";
import { headsOf, type Journal, type ReleaseRecord, withRecord } from "./journal.ts";
import { keyOf, remaining, type Step } from "./plan.ts";
import type { ReleasePorts } from "./ports.ts";
import { type Command, type Instance, ReleaseError, type ReleaseSettings } from "./settings.ts";

export interface RunResult {
  readonly outcome: "live" | "returned" | "failed" | "stuck";
  readonly id: string;
  readonly from: string | null;
  readonly seconds: number;
  readonly reason: string | null;
  /** What was done, in order: steps forward, then back. */
  readonly steps: readonly string[];
  /** `stuck` alone: why going back failed, and what is left to do, as lines for a terminal. */
  readonly stuck?: { readonly reason: string; readonly commands: readonly string[] };
}

const HEALTH_EVERY_MS = 250;
/** A process that answers once and dies is not healthy. */
const HEALTHY_ANSWERS = 2;

export async function runJournal(
  ports: ReleasePorts,
  settings: ReleaseSettings,
  journal: Journal,
): Promise<RunResult> {
  const { folder, clock } = ports;
  const steps: string[] = [];
  let state = journal;
  const write = async (change: Partial<Journal>): Promise<void> => {
    state = { ...state, ...change };
    await folder.write(state);
  };
  const take = async (step: Step): Promise<void> => {
    const key = keyOf(step);
    const forward = state.direction === "forward";
    const begun = forward && !state.begun.includes(key) ? [...state.begun, key] : state.begun;
    await write({ begun, command: null });
    const started = clock.now();
    await perform(ports, settings, {
      step,
      journal: state,
      note: (change) => write(change),
      log: join(await folder.logs(state.run), `${forward ? "" : "back-"}${key.replaceAll(" ", "-")}`),
    });
    await write({ done: [...state.done, key], command: null });
    steps.push(`${forward ? "" : "back: "}${key}`);
    ports.tell(`${forward ? "" : "back: "}${described(step)} (${secondsSince(started, clock)} s)`);
  };
  const result = (outcome: RunResult["outcome"]): RunResult => ({
    outcome,
    id: state.to,
    from: state.from,
    seconds: secondsSince(state.startedAt, clock),
    reason: state.reason,
    steps,
  });

  if (state.direction === "forward") {
    try {
      for (const step of remaining(state, settings)) {
        if (ports.isStopped()) throw new ReleaseError("It was asked to stop.");
        await take(step);
      }
    } catch (error) {
      const reason = textOf(error);
      ports.tell(`failed: ${reason}`);
      await write({ direction: "back", reason, done: [], command: null });
    }
  }
  if (state.direction === "forward") {
    await finish(ports, settings, state, "live");
    return result("live");
  }
  try {
    for (const step of remaining(state, settings)) await take(step);
  } catch (error) {
    const commands = remaining(state, settings).flatMap((step) => byHand(ports, settings, step));
    return { ...result("stuck"), stuck: { reason: textOf(error), commands } };
  }
  const outcome = state.from === null && state.begun.includes("switch") ? "failed" : "returned";
  await finish(ports, settings, state, outcome);
  return result(outcome);
}

interface Doing {
  readonly step: Step;
  readonly journal: Journal;
  readonly note: (change: Partial<Journal>) => Promise<void>;
  readonly log: string;
}

async function perform(ports: ReleasePorts, settings: ReleaseSettings, doing: Doing): Promise<void> {
  const { step, journal, note, log } = doing;
  const { folder } = ports;
  const command = async (one: Command, name = ""): Promise<string> => {
    const call = callOf(ports, settings, step, one);
    const { status, out, said } = await ports.run({ ...call, log: log + name }, (identity) =>
      note({ command: identity }),
    );
    if (status !== 0)
      throw new ReleaseError(
        `${described(step)}: ${call.command.join(" ").slice(0, 300)} ended with status ${status ?? "none"}: ${said}`,
      );
    return out;
  };
  const own = (): Instance => instanceOf(settings, step);
  switch (step.kind) {
    case "preflight":
    case "backup":
    case "verify":
      await command(settings[step.kind] ?? []);
      return;
    case "schema up": {
      const { migrate } = settings;
      if (migrate === undefined) return;
      // What was found at the first try: after a crash half of it may be new.
      if (journal.before === null && journal.direction === "forward")
        await note({ before: [...headsOf(appliedIn(await command(migrate.status, "-status")))] });
      await command(migrate.up);
      return;
    }
    case "schema down":
      await command(settings.migrate?.down ?? []);
      return;
    case "switch":
      return folder.switchTo(step.release);
    case "out": {
      const { name, takeOut } = own();
      await folder.mark(name, true);
      if (takeOut !== undefined) await command(takeOut);
      return ports.sleep(settings.settleMilliseconds);
    }
    case "restart":
      await command(own().restart);
      return;
    case "ready":
      return becomesHealthy(ports, own(), settings.healthSeconds);
    case "in": {
      const { name, takeIn } = own();
      if (takeIn !== undefined) await command(takeIn);
      return folder.mark(name, false);
    }
  }
}

async function becomesHealthy(ports: ReleasePorts, instance: Instance, seconds: number): Promise<void> {
  const { address, host, name } = instance;
  const until = ports.clock.now() + seconds * 1000;
  let good = 0;
  let seen = "";
  for (;;) {
    const [health, ready] = [
      await ports.ask(address, "/health", host),
      await ports.ask(address, "/ready", host),
    ];
    good = health === 200 && ready === 200 ? good + 1 : 0;
    seen = `/health ${health === 0 ? "gave no answer" : health}, /ready ${ready === 0 ? "gave no answer" : ready}`;
    if (good >= HEALTHY_ANSWERS) return;
    if (ports.clock.now() >= until)
      throw new ReleaseError(`${name} at ${address} was not healthy within ${seconds} s: ${seen}`);
    await ports.sleep(HEALTH_EVERY_MS);
  }
}

function appliedIn(out: string): readonly string[] {
  let data: unknown;
  try {
    data = JSON.parse(out);
  } catch {
    data = undefined;
  }
  if (!Array.isArray(data)) throw new ReleaseError("migrate.status printed no JSON list of migrations.");
  const applied = data.filter((one): one is string => typeof one === "string");
  // They become arguments of a command; one that looks like an option is none of ours.
  if (applied.length !== data.length || applied.some((one) => !/^[\w.]+\/[\w.-]+$/.test(one)))
    throw new ReleaseError('migrate.status printed something else than ids like "hub/0001_courses".');
  return applied;
}

/** The schema as it is now, as the last migration of each source; null where nobody migrates, or nobody can say. */
async function headsNow(
  ports: ReleasePorts,
  settings: ReleaseSettings,
  journal: Journal,
): Promise<ReleaseRecord["migrations"]> {
  if (settings.migrate === undefined) return null;
  const release = (await ports.folder.current()) ?? journal.to;
  const step: Step = { kind: "schema up", release };
  const log = join(await ports.folder.logs(journal.run), "heads");
  const call = { ...callOf(ports, settings, step, settings.migrate.status), log };
  const { status, out } = await ports.run(call, async () => undefined);
  return status === 0 ? [...headsOf(appliedIn(out))] : null;
}

async function finish(
  ports: ReleasePorts,
  settings: ReleaseSettings,
  journal: Journal,
  outcome: ReleaseRecord["outcome"],
): Promise<void> {
  const { folder, clock } = ports;
  const record: ReleaseRecord = {
    run: journal.run,
    id: journal.to,
    kind: journal.kind,
    ...journal.facts,
    migrations: await headsNow(ports, settings, journal).catch(() => null),
    from: journal.from,
    startedAt: new Date(journal.startedAt).toISOString(),
    seconds: secondsSince(journal.startedAt, clock),
    outcome,
    reason: journal.reason,
  };
  const records = withRecord(await folder.records(), record);
  await folder.writeRecords(records);
  await folder.forget();
  if (outcome === "live") await prune(folder, settings, records, journal);
}

/** Folders of releases that were live once and are far behind go; one that was never released is not ours to remove. */
async function prune(
  folder: ReleaseFolder,
  { keepCount }: ReleaseSettings,
  records: readonly ReleaseRecord[],
  { to, from }: Journal,
): Promise<void> {
  const known = [...new Set(records.toReversed().map(({ id }) => id))];
  const kept = new Set([to, from, await folder.current(), ...known.slice(0, keepCount)]);
  for (const id of known) if (!kept.has(id)) await folder.remove(id);
}

const described = ({ kind, instance, release }: Step): string => {
  if (kind === "switch") return `switch to ${release}`;
  return instance === undefined ? kind : `${kind} ${instance}`;
};

function instanceOf(settings: ReleaseSettings, { instance }: Step): Instance {
  const found = settings.instances.find(({ name }) => name === instance);
  if (found === undefined)
    throw new ReleaseError(`release.config.json knows no instance ${instance ?? ""} any more.`);
  return found;
}

const secondsSince = (started: number, clock: Clock): number =>
  Math.max(0, Math.round((clock.now() - started) / 100) / 10);

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 4000);
