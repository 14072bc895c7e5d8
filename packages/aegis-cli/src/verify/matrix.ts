/** Routes × methods: what controls that look at many routes have found at each. */
import type { FindingCell, Outcome, Report } from "aegis/verify";
import { paint, table } from "../talk.ts";

const WORDS: Record<Outcome, string> = {
  pass: "pass",
  fail: "FAIL",
  unknown: "?",
  error: "error",
  "not-applicable": "-",
};
/** Of several controls at one route the worst counts. */
const WORST: readonly Outcome[] = ["fail", "error", "unknown", "pass", "not-applicable"];
const COLUMNS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const NARROWEST = 60;

interface Cell {
  readonly outcome: Outcome;
  readonly cells: readonly FindingCell[];
}

export function matrixReport({ findings }: Report, columns = 100): string {
  const all = findings.flatMap(({ matrix = [] }) => matrix);
  if (all.length === 0) return "No control has looked at routes one by one.\n";
  const byPath = Map.groupBy(all, ({ path }) => path);
  const methods = [
    ...COLUMNS,
    ...new Set(all.map(({ method }) => method).filter((one) => !COLUMNS.includes(one))),
  ];
  const used = methods.filter((method) => all.some((cell) => cell.method === method));
  const rows = [...byPath]
    .toSorted(([one], [two]) => (one < two ? -1 : 1))
    .map(([path, cells]) => [path, ...used.map((method) => word(worst(cells, method)))]);
  const distinct = [...byPath].flatMap(([, cells]) => used.flatMap((method) => worst(cells, method) ?? []));
  const count = (outcome: Outcome): number => distinct.filter((cell) => cell.outcome === outcome).length;
  const told = distinct.filter(({ outcome }) => outcome === "fail" || outcome === "unknown");
  return [
    table([["ROUTE", ...used], ...rows]),
    "",
    ...told.flatMap(({ outcome, cells }) => explain(outcome, cells, Math.max(columns, NARROWEST))),
    `${count("fail")} leak, ${count("pass")} hold, ${count("unknown")} not seen, ${count("not-applicable")} with nothing to see`,
    "",
  ].join("\n");
}

function worst(cells: readonly FindingCell[], method: string): Cell | undefined {
  const here = cells.filter((cell) => cell.method === method);
  const outcome = WORST.find((one) => here.some((cell) => cell.outcome === one));
  return outcome === undefined
    ? undefined
    : { outcome, cells: here.filter((cell) => cell.outcome === outcome) };
}

const word = (cell: Cell | undefined): string => (cell === undefined ? "" : WORDS[cell.outcome]);

function explain(outcome: Outcome, cells: readonly FindingCell[], width: number): readonly string[] {
  const said = new Map(cells.map((cell) => [cell.observed, cell]));
  return [...said.values()].flatMap(({ method, path, observed, evidence }) => [
    `${outcome === "fail" ? paint(["bold", "red"], "FAIL") : paint("yellow", "?   ")} ${method} ${path}`,
    `     ${observed}`,
    ...(evidence === undefined
      ? []
      : [paint("dim", `     ${evidence.request}: ${evidence.status} ${evidence.body}`.slice(0, width * 2))]),
  ]);
}
