/** What ages beside the application, who is at risk, and what browsers report. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { flag, list, nullable, number, object, type Parser, record, text, word } from "./parse.ts";

export interface Unset {
  readonly state: "unset";
  readonly setting: string;
}
export interface Unreadable {
  readonly state: "unreadable";
  readonly problem: string;
}
export type Panel<T> = Unset | Unreadable | ({ readonly state: "known" } & T);

const unset = object({ setting: text });
const unreadable = object({ problem: text });
const panel =
  <T extends object>(known: Parser<T>): Parser<Panel<T>> =>
  (value) => {
    const state = word("unset", "unreadable", "known")(record(value)["state"]);
    if (state === "unset") return { state, ...unset(value) };
    return state === "unreadable" ? { state, ...unreadable(value) } : { state, ...known(value) };
  };

const certificate = object({
  days_left: number,
  ends_at: text,
  names: list(text),
  issuer: text,
  findings: list(
    object({ check: text, outcome: word("pass", "fail", "unknown"), observed: text, fix: text }),
  ),
});
const backups = object({
  total: number,
  newest_at: nullable(text),
  age_seconds: nullable(number),
  max_age_seconds: number,
  schedule: text,
  overdue: flag,
  has_key: flag,
  problems: number,
  items: list(
    object({
      id: text,
      created_at: nullable(text),
      bytes: nullable(number),
      parts: list(text),
      problem: nullable(text),
    }),
  ),
});
const releases = object({
  current: nullable(text),
  under_way: nullable(object({ kind: text, to: text })),
  total: number,
  items: list(
    object({
      id: text,
      kind: text,
      version: nullable(text),
      commit: nullable(text),
      from: nullable(text),
      started_at: text,
      seconds: number,
      outcome: word("live", "returned", "failed"),
      reason: nullable(text),
    }),
  ),
});
const checklist = object({
  application: text,
  origin: text,
  policy: text,
  started_at: text,
  last_at: text,
  complete: flag,
  steps: number,
  done: number,
  open: list(object({ id: text, title: text, outcome: text })),
  approvals: list(
    object({
      role: text,
      answer: nullable(word("yes", "no")),
      by: nullable(text),
      at: nullable(text),
      note: nullable(text),
      stale: flag,
    }),
  ),
  problems: list(object({ kind: text, detail: text })),
});
const upkeep = object({
  certificate: panel(certificate),
  backups: panel(backups),
  releases: panel(releases),
  checklist: panel(checklist),
});

export type Upkeep = ReturnType<typeof upkeep>;
export type Certificate = ReturnType<typeof certificate>;
export type Backups = ReturnType<typeof backups>;
export type Releases = ReturnType<typeof releases>;
export type Checklist = ReturnType<typeof checklist>;

export const upkeepQuery = queryOptions({
  queryKey: ["admin", "upkeep"],
  queryFn: () => call("GET", "/api/admin/upkeep", upkeep),
});

const RISKS = [
  "no_second_factor",
  "locked",
  "failed_tries",
  "short_password",
  "password_expired",
  "must_change_password",
] as const;
export type Risk = (typeof RISKS)[number];
const atRisk = object({
  id: text,
  username: text,
  roles: list(text),
  risks: list(word(...RISKS)),
  failed_tries: number,
  waits_until: nullable(text),
});
export type AtRisk = ReturnType<typeof atRisk>;
export const atRiskQuery = queryOptions({
  queryKey: ["admin", "at-risk"],
  queryFn: () => call("GET", "/api/admin/users-at-risk", object({ items: list(atRisk), complete: flag })),
});

const report = object({
  directive: text,
  blocked: text,
  page: text,
  count: number,
  first_at: text,
  last_at: text,
  proposal: object({
    addition: nullable(text),
    setting: nullable(object({ path: text, value: text })),
    risk: word("none", "some", "high"),
    advice: text,
  }),
});
export type CspReport = ReturnType<typeof report>;
const reports = object({
  mode: word("enforce", "report-only"),
  reports: flag,
  kept_days: number,
  policy: text,
  proposed: nullable(object({ settings: record, policy: text })),
  items: list(report),
});
export type CspReports = ReturnType<typeof reports>;
export const cspReportsQuery = queryOptions({
  queryKey: ["admin", "csp-reports"],
  queryFn: () => call("GET", "/api/admin/csp-reports", reports),
});

const probeAccounts = object({
  accounts: list(object({ username: text, password: text, paces: record })),
  until: text,
});
export type ProbeAccounts = ReturnType<typeof probeAccounts>;
export const makeProbeAccounts = (lifetimeSeconds: number) =>
  call("POST", "/api/admin/probe-accounts", probeAccounts, { lifetime_seconds: lifetimeSeconds });
