/** Simulations of the tenant: the experiments there are, what people made of them, and their runs. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, download } from "./client.ts";
import { flag, list, nothing, nullable, number, object, type Parser, record, text, word } from "./parse.ts";

const numbers: Parser<Readonly<Record<string, number>>> = (value) =>
  Object.fromEntries(Object.entries(record(value)).map(([name, one]) => [name, number(one)]));
const unit = word("share", "hours");
const simType = word("standard", "advanced");
const state = word("queued", "running", "converged", "exhausted", "cancelled", "failed");
const failure = nullable(word("crashed", "time_limit", "interrupted"));

const parameter = object({
  name: text,
  label: text,
  unit: text,
  help: text,
  lowest: number,
  highest: number,
  standard: number,
  whole: flag,
  choices: nullable(list(object({ value: number, label: text }))),
});
const experiment = object({
  id: text,
  title: text,
  question: text,
  outcome: text,
  unit,
  smallest: number,
  technique_text: text,
  theory: text,
  lesson: nullable(object({ course: text, lesson: text })),
  parameters: list(parameter),
});
const experiments = object({ tolerance: number, items: list(experiment) });
const plan = {
  experiment: text,
  parameters: numbers,
  sim_type: simType,
  refinement_steps: number,
  confidence_threshold: number,
};
const shape = {
  ...plan,
  id: text,
  name: text,
  description: text,
  seed: nullable(number),
  may_change: flag,
  created_at: text,
  updated_at: text,
};
const simulation = object(shape);
const step = object({
  step: number,
  samples: number,
  estimate: number,
  low: number,
  high: number,
  confidence: number,
});
const run = object({
  ...plan,
  id: text,
  seed: number,
  state,
  active: flag,
  failure,
  steps: list(step),
  exact: nullable(number),
  created_at: text,
});
const listed = object({
  ...shape,
  last_run: nullable(
    object({ state, active: flag, failure, last_step: nullable(step), refinement_steps: number }),
  ),
});
const page = object({ items: list(listed), total: number, page: number, pages: number });

export type Experiment = ReturnType<typeof experiment>;
export type Parameter = ReturnType<typeof parameter>;
export type Simulation = ReturnType<typeof simulation>;
export type Listed = ReturnType<typeof listed>;
export type Run = ReturnType<typeof run>;
export type Step = ReturnType<typeof step>;
export type RunState = ReturnType<typeof state>;
export type Unit = ReturnType<typeof unit>;
export type SimType = ReturnType<typeof simType>;

export const SORTS = ["-updated_at", "-created_at", "name"] as const;
export type Sort = (typeof SORTS)[number];
export interface ListSearch {
  readonly q: string;
  readonly sort: Sort;
  readonly page: number;
}

const ALL = "/api/simulations";
const one = (id: string, rest = "") => `${ALL}/${encodeURIComponent(id)}${rest}`;
const PER_PAGE = 20;
/** So often somebody who watches is shown what is new. */
const LIVE_MS = 400;
const LIST_MS = 3000;

export const experimentsQuery = queryOptions({
  queryKey: ["tenant", "simulations", "experiments"],
  queryFn: () => call("GET", `${ALL}/experiments`, experiments),
  staleTime: Number.POSITIVE_INFINITY,
});
export const simulationsQuery = ({ q, sort, page: wanted }: ListSearch) =>
  queryOptions({
    queryKey: ["tenant", "simulations", "list", q, sort, wanted],
    queryFn: () => {
      const query = new URLSearchParams({ sort, page: String(wanted), per_page: String(PER_PAGE) });
      if (q !== "") query.set("q", q);
      return call("GET", `${ALL}?${query.toString()}`, page);
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) =>
      data?.items.some(({ last_run: last }) => last?.active === true) === true ? LIST_MS : false,
  });
export const simulationQuery = (id: string) =>
  queryOptions({
    queryKey: ["tenant", "simulations", "one", id],
    queryFn: () => call("GET", one(id), simulation),
  });
export const progressQuery = (id: string) =>
  queryOptions({
    queryKey: ["tenant", "simulations", "progress", id],
    queryFn: () => call("GET", one(id, "/progress"), object({ run: nullable(run) })),
    refetchInterval: ({ state: { data } }) => (data?.run?.active === true ? LIVE_MS : false),
  });
export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: ["tenant", "simulations", "runs", id],
    queryFn: () => call("GET", one(id, "/runs"), object({ items: list(run), total: number })),
  });

export interface Settings {
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly sim_type: SimType;
  readonly refinement_steps: number;
  readonly confidence_threshold: number;
  readonly seed: number | null;
}
export const createSimulation = (settings: Settings) => call("POST", ALL, simulation, settings);
export const changeSimulation = (id: string, settings: Settings) =>
  call("PATCH", one(id), simulation, settings);
export const deleteSimulation = (id: string) => call("DELETE", one(id), nothing);
export const runSimulation = (id: string) => call("POST", one(id, "/run"), run);
export const cancelSimulation = (id: string) => call("POST", one(id, "/cancel"), run);
export const exportSimulation = (id: string) => download(one(id, "/export"));
