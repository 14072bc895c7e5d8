/**
 * From counters to findings, pure. A finding is a suspicion with its evidence, for a person to judge; nothing is
 * refused because of one. The measure of every threshold is a class of thirty behind one address who mistype now and
 * then: it must stay quiet for them, and speak before an attack at the pace that the limits allow is through.
 * References: requirement LIM-5; OWASP Automated Threats OAT-007, OAT-008, OAT-011, OAT-004.
 */
import type { AddressRow, PairRow, Window } from "./window.ts";

export const patternNames = ["stuffing", "spraying", "guessing", "enumeration", "scraping"] as const;
export type PatternName = (typeof patternNames)[number];

export interface Evidence {
  readonly label: string;
  readonly value: number;
}

export interface Finding {
  readonly pattern: PatternName;
  /** The addresses behind it, the busiest first. */
  readonly addresses: readonly string[];
  /** The account that it is about; undefined where there are many. */
  readonly account: string | undefined;
  /** One account of many. */
  readonly exampleAccount: string | undefined;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly evidence: readonly Evidence[];
}

/** Thirty pupils mistype ten names at most before they get in; twenty that never got in are no class. */
export const STUFFING_NAMES = 20;
/** A list from elsewhere holds each name once, with one or two passwords. */
export const STUFFING_TRIES_A_NAME = 2;
/** Most names of such a list have no account here; of people who mistype, few miss their own name. */
export const STUFFING_UNKNOWN_SHARE = 0.5;
/** More accounts than forget their password in half an hour, also where several classes begin. */
export const SPRAYED_ACCOUNTS = 15;
/** And at least half as many as got in meanwhile: on a busy morning some never do, but never so many. */
export const SPRAYED_SHARE = 0.5;
/** Below every throttle: whoever sprays stays under the count that delays an account. */
export const SPRAYED_TRIES_AN_ACCOUNT = 5;
/** Somebody who forgot a password gives up, or is delayed, well before. */
export const GUESSES_AT_ONE = 20;
/** Two classes that register at once. */
export const NAMES_ASKED = 60;
/** A page with broken links asks for a few, again and again; a list of guesses for many different ones. */
export const PAGES_MISSING = 40;
/** People behind one address read the same pages; this many different ones are a whole collection. */
export const PAGES_READ = 200;
/** As steady as no person reads: this many requests in each of so many minutes. */
export const STEADY_REQUESTS = 100;
export const STEADY_MINUTES = 5;
/** Refused so often for reading, and still at it. */
export const READ_REFUSALS = 20;
/** Where it goes on after refusals, half a collection is enough. */
export const PAGES_READ_REFUSED = 100;

const MOST_ADDRESSES = 10;

const of = ({ counts }: Pick<PairRow, "counts">, kind: string): number => counts[kind] ?? 0;
const tries = (row: PairRow): number => of(row, "known") + of(row, "unknown");
const sum = <T>(rows: readonly T[], measure: (row: T) => number): number =>
  rows.reduce((total, row) => total + measure(row), 0);
const distinct = (rows: readonly PairRow[]): number => new Set(rows.map(({ target }) => target)).size;

function groupBy(rows: readonly PairRow[], key: (row: PairRow) => string): ReadonlyMap<string, PairRow[]> {
  const groups = new Map<string, PairRow[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}
const byAddress = (rows: readonly PairRow[]) => groupBy(rows, ({ address }) => address);
const byTarget = (rows: readonly PairRow[]) => groupBy(rows, ({ target }) => target);

function found(
  pattern: PatternName,
  rows: readonly PairRow[],
  evidence: readonly (readonly [label: string, value: number])[],
  about: { readonly account?: string; readonly exampleAccount?: string } = {},
): Finding {
  const weight = (row: PairRow): number => sum(Object.values(row.counts), (count) => count);
  const addresses = [...byAddress(rows)]
    .map(([address, group]) => [address, sum(group, weight)] as const)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_ADDRESSES)
    .map(([address]) => address);
  return {
    pattern,
    addresses,
    account: about.account,
    exampleAccount: about.exampleAccount,
    firstAt: Math.min(...rows.map(({ firstAt }) => firstAt)),
    lastAt: Math.max(...rows.map(({ lastAt }) => lastAt)),
    evidence: evidence.map(([label, value]) => ({ label, value })),
  };
}

/** Tries at accounts that this address did not get into: whoever mistyped and then got in is no suspect. */
const failedOf = (rows: readonly PairRow[]): readonly PairRow[] =>
  rows.filter((row) => tries(row) > 0 && of(row, "in") === 0);

