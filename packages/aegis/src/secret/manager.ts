/** Secrets of an application: found in the policy's order, read again while it runs, and never half replaced. */
import { type Clock, systemClock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Environment } from "../lib/schema.ts";
import { SecretError } from "./errors.ts";
import { keysOf, problemOf, type SecretNeed } from "./source.ts";
import type { SecretPolicy } from "./policy.ts";
import { type Redactor, redactor as newRedactor } from "./redact.ts";
import type { SecretSource } from "./source.ts";

/** What happened to the secrets; names and sources, never values. */
export type SecretEvent =
  | { readonly event: "secret.changed"; readonly names: readonly string[] }
  | { readonly event: "secret.change_refused"; readonly because: string }
  | { readonly event: "secret.source_away"; readonly because: string }
  | { readonly event: "secret.source_back" };

export interface SecretsOptions {
  readonly policy: { readonly environment: Environment; readonly secret: DeepReadonly<SecretPolicy> };
  readonly needs: readonly SecretNeed[];
  /** What is set up, in any order (`secretSources`). */
  readonly sources: readonly SecretSource[];
  readonly clock?: Clock;
  /** Told every value before anybody else has it. */
  readonly redactor?: Redactor;
  readonly onEvent?: (event: SecretEvent) => void;
  /** Told at the start of each that is missing or weak, instead of an error for the first: whoever tells all at once. */
  readonly onProblem?: (error: SecretError) => void;
}

interface Version {
  readonly value: string | undefined;
  /** When it was seen first; undefined: at the start. */
  readonly since: number | undefined;
}

export interface Secrets {
  /** What was read last. */
  get(name: string): string | undefined;
  /** What was read last and, for so long that every process has it, what serves to make things. */
  live(name: string): {
    readonly latest: () => string | undefined;
    readonly settled: () => string | undefined;
  };
  /** Where a value came from, for messages. */
  whereOf(name: string): string | undefined;
  /** Whether what is known may have been taken back: the sources are away for longer than the policy allows. */
  isStale(): boolean;
  /** Reads all again; calls that come meanwhile share the next reading. Throws nothing: the values before stay. */
  refresh(): Promise<void>;
  readonly redactor: Redactor;
  /** Folders to watch, and when to read again at the latest (milliseconds since the Unix epoch). */
  readonly folders: readonly string[];
  nextAt(): number;
}

type Snapshot = ReadonlyMap<string, { readonly value: string; readonly where: string }>;

const AWAY_AGAIN_MS = 10_000;
const EARLIEST_AGAIN_MS = 1_000;

