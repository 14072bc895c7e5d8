/** What saved runs of the verifier prove, as an administrator sees it. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { flag, list, nullable, number, object, text, word } from "./parse.ts";

export const OUTCOMES = ["pass", "fail", "not-applicable", "unknown", "error"] as const;
export type Outcome = (typeof OUTCOMES)[number];
const outcome = word(...OUTCOMES);
const counts = object({
  pass: number,
  fail: number,
  "not-applicable": number,
  unknown: number,
  error: number,
});
const scored = { score: nullable(number), coverage: nullable(number), applicable: number, counts };

const run = object({
  file: text,
  at: text,
  target: text,
  environment: text,
  policy_name: nullable(text),
  fingerprint: text,
  is_running_policy: flag,
  version: text,
  seconds: number,
  reachable: flag,
  whole: flag,
  controls: number,
  controls_known: number,
  ...scored,
});
const control = object({
  id: text,
  room: text,
  claim: text,
  outcome,
  at: text,
  passed_at: nullable(text),
  history: list(nullable(outcome)),
});
const room = object({ room: text, ...scored, controls: list(control) });
const cause = object({
  id: text,
  room: text,
  claim: text,
  before: nullable(outcome),
  after: nullable(outcome),
  effect: word("better", "worse", "other"),
  observed_before: nullable(text),
  observed_after: nullable(text),
});
const change = object({
  file: text,
  at: text,
  delta: nullable(number),
  is_worse: flag,
  differences: list(text),
  causes: list(cause),
  more_causes: number,
});
const posture = object({
  folder: text,
  most_runs: number,
  left_out: number,
  problems: list(object({ file: text, reason: text })),
  targets: list(object({ origin: text, runs: number, last_at: text })),
  target: nullable(text),
  public_origin: nullable(text),
  running_policy: text,
  runs: list(run),
  rooms: list(room),
  changes: list(change),
});
const exchange = object({ request: text, status: number, headers: list(text), body: text });
const proof = object({
  id: text,
  room: text,
  claim: text,
  outcome,
  observed: text,
  expected: nullable(text),
  advice: object({ symptom: text, cause: text, fix: text }),
  proves: list(text),
  references: list(text),
  at: text,
  file: text,
  origin: text,
  target: text,
  evidence: list(exchange),
  more_evidence: number,
  cells: object({
    total: number,
    counts,
    items: list(object({ method: text, path: text, outcome, observed: text, evidence: nullable(exchange) })),
  }),
  history: list(object({ file: text, at: text, outcome, observed: text })),
});

export type Posture = ReturnType<typeof posture>;
export type SavedRun = ReturnType<typeof run>;
export type RoomRow = ReturnType<typeof room>;
export type ControlCell = ReturnType<typeof control>;
export type Change = ReturnType<typeof change>;
export type Proof = ReturnType<typeof proof>;
export type Exchange = ReturnType<typeof exchange>;

const asked = (target: string | undefined): string =>
  target === undefined ? "" : `?${new URLSearchParams({ target }).toString()}`;

export const postureQuery = (target?: string) =>
  queryOptions({
    queryKey: ["admin", "posture", target ?? ""],
    queryFn: () => call("GET", `/api/admin/posture${asked(target)}`, posture),
    placeholderData: keepPreviousData,
  });
export const proofQuery = (id: string, target?: string) =>
  queryOptions({
    queryKey: ["admin", "proof", id, target ?? ""],
    queryFn: () =>
      call("GET", `/api/admin/posture/controls/${encodeURIComponent(id)}${asked(target)}`, proof),
  });
