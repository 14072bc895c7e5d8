/**
 * What only asking tells: whether a store answers, how many sessions live, when the certificate ends. Asked at most once
 * in a while however often metrics are read, each within its time: one that hangs is "away", and holds up nothing else.
 */
import type { Clock } from "../lib/clock.ts";
import { type Family, family, type Sample, single } from "./families.ts";

/** What is full when all of it is in use. */
export interface PoolState {
  readonly used: number;
  readonly limit: number;
  /** Who waits for one. */
  readonly waiting: number;
}

export interface Measures {
  /** Each rejects while it does not answer; the trip is timed: "postgres", "redis". */
  readonly stores?: Readonly<Record<string, () => Promise<unknown>>>;
  readonly pools?: Readonly<Record<string, () => PoolState>>;
  /** When the certificate that people are shown ends, milliseconds since the Unix epoch. Asked every five minutes. */
  readonly certificateEndsAt?: () => Promise<number>;
  /** When the newest backup was made, milliseconds since the Unix epoch; undefined: there is none. Asked every minute. */
  readonly lastBackupAt?: () => Promise<number | undefined>;
}

interface Asking<T> {
  /** The last answer that came; undefined: none came. */
  latest(): Promise<T | undefined>;
}

const WITHIN_MS = 1500;
const STORE_EVERY_MS = 1000;
const SESSIONS_EVERY_MS = 30_000;
const CERTIFICATE_EVERY_MS = 300_000;
const BACKUP_EVERY_MS = 60_000;
/** After a failure it is asked again so soon. */
const AGAIN_MS = 5000;

function asked<T>(
  work: () => Promise<T>,
  everyMs: number,
  clock: Clock,
  onTrouble: (error: unknown) => void,
) {
  let known: { readonly value: T | undefined; readonly until: number } | undefined;
  let under: Promise<T | undefined> | undefined;
  const ask = async (): Promise<T | undefined> => {
    try {
      const value = await within(work());
      known = { value, until: clock.now() + everyMs };
      return value;
    } catch (error) {
      known = { value: undefined, until: clock.now() + Math.min(everyMs, AGAIN_MS) };
      onTrouble(error);
      return undefined;
    } finally {
      under = undefined;
    }
  };
  const asking: Asking<T> = {
    latest: async () => (known !== undefined && clock.now() < known.until ? known.value : (under ??= ask())),
  };
  return asking;
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${WITHIN_MS} ms`)), WITHIN_MS);
    timer.unref();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export interface MeasuresWiring extends Measures {
  readonly clock: Clock;
  readonly countSessions?: () => Promise<number>;
  readonly onTrouble: (what: string, error: unknown) => void;
}

export function measured(wiring: MeasuresWiring) {
  const { clock, stores = {}, pools = {} } = wiring;
  const trips = Object.entries(stores).map(([store, ask]) => {
    const trip = async (): Promise<number> => {
      const from = performance.now();
      await ask();
      return (performance.now() - from) / 1000;
    };
    return [store, asked(trip, STORE_EVERY_MS, clock, (error) => wiring.onTrouble(store, error))] as const;
  });
  const perhaps = <T>(what: string, work: (() => Promise<T>) | undefined, everyMs: number) =>
    work === undefined ? undefined : asked(work, everyMs, clock, (error) => wiring.onTrouble(what, error));
  const sessions = perhaps("sessions", wiring.countSessions, SESSIONS_EVERY_MS);
  const certificate = perhaps("certificate", wiring.certificateEndsAt, CERTIFICATE_EVERY_MS);
  const backup = perhaps("backup", wiring.lastBackupAt, BACKUP_EVERY_MS);
  const inSeconds = (at: number | undefined): number | undefined =>
    at === undefined ? undefined : at / 1000;

  return async (): Promise<readonly Family[]> => {
    const [answers, alive, endsAt, backupAt] = await Promise.all([
      Promise.all(trips.map(async ([store, trip]) => ({ store, seconds: await trip.latest() }))),
      sessions?.latest(),
      certificate?.latest(),
      backup?.latest(),
    ]);
    const ofPools = (figure: keyof PoolState): readonly Sample[] =>
      Object.entries(pools).map(([pool, state]) => ({ labels: { pool }, value: state()[figure] }));
    return [
      family(
        "gauge",
        "aegis_store_up",
        "1: it answered the last question, 0: it did not.",
        answers.map(({ store, seconds }) => ({ labels: { store }, value: seconds === undefined ? 0 : 1 })),
      ),
      family(
        "gauge",
        "aegis_store_trip_seconds",
        "How long its last answer took.",
        answers.flatMap(({ store, seconds }) =>
          seconds === undefined ? [] : [{ labels: { store }, value: seconds }],
        ),
      ),
      family("gauge", "aegis_pool_used", "Connections of a pool in use.", ofPools("used")),
      family("gauge", "aegis_pool_limit", "Connections that a pool may have.", ofPools("limit")),
      family("gauge", "aegis_pool_waiting", "Who waits for a connection.", ofPools("waiting")),
      single("gauge", "aegis_sessions_alive", "Sessions that have not ended.", alive),
      single(
        "gauge",
        "aegis_certificate_end_seconds",
        "When the certificate that people are shown ends (Unix time).",
        inSeconds(endsAt),
      ),
      single(
        "gauge",
        "aegis_backup_last_seconds",
        "When the newest backup was made (Unix time).",
        inSeconds(backupAt),
      ),
    ];
  };
}