/** @throws SecretError for what is missing or weak, and for a source that gives nothing: what was looked for may be there */
export async function openSecrets(options: SecretsOptions): Promise<Secrets> {
  const { needs, clock = systemClock, redactor = newRedactor(), onEvent = () => undefined } = options;
  const { environment, secret: policy } = options.policy;
  const allowed = (kind: SecretSource["kind"]): boolean =>
    environment !== "production" || policy.productionSources.includes(kind);
  const inOrder = policy.sources.flatMap((kind) => options.sources.filter((one) => one.kind === kind));
  const sources = inOrder.filter(({ kind }) => allowed(kind));
  const passedBy = inOrder.filter(({ kind }) => !allowed(kind)).map(({ where }) => where);

  const readAll = async (): Promise<Snapshot> => {
    const all = new Map<string, { value: string; where: string }>();
    for (const source of sources) {
      const open = needs.map(({ name }) => name).filter((name) => !all.has(name));
      if (open.length === 0) break;
      for (const own of source.own?.() ?? []) redactor.add(own);
      for (const [name, value] of await source.read(open)) {
        redactor.add(value);
        all.set(name, { value, where: source.where });
      }
      for (const own of source.own?.() ?? []) redactor.add(own);
    }
    return all;
  };
  const demand = (now: Snapshot, onProblem: (error: SecretError) => void): void => {
    for (const need of needs) {
      const found = now.get(need.name);
      if (found === undefined) {
        if (environment === "production" && policy.required.includes(need.name))
          onProblem(new SecretError("AEGIS_SECRET_MISSING", missing(need.name, sources, passedBy), need.how));
        continue;
      }
      const problem = problemOf(need, found.value, environment);
      if (problem !== undefined)
        onProblem(
          new SecretError(
            "AEGIS_SECRET_WEAK",
            `${need.name} (from ${found.where}) cannot be used: ${problem}.`,
            need.how,
          ),
        );
    }
  };

  let current = await readAll();
  const refuse = (error: SecretError): never => {
    throw error;
  };
  demand(current, options.onProblem ?? refuse);
  let readAt = clock.now();
  let awaySince: number | undefined;
  const versions = new Map<string, readonly Version[]>(
    needs.map(({ name }) => [name, [{ value: current.get(name)?.value, since: undefined }]]),
  );
  const isSettled = ({ since }: Version): boolean =>
    since === undefined || clock.now() - since >= policy.cacheSeconds * 1000;
  const settledOf = (name: string): string | undefined =>
    (versions.get(name) ?? []).findLast(isSettled)?.value;

  /** Why a change cannot be taken over: half a change, or one after which something could not be opened. */
  const lost = (next: Snapshot): string | undefined => {
    for (const { name, previous, lasting = previous !== undefined } of needs) {
      const [before, after] = [current.get(name)?.value, next.get(name)?.value];
      if (before === undefined || before === after) continue;
      if (after === undefined && (lasting || policy.required.includes(name)))
        return `${name} is gone from ${current.get(name)?.where ?? "its source"}`;
      if (
        after !== undefined &&
        previous !== undefined &&
        !keysOf(next.get(previous)?.value ?? "").includes(before)
      )
        return `${name} changed, and the key before it is not in ${previous}: what it sealed could not be opened`;
    }
    return undefined;
  };

  const takeOver = (next: Snapshot): void => {
    const now = clock.now();
    const changed = needs
      .map(({ name }) => name)
      .filter((name) => next.get(name)?.value !== current.get(name)?.value);
    current = next;
    for (const name of changed) {
      const known = versions.get(name) ?? [];
      // Whatever is older than what serves now serves no more.
      const kept = known.slice(Math.max(0, known.findLastIndex(isSettled)));
      versions.set(name, [...kept, { value: next.get(name)?.value, since: now }]);
    }
    if (changed.length > 0) onEvent({ event: "secret.changed", names: changed });
  };

  const readAgain = async (): Promise<void> => {
    let next: Snapshot;
    try {
      next = await readAll();
    } catch (error) {
      readAt = clock.now();
      if (awaySince === undefined)
        onEvent({
          event: "secret.source_away",
          because: error instanceof SecretError ? error.message : String(error),
        });
      awaySince ??= clock.now();
      return;
    }
    readAt = clock.now();
    if (awaySince !== undefined) onEvent({ event: "secret.source_back" });
    awaySince = undefined;
    try {
      const because = lost(next);
      if (because !== undefined) return onEvent({ event: "secret.change_refused", because });
      demand(next, refuse);
    } catch (error) {
      // A check of the application's own may throw what it likes, and quote what it looked at.
      const because = error instanceof SecretError ? error.message : "a check of a secret failed";
      return onEvent({ event: "secret.change_refused", because });
    }
    takeOver(next);
  };

  let reading: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  const refresh = (): Promise<void> => {
    if (reading === undefined) {
      reading = readAgain().finally(() => (reading = undefined));
      return reading;
    }
    // What changed after the reading began, it may not have seen.
    following ??= reading.then(() => {
      following = undefined;
      return refresh();
    });
    return following;
  };

  return {
    redactor,
    refresh,
    get: (name) => current.get(name)?.value,
    live: (name) => ({ latest: () => current.get(name)?.value, settled: () => settledOf(name) }),
    whereOf: (name) => current.get(name)?.where,
    isStale: () => awaySince !== undefined && clock.now() - awaySince >= policy.staleSeconds * 1000,
    folders: [...new Set(sources.flatMap(({ folders = [] }) => folders))],
    nextAt() {
      const due = sources.flatMap(({ dueAt }) => dueAt?.() ?? []);
      const wait = awaySince === undefined ? policy.cacheSeconds * 1000 : AWAY_AGAIN_MS;
      return Math.max(clock.now() + EARLIEST_AGAIN_MS, Math.min(readAt + wait, ...due));
    },
  };
}

function missing(name: string, sources: readonly SecretSource[], passedBy: readonly string[]): string {
  const looked = sources.map(({ where }) => where).join("; ");
  const not =
    passedBy.length === 0
      ? ""
      : ` Not looked for, because of secret.productionSources: ${passedBy.join("; ")}.`;
  return `${name} is missing: production needs one, and it was not found. Looked for in: ${looked === "" ? "nothing" : looked}.${not}`;
}
