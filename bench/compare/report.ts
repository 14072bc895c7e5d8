/** docs/performance.md out of a run. Pure: the same run gives the same page. */
import { type CaseName, cases } from "./contract.ts";
import { beyondTheHash, goals, speed } from "./goals.ts";
import type { RunResult, Sample, Samples } from "./rounds.ts";
import type { ServerRow } from "./servers.ts";
import { median, type Spread } from "./statistics.ts";

/** What the figures depend on, beside the code. */
export interface Facts {
  readonly node: string;
  readonly processor: string;
  readonly isPinned: boolean;
  /** What else the machine did, as its load average, before anything was started. */
  readonly loadBefore: number;
  readonly rounds: number;
  readonly burstMs: number;
  /** Packages of the peers with their versions. */
  readonly versions: readonly string[];
}

export const BASE = "fastify";
const OURS = ["aegis", "aegis-postgres"];
const NONE = "–";
/** Programs that wait for a core disturb what is measured on it; below this hardly any does. */
const IDLE = 0.5;

const digits = (value: number): string => {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
};
const shown = (value: Spread | undefined, unit = ""): string =>
  value === undefined
    ? NONE
    : `**${digits(value.median)}${unit}** (${digits(value.low)}–${digits(value.high)})`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, place) => (place === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
};

const middle = (
  samples: readonly Sample[] | undefined,
  of: (sample: Sample) => number,
): number | undefined =>
  samples === undefined || samples.length === 0 ? undefined : median(samples.map(of));
const each = (value: number | undefined, write: (value: number) => string = digits): string =>
  value === undefined ? NONE : write(value);

const perServer = (
  rows: readonly ServerRow[],
  names: readonly CaseName[],
  cell: (key: string, name: CaseName) => string,
): string =>
  table(
    ["server", ...names.map((name) => cases[name].title)],
    rows.map(({ key, title }) => [title, ...names.map((name) => cell(key, name))]),
  );

function goalTable(samples: Samples, rows: readonly ServerRow[]): string {
  const ours = rows.filter(({ key }) => OURS.includes(key));
  return table(
    ["goal", "figure", ...ours.map(({ title }) => title)],
    goals.map(({ title, figure, reached, isMet, unit }) => [
      title,
      figure,
      ...ours.map(({ key }) => {
        const value = reached(samples, key);
        if (value === undefined) return NONE;
        return `${shown(value, unit)}: ${isMet(value.median) ? "met" : "**not met**"}`;
      }),
    ]),
  );
}

const loginTable = (samples: Samples, rows: readonly ServerRow[]): string =>
  table(
    ["server", "whole process, ms", "main thread, ms", "beyond the hash"],
    rows
      .filter(({ routes }) => routes.login !== undefined)
      .map(({ key, title }) => {
        const login = samples[key]?.login;
        return [
          title,
          each(middle(login, ({ cpu }) => cpu / 1000)),
          each(middle(login, ({ main }) => main / 1000)),
          shown(beyondTheHash(samples, key), " %"),
        ];
      }),
  );

function loads(samples: Samples, rows: readonly ServerRow[], names: readonly CaseName[]): string {
  const head = [
    "server",
    "case",
    "CPU, µs",
    "of it main thread",
    "requests/s",
    "p50, ms",
    "p99, ms",
    "memory, MB",
    "Redis round trips",
    "load's core in use",
  ];
  const percent = (value: number): string => `${Math.round(value * 100)} %`;
  const body = rows.flatMap(({ key, title }) =>
    names.flatMap((name) => {
      const list = samples[key]?.[name];
      if (list === undefined) return [];
      return [
        [
          title,
          name,
          each(middle(list, ({ cpu }) => cpu)),
          each(
            middle(list, ({ cpu, main }) => main / cpu),
            percent,
          ),
          each(
            middle(list, ({ perSecond }) => perSecond),
            (value) => value.toFixed(0),
          ),
          each(middle(list, ({ p50 }) => p50)),
          each(middle(list, ({ p99 }) => p99)),
          each(
            middle(list, ({ rss }) => rss / 1e6),
            (value) => value.toFixed(0),
          ),
          each(middle(list, ({ redis }) => redis)),
          each(
            middle(list, ({ busy }) => busy),
            percent,
          ),
        ],
      ];
    }),
  );
  return table(head, body);
}

export function report(
  { samples, faults }: RunResult,
  all: readonly ServerRow[],
  facts: Facts,
  names: readonly CaseName[],
): string {
  const rows = all.filter(({ key }) => samples[key] !== undefined);
  const compared = names.filter((name) => (samples[BASE]?.[name] ?? []).length > 0);
  const place = facts.isPinned
    ? "Each server runs on core 0; the load, Redis and PostgreSQL on core 1."
    : "Nothing is pinned to a core (no `taskset`, or one core only), so servers and load disturb each other.";
  const busy =
    facts.loadBefore > IDLE
      ? [
          `**A provisional run**: the machine had other work to do (load average ${facts.loadBefore.toFixed(1)} before it began). Times are too high and spreads too wide; run it again where nothing else runs.`,
        ]
      : [];
  const parts = [
    "# Performance",
    "Written by `npm run bench`; do not edit. A run on another machine, or on a busy one, gives other times; the ratios move less, because all servers take turns in every round.",
    `Node ${facts.node}, ${facts.processor}. ${place} ${facts.rounds} rounds of ${facts.burstMs} ms per server and case. Median (lowest–highest) of the rounds. CPU is \`process.cpuUsage()\` of the server divided by the requests it answered: a slow load cannot flatter it.`,
    ...busy,
    "![Bars: speed relative to bare Fastify, by case and server](performance.svg)",
    ...(compared.length === 0
      ? []
      : [
          "## Speed relative to bare Fastify",
          "1.00 is bare Fastify's processor time for the same answer; 0.50 needs twice as much. For refusals, bare Fastify answers the same status unconditionally.",
          perServer(rows, compared, (key, name) => shown(speed(samples, key, BASE, name))),
        ]),
    ...(rows.some(({ key }) => OURS.includes(key)) ? ["## Goals", goalTable(samples, rows)] : []),
    ...(names.includes("login")
      ? [
          "## Login",
          "Each hashes by its own default, so that whole times cannot be compared. The hash runs in threads of its own; what the main thread needs beside it is what a login costs everybody else.",
          loginTable(samples, rows),
        ]
      : []),
    "## Every figure",
    "Medians.",
    loads(samples, rows, names),
    "## What was compared",
    "Before anything is measured, every server must answer every case with the declared status and body, with the header fields it claims, and at login with an HttpOnly cookie; what does not is not measured. – marks what a stack has no counterpart for. All speak plain HTTP on loopback and write no log.",
    rows.map(({ title, note }) => `- **${title}**: ${note}.`).join("\n"),
    `Versions: ${facts.versions.join(", ")}.`,
    ...(faults.length === 0 ? [] : ["Not measured:", faults.map((fault) => `- ${fault}`).join("\n")]),
  ];
  return `${parts.join("\n\n")}\n`;
}