function stuffing(window: Window): readonly Finding[] {
  return [...byAddress(window.pairs.signin)].flatMap(([, rows]) => {
    const failed = failedOf(rows);
    const names = distinct(failed);
    const unknown = distinct(failed.filter((row) => of(row, "unknown") > 0));
    const total = sum(failed, tries);
    if (names < STUFFING_NAMES || total / names > STUFFING_TRIES_A_NAME) return [];
    if (unknown / names < STUFFING_UNKNOWN_SHARE) return [];
    const entered = rows.filter((row) => of(row, "in") > 0);
    return [
      found("stuffing", failed, [
        ["different names tried", names],
        ["of them without an account here", unknown],
        ["failed sign-ins", total],
        ["accounts that it got into", distinct(entered)],
      ]),
    ];
  });
}

function spraying(window: Window, stuffers: ReadonlySet<string>): readonly Finding[] {
  const rows = window.pairs.signin.filter(({ address }) => !stuffers.has(address));
  const entered = new Set(rows.filter((row) => of(row, "in") > 0).map(({ target }) => target));
  const sprayed = [...byTarget(failedOf(rows).filter((row) => of(row, "known") > 0))]
    .filter(([, group]) => sum(group, tries) <= SPRAYED_TRIES_AN_ACCOUNT)
    .flatMap(([, group]) => group);
  const accounts = distinct(sprayed);
  if (accounts < SPRAYED_ACCOUNTS || accounts < entered.size * SPRAYED_SHARE) return [];
  const [example] = sprayed;
  return [
    found(
      "spraying",
      sprayed,
      [
        ["accounts tried without success", accounts],
        ["failed sign-ins", sum(sprayed, tries)],
        [
          "most tries at one account",
          Math.max(...[...byTarget(sprayed).values()].map((group) => sum(group, tries))),
        ],
        ["addresses", byAddress(sprayed).size],
      ],
      example === undefined ? {} : { exampleAccount: example.target },
    ),
  ];
}

const guessing = (window: Window): readonly Finding[] =>
  [...byTarget(window.pairs.signin.filter((row) => of(row, "known") > 0))].flatMap(([account, rows]) =>
    sum(rows, tries) < GUESSES_AT_ONE
      ? []
      : [
          found(
            "guessing",
            rows,
            [
              ["failed sign-ins", sum(rows, tries)],
              ["addresses", byAddress(rows).size],
              ["successful sign-ins meanwhile", sum(rows, (row) => of(row, "in"))],
            ],
            { account },
          ),
        ],
  );

function enumeration(window: Window): readonly Finding[] {
  const asked = byAddress(window.pairs.asked);
  const missing = byAddress(window.pairs.missing);
  return [...new Set([...asked.keys(), ...missing.keys()])].flatMap((address) => {
    const [named, absent] = [asked.get(address) ?? [], missing.get(address) ?? []];
    const [names, pages] = [distinct(named), distinct(absent)];
    if (names < NAMES_ASKED && pages < PAGES_MISSING) return [];
    return [
      found(
        "enumeration",
        [...named, ...absent],
        [
          ["different names given to registration or reset", names],
          ["different addresses of pages that are not there", pages],
          ["requests for them", sum([...named, ...absent], (row) => of(row, "asked") + of(row, "missing"))],
        ],
      ),
    ];
  });
}

function scraping(window: Window): readonly Finding[] {
  const rows = new Map<string, AddressRow>(window.addresses.map((row) => [row.key, row]));
  return [...byAddress(window.pairs.page)].flatMap(([address, read]) => {
    const row = rows.get(address);
    if (row === undefined) return [];
    const pages = distinct(read);
    const steady = row.byMinute.filter((requests) => requests >= STEADY_REQUESTS).length;
    const refused = row.counts["read_limited"] ?? 0;
    const isSteady = pages >= PAGES_READ && steady >= STEADY_MINUTES;
    if (!isSteady && !(pages >= PAGES_READ_REFUSED && refused >= READ_REFUSALS)) return [];
    return [
      found("scraping", read, [
        ["different pages read", pages],
        ["requests", row.counts["requests"] ?? 0],
        [`minutes with ${STEADY_REQUESTS} requests or more`, steady],
        ["refused for reading too fast", refused],
      ]),
    ];
  });
}

/** The newest first. */
export function findingsOf(window: Window): readonly Finding[] {
  const stuffed = stuffing(window);
  const stuffers = new Set(stuffed.flatMap(({ addresses }) => addresses));
  return [
    ...stuffed,
    ...spraying(window, stuffers),
    ...guessing(window),
    ...enumeration(window),
    ...scraping(window),
  ].toSorted((a, b) => b.lastAt - a.lastAt);
}
