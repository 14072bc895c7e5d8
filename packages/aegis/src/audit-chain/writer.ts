/**
 * Takes events off the way of requests and puts them into the chain: bounded, in batches, one at a time. What comes while
 * a batch is being written is the next batch, so that waiting for an entry costs about one write.
 */
import type { Clock } from "../lib/clock.ts";
import { type AuditRecord, type ChainHead } from "./chain.ts";
import type { HeadSigner, SignedHead } from "./heads.ts";
import type { AuditLogStore } from "./store.ts";

export interface AuditWriterWiring {
  readonly store: AuditLogStore;
  readonly queueLimit: number;
  readonly signEverySeconds: number;
  readonly signer: HeadSigner;
  readonly clock: Clock;
  /** Says in the log itself that so many events could not be kept. */
  readonly lostRecord: (count: number) => AuditRecord;
  /** Told at every failure; the queue is kept and tried again. */
  readonly onTrouble: (error: unknown, waiting: number) => void;
  /** A head to keep elsewhere. */
  readonly onHead: (head: SignedHead) => void;
  /** An entry that this process knows is there no more: somebody cut or wrote the log anew while we ran. */
  readonly onBroken: (known: ChainHead) => void;
}

export interface WriterState {
  readonly waiting: number;
  /** Events that found the queue full since the start. */
  readonly lost: number;
  readonly failing: boolean;
  /** Number of an entry that was found gone or changed while this process ran. */
  readonly brokenAt: number | null;
}

export interface AuditWriter {
  /** `done` is told once: written, or not as far as could be seen in time. */
  add(record: AuditRecord, done?: (written: boolean) => void): void;
  /** True while what was handed in last could not be written, or there is no room for more. */
  isFailing(): boolean;
  state(): WriterState;
  /** Resolves when what waited is written, or one more try has failed. */
  settled(): Promise<void>;
  /** Writes what waits and signs the end. */
  close(): Promise<void>;
}

const BATCH = 200;
const RETRY_MS = 1000;
const MOST_TRIES = 3;

/** SQLSTATE: data exceptions and broken constraints; anything else may be another in a second. */
const isRefused = (error: unknown): boolean =>
  error instanceof TypeError ||
  (error instanceof Error && "code" in error && /^2[23]\w{3}$/.test(String(error.code)));

export function auditWriter(wiring: AuditWriterWiring): AuditWriter {
  const { store, queueLimit, signer, clock } = wiring;
  let queue: { readonly record: AuditRecord; done: ((written: boolean) => void) | undefined }[] = [];
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let failing = false;
  let lost = 0;
  let lostTotal = 0;
  let brokenAt: number | null = null;
  let known: ChainHead | undefined;
  /** So many are written one by one, to find the one that is refused. */
  let alone = 0;
  let tries = 0;
  let signed: { readonly seq: number; readonly at: number } | undefined;

  /** Also what a process before us saw, as far as the database was not made to forget that too. */
  const knownBefore = async (): Promise<ChainHead> => (await store.lastHead()) ?? { seq: 0, hash: "" };

  const sign = async (): Promise<void> => {
    if (known === undefined || known.seq === 0 || known.seq === signed?.seq) return;
    const head = signer.sign(known, clock.now());
    signed = { seq: known.seq, at: clock.now() };
    wiring.onHead(head); // first to where a thief of the database cannot reach
    await store.addHead(head).catch((error: unknown) => wiring.onTrouble(error, queue.length));
  };

  const writeBatch = async (): Promise<void> => {
    const batch = queue.slice(0, alone > 0 ? 1 : BATCH);
    const untold = lost;
    const records = batch.map(({ record }) => record);
    if (untold > 0) records.push(wiring.lostRecord(untold));
    known ??= await knownBefore();
    const before = known;
    const { head, knownHolds } = await store.append(records, { known: before, again: failing });
    queue = queue.slice(batch.length);
    lost -= untold;
    alone = Math.max(0, alone - 1);
    tries = 0;
    failing = false;
    known = head;
    if (!knownHolds) {
      brokenAt = before.seq;
      wiring.onBroken(before);
    }
    for (const { done } of batch) done?.(true);
    if (signed === undefined || clock.now() - signed.at >= wiring.signEverySeconds * 1000) await sign();
  };

  /** The database answers, and will not have one of these: it may not stand in the way of all that come after it. */
  const setAside = (): void => {
    if (alone === 0) alone = Math.min(queue.length, BATCH);
    else if ((tries += 1) >= MOST_TRIES) {
      tries = 0;
      queue[0]?.done?.(false);
      queue = queue.slice(1);
      lost += 1;
      lostTotal += 1;
    }
  };

  const isAnyLeft = (): boolean => queue.length > 0 || lost > 0;

  const drain = async (): Promise<void> => {
    try {
      while (isAnyLeft()) await writeBatch();
      failing = false;
    } catch (error) {
      failing = true;
      if (isRefused(error)) setAside();
      // They are answered that it is not written; it stays in the queue, for it may have happened all the same.
      for (const waiting of queue) {
        waiting.done?.(false);
        waiting.done = undefined;
      }
      wiring.onTrouble(error, queue.length);
      retry ??= setTimeout(() => {
        retry = undefined;
        start();
      }, RETRY_MS).unref();
    }
  };
  const start = (): void => {
    // What else happens at this moment goes along; and the request that told us goes on first.
    running ??= Promise.resolve()
      .then(drain)
      .finally(() => {
        running = undefined;
        if (!failing && queue.length > 0) start();
      });
  };

  /** Also of what was begun while we waited. */
  const ended = async (): Promise<void> => {
    const current = running;
    if (current === undefined) return;
    await current;
    await ended();
  };
  const settled = async (): Promise<void> => {
    await ended();
    if (failing) start();
    await ended();
  };

  return {
    add(record, done) {
      if (queue.length >= queueLimit) {
        lost += 1;
        lostTotal += 1;
        done?.(false);
        return;
      }
      queue.push({ record, done });
      if (!failing) start();
      else if (done !== undefined) {
        done(false);
        const last = queue.at(-1);
        if (last !== undefined) last.done = undefined;
      }
    },
    isFailing: () => failing || queue.length >= queueLimit,
    state: () => ({ waiting: queue.length, lost: lostTotal, failing, brokenAt }),
    settled,
    async close() {
      clearTimeout(retry);
      const hadFailed = failing;
      await ended();
      // One more try and no other: whoever ends must end, also while the database is away.
      if (hadFailed && failing) start();
      await ended();
      clearTimeout(retry);
      if (!failing) await sign();
    },
  };
}
