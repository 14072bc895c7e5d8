/**
 * What is counted in this process since its start. Routes and names of ours are the only labels: a stranger who asks for
 * a million paths adds one to one line. On the way of a request this is one look-up and four additions.
 */
import type { FastifyContextConfig, FastifyRequest } from "fastify";
import { type Family, family, type Sample } from "./families.ts";

/** Upper bounds in seconds; from a hit in memory to what a proxy gives up on. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;
/** A route table is a few hundred lines; what declares more than this shares one. */
const MOST_ROUTES = 2000;
const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

interface Cell {
  readonly method: string;
  readonly route: string;
  readonly classes: number[];
  readonly limited: { count: number };
  readonly buckets: number[];
  seconds: number;
}

const newCell = (method: string, route: string): Cell => ({
  method,
  route,
  classes: CLASSES.map(() => 0),
  limited: { count: 0 },
  buckets: [...BUCKETS, 0].map(() => 0),
  seconds: 0,
});

/** Counters of a closed list of names: those of the list are there from the start, or the first rise of one would go unseen. */
export function named(names: readonly string[], other: string) {
  const counts = new Map<string, number>(names.map((one) => [one, 0]));
  return {
    add(one: string): void {
      const key = counts.has(one) ? one : other;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    samples: (label: string): readonly Sample[] =>
      [...counts].map(([one, value]) => ({ labels: { [label]: one }, value })),
    seen: (label: string): readonly Sample[] =>
      [...counts]
        .filter(([, value]) => value > 0)
        .map(([one, value]) => ({ labels: { [label]: one }, value })),
  };
}

export function requestCounters() {
  const cells = new Map<FastifyContextConfig, Cell>();
  /** Of routes that answer several methods: all but the method that came first. The router lets no other method through. */
  const further = new Map<FastifyContextConfig, Map<string, Cell>>();
  const strangers = newCell("", "(none)");
  const rest = newCell("", "(others)");

  const cellOf = (request: FastifyRequest, config: FastifyContextConfig): Cell => {
    if (request.is404) return strangers;
    const found = cells.get(config);
    if (found?.method === request.method) return found;
    const others = found === undefined ? undefined : further.get(config);
    const other = others?.get(request.method);
    if (other !== undefined) return other;
    if (cells.size >= MOST_ROUTES) return rest;
    const made = newCell(request.method, request.routeOptions.url ?? "(none)");
    if (found === undefined) cells.set(config, made);
    else further.set(config, (others ?? new Map<string, Cell>()).set(request.method, made));
    return made;
  };

  return {
    count(request: FastifyRequest, config: FastifyContextConfig, status: number, seconds: number): void {
      const cell = cellOf(request, config);
      const at = Math.floor(status / 100) - 1;
      cell.classes[at] = (cell.classes[at] ?? 0) + 1;
      if (status === 429) cell.limited.count += 1;
      let place = 0;
      while (place < BUCKETS.length && seconds > (BUCKETS[place] ?? 0)) place += 1;
      cell.buckets[place] = (cell.buckets[place] ?? 0) + 1;
      cell.seconds += seconds;
    },

    families(): readonly Family[] {
      const more = [...further.values()].flatMap((one) => [...one.values()]);
      const all = [...cells.values(), ...more, strangers, rest].filter(({ classes }) =>
        classes.some((one) => one > 0),
      );
      return [
        family(
          "counter",
          "aegis_answers_total",
          "Answers, by what was asked for and how it was answered.",
          totals(all),
        ),
        family("counter", "aegis_limited_total", "Answers 429: a limit, a delay or a quota.", [
          { labels: {}, value: all.reduce((sum, { limited }) => sum + limited.count, 0) },
        ]),
        family(
          "counter",
          "aegis_requests_total",
          "Answers by route and class of status; (none): no route of ours.",
          all.flatMap(({ method, route, classes }) =>
            CLASSES.flatMap((name, at) => {
              const value = classes[at] ?? 0;
              return value === 0 ? [] : [{ labels: { method, route, class: name }, value }];
            }),
          ),
        ),
        family(
          "histogram",
          "aegis_request_seconds",
          "Time from the request's header to the answer's, by route.",
          all.flatMap(histogramOf),
        ),
      ];
    },
  };
}

/** Over all routes, every line from the start on: a share needs its zero. */
function totals(all: readonly Cell[]): readonly Sample[] {
  return (["read", "write"] as const).flatMap((kind) =>
    CLASSES.map((name, at) => ({
      labels: { kind, class: name },
      value: all
        .filter(({ method }) => (READS.has(method) || method === "") === (kind === "read"))
        .reduce((sum, { classes }) => sum + (classes[at] ?? 0), 0),
    })),
  );
}

function histogramOf({ method, route, buckets, seconds }: Cell): readonly Sample[] {
  let sum = 0;
  const lines = buckets.map((count, at): Sample => {
    sum += count;
    const bound = BUCKETS[at];
    return {
      suffix: "_bucket",
      labels: { method, route, le: bound === undefined ? "+Inf" : String(bound) },
      value: sum,
    };
  });
  return [
    ...lines,
    { suffix: "_sum", labels: { method, route }, value: seconds },
    { suffix: "_count", labels: { method, route }, value: sum },
  ];
}
