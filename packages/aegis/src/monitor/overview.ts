/** What an administrator is shown: one picture of the last minutes, made at most once in a while for all who look. */
import { setImmediate as others } from "node:timers/promises";
import type { Clock } from "../lib/clock.ts";
import { adviceOn } from "./advice.ts";
import { findingsOf } from "./patterns.ts";
import { type Bucket, DETAILS_KEPT_MINUTES, type MonitorStore, TOTALS_KEPT_MINUTES } from "./store.ts";
import { minuteOf, type Tallies } from "./tally.ts";
import { type SeenRow, type Window, windowOf } from "./window.ts";

export interface LimitRow {
  readonly name: string;
  readonly rate: string;
}

export interface BanView {
  readonly key: string;
}

export interface OverviewWiring {
  readonly store: MonitorStore;
  readonly tallies: Tallies;
  readonly clock: Clock;
  readonly limits: readonly LimitRow[];
  readonly listBans: () => Promise<readonly BanView[]>;
  /** Undefined where it cannot be opened: sealed under a key that is gone. */
  readonly open: (label: string, place: string) => string | undefined;
}

export type Overview = Awaited<ReturnType<ReturnType<typeof overviews>["read"]>>;

const MINUTE_MS = 60_000;
const MOST_ADDRESSES = 20;
const MOST_FINDINGS = 50;
/** Requests for it that come together get one picture. */
const GOOD_FOR_MS = 1000;
/**
 * And it is good for so many times as long as it took: strangers fill the tables that it is made of, and whoever watches
 * an attack must not make it worse by watching.
 */
const GOOD_FOR_TIMES = 10;
/** The columns of the charts. */
const SERIES = [
  "requests",
  "signed_in",
  "sign_in_failed",
  "registered",
  "asked",
  "unauthenticated",
  "forbidden",
  "not_found",
  "limited",
  "forged",
  "malformed",
  "dropped",
] as const;
const REFUSED = ["unauthenticated", "forbidden", "limited", "forged", "malformed"] as const;

const iso = (at: number): string => new Date(at).toISOString();

export function overviews({ store, tallies, clock, limits, listBans, open }: OverviewWiring) {
  const windowAt = async (now: number) => {
    await tallies.flush();
    const buckets = await store.read(minuteOf(now));
    await others(); // the tables may be large, and requests wait meanwhile
    const window = windowOf(buckets);
    await others();
    return { buckets, window };
  };

  const make = async (now: number) => {
    const [{ buckets, window }, bans] = await Promise.all([windowAt(now), listBans()]);
    const labelOf = (key: string): string | null => {
      const label = window.labels.get(key);
      return label === undefined ? null : (open(label, key) ?? null);
    };
    const banned = new Set(bans.map(({ key }) => key));
    return {
      window_minutes: DETAILS_KEPT_MINUTES,
      minutes: minutesOf(buckets, now),
      limits: limitsOf(buckets, limits, now),
      addresses: addressesOf(window, banned).map((row) => ({ ...row, address: labelOf(row.key) })),
      findings: findingsOf(window)
        .slice(0, MOST_FINDINGS)
        .map(({ pattern, addresses, account, exampleAccount, firstAt, lastAt, evidence }) => ({
          pattern,
          ...adviceOn[pattern],
          addresses: addresses.map((key) => ({ key, address: labelOf(key), banned: banned.has(key) })),
          account: account === undefined ? null : labelOf(account),
          example: exampleAccount === undefined ? null : redacted(labelOf(exampleAccount)),
          first_at: iso(firstAt),
          last_at: iso(lastAt),
          evidence,
        })),
      bans,
      sessions: sessionsOf(window, now),
    };
  };
  let last: { readonly made: ReturnType<typeof make>; at: number; goodForMs: number } | undefined;

  return {
    read(): ReturnType<typeof make> {
      const now = clock.now();
      if (last === undefined || Math.abs(now - last.at) >= last.goodForMs) {
        const made = make(now);
        const one = { made, at: now, goodForMs: Number.POSITIVE_INFINITY }; // until it is made, nobody begins another
        last = one;
        made.then(
          () => {
            one.at = clock.now();
            one.goodForMs = Math.max(GOOD_FOR_MS, GOOD_FOR_TIMES * Math.abs(one.at - now));
          },
          () => (last = undefined),
        );
      }
      return last.made;
    },
    forget: (): void => (last = undefined),
    /** The sessions that did something in the last half hour, the latest first. */
    async seen(): Promise<readonly SeenRow[]> {
      const { window } = await windowAt(clock.now());
      return window.seen.toSorted((a, b) => b.lastAt - a.lastAt || a.sessionId.localeCompare(b.sessionId));
    },
  };
}

function minutesOf(buckets: readonly Bucket[], now: number) {
  const known = new Map(buckets.map(({ minute, counts }) => [minute, counts.get("total")]));
  return Array.from({ length: TOTALS_KEPT_MINUTES }, (_, place) => {
    const minute = minuteOf(now) - TOTALS_KEPT_MINUTES + 1 + place;
    const counts = SERIES.map((name) => [name, known.get(minute)?.get(name) ?? 0] as const);
    return { at: iso(minute * MINUTE_MS), counts: Object.fromEntries(counts) };
  });
}

/** Of this minute and the one before: a minute that has just begun says nothing. */
function limitsOf(buckets: readonly Bucket[], limits: readonly LimitRow[], now: number) {
  const recent = buckets.filter(({ minute }) => minute >= minuteOf(now) - 1);
  const count = (name: string): number =>
    recent.reduce((sum, { counts }) => sum + (counts.get("total")?.get(name) ?? 0), 0);
  return limits.map(({ name, rate }) => ({
    name,
    rate,
    used: count(`use:${name}`),
    refused: count(`over:${name}`),
  }));
}

function addressesOf({ addresses }: Window, banned: ReadonlySet<string>) {
  return addresses
    .map(({ key, counts, firstAt, lastAt }) => {
      const of = (kind: string): number => counts[kind] ?? 0;
      return {
        key,
        requests: of("requests"),
        refused: REFUSED.reduce((sum, kind) => sum + of(kind), 0),
        limited: of("limited"),
        sign_in_failed: of("sign_in_failed"),
        first_at: iso(firstAt),
        last_at: iso(lastAt),
        state: banned.has(key)
          ? ("banned" as const)
          : of("limited") > 0
            ? ("limited" as const)
            : ("seen" as const),
      };
    })
    .filter(({ refused, state }) => refused > 0 || state === "banned")
    .toSorted((a, b) => b.limited - a.limited || b.refused - a.refused || a.key.localeCompare(b.key))
    .slice(0, MOST_ADDRESSES);
}

function sessionsOf({ seen }: Window, now: number) {
  const since = (minutes: number): number =>
    seen.filter(({ lastAt }) => minuteOf(lastAt) > minuteOf(now) - minutes).length;
  return { last_5_minutes: since(5), last_15_minutes: since(15), last_30_minutes: since(30) };
}

/** Enough to recognise whoever it is by whoever knows them. */
const redacted = (name: string | null): string | null =>
  name === null ? null : `${name.slice(0, 1)}… (${name.length} characters)`;
