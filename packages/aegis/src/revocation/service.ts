/**
 * Threat: a cache that keeps a revoked session alive. Rule: an instance may answer from memory only while it holds a
 * lease; whoever revokes writes it down, tells all, and answers when every instance whose lease may hold has said that
 * it knows, or its lease has run out. So no request that starts after the answer is accepted anywhere, also by an
 * instance that was stopped, cut off or slow. References: ASVS 5.0 7.4.1; requirements SES-6, SES-7, TOK-3.
 */
import Type from "typebox";
import Value from "typebox/value";
import type { Random } from "../lib/random.ts";
import type { RevocationBus } from "./bus.ts";
import { type Revocable, type RevocableAccess, type Revocation, revocationSchema } from "./entry.ts";
import type { RevocationLedger } from "./ledger.ts";
import { RevocationView } from "./view.ts";

export interface RevocationParts {
  readonly ledger: RevocationLedger;
  readonly bus: RevocationBus;
}

export interface RevocationState {
  readonly fresh: boolean;
  /** Of the last minute; 0: nothing was ended. */
  readonly slowestSeconds: number;
}

export interface Revocations {
  state(): RevocationState;
  /** Memory is to be trusted now: this instance holds its lease. */
  isFresh(): boolean;
  /** Makes it so, if the ledger can be reached. */
  refresh(): Promise<boolean>;
  refuses(one: Revocable): boolean;
  refusesAccess(one: RevocableAccess, now: number): boolean;
  /** Takes in, for this instance alone, what the ledger does not have. */
  learn(entries: readonly Revocation[]): void;
  /** Resolves when no instance accepts any of it. @throws when it could not be written down */
  revoke(entries: readonly Revocation[]): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Wiring extends RevocationParts {
  readonly random: Random;
  readonly now: () => number;
  /** Milliseconds that only grow, whatever happens to the clock of the wall. */
  readonly elapsed?: () => number;
  readonly leaseMs?: number;
  readonly onTrouble: (error: unknown) => void;
}

/** How long a stopped instance can hold up an acknowledgement. */
const LEASE_MS = 1000;
/** Clocks of two machines run at the same speed within this, by far. */
const CLOCK_MARGIN = 1.02;

const MOST_NOTED = 200;

const name = Type.String({ maxLength: 128 });
const messageSchema = Type.Object({
  id: name,
  from: name,
  /** Absent in an acknowledgement. */
  entries: Type.Optional(Type.Array(revocationSchema, { maxItems: 1000 })),
});

export function revocations(wiring: Wiring): Revocations {
  const { ledger, bus, now, onTrouble, leaseMs = LEASE_MS, elapsed = () => performance.now() } = wiring;
  const instance = wiring.random.uuid();
  const view = new RevocationView();
  /** By message: the instances that said so. */
  const acknowledged = new Map<string, { readonly by: Set<string>; readonly check: () => void }>();
  let lease = { elapsedEnd: Number.NEGATIVE_INFINITY, wallEnd: Number.NEGATIVE_INFINITY };
  let mark: string | null = null;
  let renewing: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** How long each end of the last minute took until everybody knew: bounded, the oldest goes. */
  let took: readonly { readonly at: number; readonly ms: number }[] = [];
  let stopListening: (() => Promise<void>) | undefined;

  const renew = async (): Promise<boolean> => {
    // From before it was asked for: what the ledger grants ends later than what is used.
    const asked = { elapsed: elapsed(), wall: Date.now() };
    try {
      await ledger.lease(instance, leaseMs);
      const news = await ledger.since(mark);
      view.apply(news.entries);
      ({ mark } = news);
      // The clock of the wall too: the other one stands still while a machine sleeps.
      lease = { elapsedEnd: asked.elapsed + leaseMs, wallEnd: asked.wall + leaseMs };
      return isFresh();
    } catch (error) {
      onTrouble(error);
      return false;
    }
  };
  const refresh = (): Promise<boolean> => {
    renewing ??= renew().finally(() => (renewing = undefined));
    return renewing;
  };
  const isFresh = (): boolean => elapsed() < lease.elapsedEnd && Date.now() < lease.wallEnd;

  const hear = (text: string): void => {
    const message = parseMessage(text);
    if (message === undefined || message.from === instance) return;
    if (message.entries === undefined) {
      const waiting = acknowledged.get(message.id);
      waiting?.by.add(message.from);
      waiting?.check();
      return;
    }
    view.apply(message.entries);
    bus.publish(JSON.stringify({ id: message.id, from: instance })).catch(onTrouble);
  };

  /** Everyone who may serve from memory has said that it knows, or may not any more. */
  const everybodyKnows = async (id: string, by: Set<string>): Promise<void> => {
    const holders = (await ledger.holders()).filter((one) => one.instance !== instance);
    const asked = elapsed();
    const waitsFor = (): number =>
      Math.max(
        0,
        ...holders
          .filter((one) => !by.has(one.instance))
          .map(({ leftMs }) => leftMs * CLOCK_MARGIN - (elapsed() - asked)),
      );
    while (waitsFor() > 0) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, waitsFor());
        acknowledged.set(id, {
          by,
          check: () => {
            if (waitsFor() > 0) return;
            clearTimeout(late);
            resolve();
          },
        });
      });
    }
  };

  const noteTook = (from: number): void => {
    const at = elapsed();
    took = [...took.filter((one) => at - one.at < 60_000), { at, ms: at - from }].slice(-MOST_NOTED);
  };

  return {
    state: () => {
      const recent = took.filter((one) => elapsed() - one.at < 60_000);
      return { fresh: isFresh(), slowestSeconds: Math.max(0, ...recent.map(({ ms }) => ms)) / 1000 };
    },
    isFresh,
    refresh,
    refuses: (one) => view.refuses(one),
    refusesAccess: (one, at) => view.refusesAccess(one, at),
    learn: (entries) => view.apply(entries),

    async revoke(entries) {
      if (entries.length === 0) return;
      const from = elapsed();
      view.apply(entries); // here, it holds at once
      const id = wiring.random.uuid();
      const by = new Set<string>();
      acknowledged.set(id, { by, check: () => undefined });
      try {
        await Promise.all([
          ledger.append(entries),
          bus.publish(JSON.stringify({ id, from: instance, entries })).catch(onTrouble), // leases end without it
        ]);
        await everybodyKnows(id, by);
      } finally {
        noteTook(from);
        acknowledged.delete(id);
      }
    },

    async start() {
      stopListening = await bus.listen(hear).catch((error: unknown) => {
        onTrouble(error);
        return undefined;
      });
      await refresh();
      timer = setInterval(() => {
        void refresh();
        view.prune(now());
      }, leaseMs / 3);
      timer.unref();
    },

    async close() {
      clearInterval(timer);
      await renewing;
      lease = { elapsedEnd: Number.NEGATIVE_INFINITY, wallEnd: Number.NEGATIVE_INFINITY };
      await stopListening?.().catch(() => undefined);
      await ledger.release(instance).catch(() => undefined); // it would end by itself
    },
  };
}

function parseMessage(text: string): Type.Static<typeof messageSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(messageSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
