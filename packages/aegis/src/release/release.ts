/** `release`, `rollback` and what a killed run has left: the three ways into the runner, each under the lock. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { callOf } from "./call.ts";
import { awaitLeftover } from "./command.ts";
import { isReleaseId, type Journal, releasedBefore, type ReleaseRecord, wayBack } from "./journal.ts";
import { takeLock } from "./lock.ts";
import { remaining } from "./plan.ts";
import type { ReleasePorts } from "./ports.ts";
import { type RunResult, runJournal } from "./runner.ts";
import { ReleaseError, type ReleaseSettings } from "./settings.ts";

export interface Ended {
  /** What was found of a run that had been killed, and what became of it. */
  readonly recovered: RunResult | undefined;
  /** Undefined where the recovery was all there was to do, or is stuck. */
  readonly result: RunResult | undefined;
}

export interface NewRelease {
  /** Its name: a folder. */
  readonly id: string;
  /** The built application, copied to `releases/ID`; undefined: it is there already. */
  readonly build: string | undefined;
  /** Default: what git says of `build`. */
  readonly commit: string | undefined;
}

/** @throws ReleaseError where nothing was begun */
export function release(ports: ReleasePorts, wanted: NewRelease): Promise<Ended> {
  const { id, build } = wanted;
  return locked(ports, `release ${id}`, async (settings, recovered) => {
    const { folder } = ports;
    if (!isReleaseId(id))
      throw new ReleaseError(
        `"${id}" is no name for a release: letters, digits, dots and hyphens, 64 at most.`,
      );
    const from = (await folder.current()) ?? null;
    if (from === id) throw new ReleaseError(`${id} is the current release already.`);
    const exists = await folder.has(id);
    if (build === undefined && !exists)
      throw new ReleaseError(`There is no release ${id} in ${folder.root}; bring it with --from.`);
    if (build !== undefined && exists)
      throw new ReleaseError(`There is a release ${id} already; a release never changes. Choose another id.`);
    if (build !== undefined) await folder.bring(id, build);
    const journal = await begun(ports, {
      kind: "release",
      to: id,
      from,
      target: null,
      facts: await factsOf(ports, settings, wanted),
    });
    return { recovered, result: await runJournal(ports, settings, journal) };
  });
}

/** To the release that was released before the current one, or to `id`. @throws ReleaseError where nothing was begun */
export function rollback(ports: ReleasePorts, id: string | undefined): Promise<Ended> {
  return locked(ports, `rollback${id === undefined ? "" : ` to ${id}`}`, async (settings, recovered) => {
    const { folder } = ports;
    const from = await folder.current();
    if (from === undefined) throw new ReleaseError("There is no current release to go back from.");
    // Whoever asks for the way back while a release is half done wants just that, and has got it.
    if (recovered !== undefined && (id === undefined || id === from)) return { recovered, result: undefined };
    const records = await folder.records();
    const earlier = releasedBefore(records, from);
    const there = await folder.ids();
    const to = id ?? wayBack(records, from, there);
    if (to === undefined) throw new ReleaseError(`No release before ${from} is left to go back to.`);
    if (!there.includes(to)) throw new ReleaseError(`There is no release ${to} in ${folder.root}.`);
    if (!earlier.includes(to))
      throw new ReleaseError(
        `${to} was not live before ${from}. A later one is brought in by: aegis release ${folder.root} --id ${to}`,
      );
    const [now, then] = [lastLive(records, from), lastLive(records, to)];
    if (settings.migrate !== undefined && (now?.migrations ?? null) === null)
      throw new ReleaseError(`releases.json does not say which schema ${from} left; nothing was done.`);
    if (settings.migrate !== undefined && (then?.migrations ?? null) === null)
      throw new ReleaseError(`releases.json does not say which schema ${to} needs; nothing was done.`);
    const isSame = JSON.stringify(now?.migrations) === JSON.stringify(then?.migrations);
    const journal = await begun(ports, {
      kind: "rollback",
      to,
      from,
      target: isSame ? null : [...(then?.migrations ?? [])],
      facts: { version: then?.version ?? null, commit: then?.commit ?? null, policy: then?.policy ?? null },
    });
    return { recovered, result: await runJournal(ports, settings, journal) };
  });
}

