/** What an operator asks a log, gathered while it goes by. */
import { Counted, Times } from "./counted.ts";
import type { Entry } from "./entry.ts";

/**
 * A route table has a few hundred rows; a log that names more has paths that strangers made up. So many are held between
 * two clearings, twice as many while it fills: whoever asks for thousands of paths first must not hide the routes that
 * people use.
 */
const MOST_ROUTES = 2000;
const OTHERS = "(others)";
const FAILED_SIGN_INS = new Set([
  "session.sign_in_failed",
  "throttle.delayed",
  "mfa.code_refused",
  "passkey.refused",
]);

const tables = [
  ["server_errors", "Answers 5xx by route"],
  ["unauthenticated", "Answers 401 by route"],
  ["forbidden", "Answers 403 by route"],
  ["limited", "Answers 429 by route"],
  ["faults", "Faults by cause"],
  ["codes", "Refusals and faults by code"],
  ["csrf", "CSRF refusals by code"],
  ["csrf_addresses", "CSRF refusals by address"],
  ["sign_in_addresses", "Failed sign-ins by address"],
  ["sign_in_users", "Failed sign-ins by account"],
  ["timeouts", "Time-outs by route or cause"],
  ["events", "Events by name"],
] as const;
type TableName = (typeof tables)[number][0];

const STATUS_TABLES: Readonly<Record<number, TableName>> = {
  401: "unauthenticated",
  403: "forbidden",
  429: "limited",
};

export interface Digest {
  readonly lines: number;
  readonly damaged: number;
  readonly from: string | null;
  readonly until: string | null;
  readonly answers: Readonly<Record<string, number>>;
  readonly tables: readonly {
    readonly name: TableName;
    readonly title: string;
    readonly total: number;
    readonly rows: readonly { readonly name: string; readonly count: number }[];
    readonly others: number;
    /** A row may be too low by so much: more names than are kept came by. */
    readonly missed: number;
  }[];
  readonly slowest: readonly {
    readonly route: string;
    readonly answers: number;
    readonly p50_ms: number;
    readonly p95_ms: number;
    readonly slowest_ms: number;
  }[];
}

const countedTables = (): Readonly<Record<TableName, Counted>> => ({
  server_errors: new Counted(),
  unauthenticated: new Counted(),
  forbidden: new Counted(),
  limited: new Counted(),
  faults: new Counted(),
  codes: new Counted(),
  csrf: new Counted(),
  csrf_addresses: new Counted(),
  sign_in_addresses: new Counted(),
  sign_in_users: new Counted(),
  timeouts: new Counted(),
  events: new Counted(),
});

export function digester(range: { readonly since: number; readonly until: number }) {
  const counted = countedTables();
  const routes = new Map<string, Times>();
  const answers: Record<string, number> = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
  let [lines, damaged] = [0, 0];
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  const answer = ({ status, route, ms }: Extract<Entry, { kind: "answer" }>): void => {
    const group = `${Math.floor(status / 100)}xx`;
    if (group in answers) answers[group] = (answers[group] ?? 0) + 1;
    const table = status >= 500 ? "server_errors" : STATUS_TABLES[status];
    if (table !== undefined) counted[table].add(route);
    if (status === 408 || status === 504) counted.timeouts.add(`${status} ${route}`);
    const times = routes.get(route) ?? new Times();
    routes.set(route, times);
    times.add(ms);
    if (routes.size >= 2 * MOST_ROUTES) clear();
  };
  /** Those that were asked for least often become one. */
  const clear = (): void => {
    const others = routes.get(OTHERS) ?? new Times();
    routes.delete(OTHERS);
    const sorted = [...routes].toSorted(([, a], [, b]) => b.count - a.count);
    for (const [name, times] of sorted.slice(MOST_ROUTES)) {
      others.join(times);
      routes.delete(name);
    }
    routes.set(OTHERS, others);
  };
  const event = ({ event: name, code, address, user }: Extract<Entry, { kind: "event" }>): void => {
    counted.events.add(name);
    if (code !== "") counted.codes.add(code);
    if (name === "csrf.refused") {
      counted.csrf.add(code === "" ? "(none)" : code);
      counted.csrf_addresses.add(address);
    }
    if (!FAILED_SIGN_INS.has(name)) return;
    counted.sign_in_addresses.add(address);
    counted.sign_in_users.add(user);
  };

  return {
    damagedLine(): void {
      lines += 1;
      damaged += 1;
    },
    take(entry: Entry): void {
      lines += 1;
      if (entry.at < range.since || entry.at > range.until) return;
      first = Math.min(first, entry.at);
      last = Math.max(last, entry.at);
      if (entry.kind === "answer") answer(entry);
      if (entry.kind === "event") event(entry);
      if (entry.kind !== "fault") return;
      counted.faults.add(entry.cause);
      if (entry.code !== "") counted.codes.add(entry.code);
      if (entry.timedOut) counted.timeouts.add(entry.cause);
    },
    digest(top: number): Digest {
      const rounded = (ms: number): number => Math.round(ms * 10) / 10;
      return {
        lines,
        damaged,
        from: Number.isFinite(first) ? new Date(first).toISOString() : null,
        until: Number.isFinite(last) ? new Date(last).toISOString() : null,
        answers,
        tables: tables.map(([name, title]) => ({
          name,
          title,
          total: counted[name].total,
          ...counted[name].top(top),
        })),
        slowest: [...routes]
          .map(([route, times]) => ({
            route,
            answers: times.count,
            p50_ms: rounded(times.quantileMs(0.5)),
            p95_ms: rounded(times.quantileMs(0.95)),
            slowest_ms: rounded(times.slowestMs),
          }))
          .toSorted((a, b) => b.p95_ms - a.p95_ms)
          .slice(0, top),
      };
    },
  };
}