export interface Deployment {
  readonly current: string | undefined;
  /** A run that is under way, or was killed, or is stuck. */
  readonly journal: Journal | undefined;
  readonly records: readonly ReleaseRecord[];
}

export async function releases({ folder }: Pick<ReleasePorts, "folder">): Promise<Deployment> {
  return {
    current: await folder.current(),
    journal: await folder.journal(),
    records: await folder.records(),
  };
}

/** Looks for a killed run first: nothing new is begun on what it left half done. */
async function locked(
  ports: ReleasePorts,
  what: string,
  work: (settings: ReleaseSettings, recovered: RunResult | undefined) => Promise<Ended>,
): Promise<Ended> {
  const settings = await ports.folder.settings();
  const giveBack = await takeLock(ports.folder.lockPath(), what, ports.clock.now());
  try {
    const recovered = await recover(ports, settings);
    if (recovered?.outcome === "stuck") return { recovered, result: undefined };
    return await work(settings, recovered);
  } finally {
    await giveBack();
  }
}

async function recover(ports: ReleasePorts, settings: ReleaseSettings): Promise<RunResult | undefined> {
  const { folder } = ports;
  const journal = await folder.journal();
  if (journal === undefined) return undefined;
  ports.tell(`a ${journal.kind} of ${journal.to} was not finished; this comes first`);
  // A command that outlived its run may still be at work: what is undone under it would be done again.
  if (journal.command !== null) await awaitLeftover(journal.command, settings.commandSeconds);
  if (journal.direction === "back" || remaining(journal, settings).length === 0)
    return runJournal(ports, settings, journal);
  const undone: Journal = {
    ...journal,
    direction: "back",
    reason: "It was interrupted, and nobody could say how far it had come.",
    done: [],
    command: null,
  };
  await folder.write(undone);
  return runJournal(ports, settings, undone);
}

async function begun(
  ports: ReleasePorts,
  what: Pick<Journal, "kind" | "to" | "from" | "target" | "facts">,
): Promise<Journal> {
  const now = ports.clock.now();
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+Z/g, "");
  const journal: Journal = {
    form: 1,
    run: `${stamp}-${process.pid}`,
    before: null,
    backup: true,
    startedAt: now,
    direction: "forward",
    reason: null,
    begun: [],
    done: [],
    command: null,
    ...what,
  };
  await ports.folder.write(journal);
  return journal;
}

const lastLive = (records: readonly ReleaseRecord[], id: string): ReleaseRecord | undefined =>
  records.findLast((one) => one.id === id && one.outcome === "live");

/** What a person wants to know of a release later; what cannot be found out is null, and stops nothing. */
async function factsOf(
  ports: ReleasePorts,
  settings: ReleaseSettings,
  { id, build, commit }: NewRelease,
): Promise<Journal["facts"]> {
  const { folder } = ports;
  const said = async (command: readonly string[] | undefined, name: string): Promise<string> => {
    if (command === undefined) return "";
    const call = callOf(ports, settings, { kind: "preflight", release: id }, command);
    const log = join(await folder.logs("facts"), name);
    const { status, out } = await ports.run({ ...call, seconds: 60, log }, async () => undefined);
    return status === 0 ? out : "";
  };
  const known = lastLive(await folder.records(), id);
  const asked =
    build === undefined ? "" : await said(["git", "-C", build, "rev-parse", "--verify", "HEAD"], "commit");
  return {
    version: await versionOf(join(folder.releasePath(id), "package.json")),
    commit: commit ?? /^[0-9a-f]{40,64}$/m.exec(asked)?.[0] ?? known?.commit ?? null,
    policy:
      /\b[0-9a-f]{16}\b/.exec(await said(settings.fingerprint, "fingerprint"))?.[0] ?? known?.policy ?? null,
  };
}

async function versionOf(file: string): Promise<string | null> {
  try {
    const data: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof data !== "object" || data === null || !("version" in data)) return null;
    return typeof data.version === "string" ? data.version.slice(0, 100) : null;
  } catch {
    return null;
  }
}
