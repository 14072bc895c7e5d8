/** What of an event goes into the chain for good: ids and pseudonyms, so that whoever is erased is erased. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AuditEvent } from "./events.ts";
import type { AUDIT_GROUPS, AuditPolicy } from "./policy.ts";

type Group = (typeof AUDIT_GROUPS)[number];

const GROUPS: Readonly<Record<string, Group>> = {
  account: "accounts",
  password: "accounts",
  mfa: "accounts",
  passkey: "accounts",
  approval: "accounts",
  session: "sessions",
  token: "sessions",
  throttle: "sessions",
  api_key: "keys",
  access: "refusals",
  csrf: "refusals",
  input: "refusals",
  transport: "refusals",
  csp: "refusals",
  rate_limit: "refusals",
  reputation: "refusals",
};

/** What is not named is covered as "other": a new kind of event is not left out by being forgotten here. */
export const groupOf = (event: string): Group => GROUPS[event.split(".")[0] ?? ""] ?? "other";

/** Of a report that any page can send only what it may hold: where a browser was is nobody's business for ever. */
const KEPT_FACTS: Readonly<Record<string, readonly string[]>> = { "csp.violation": ["directive"] };
const MOST_FACTS = 16;
const LONGEST = 200;
/** Control, format and half characters: they fool whoever reads, and have no canonical form. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu;
const clean = (text: string, longest: number): string =>
  text.toWellFormed().replace(UNSEEN, "\uFFFD").slice(0, longest).toWellFormed();

export interface KeptEvent {
  readonly id: string;
  readonly at: string;
  readonly event: string;
  readonly outcome: "success" | "failure";
  readonly request_id: string;
  readonly source: string;
  readonly user_id?: string;
  readonly session_id?: string;
  readonly bearer_id?: string;
  readonly code?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Named one by one: what is not named here is not kept. The name somebody goes by is not. */
export function keptOf(event: AuditEvent, id: string, sourceOf: (address: string) => string): KeptEvent {
  const { user_id, session_id, bearer_id, code, facts } = event;
  const allowed = KEPT_FACTS[event.event];
  const kept = Object.entries(facts ?? {})
    .filter(([name]) => allowed === undefined || allowed.includes(name))
    .slice(0, MOST_FACTS)
    .map(([name, value]) => [clean(name, 64), typeof value === "string" ? clean(value, LONGEST) : value]);
  return {
    id,
    at: event.at,
    event: event.event,
    outcome: event.outcome,
    request_id: clean(event.request_id, 64),
    source: event.ip === "" ? "" : sourceOf(event.ip),
    ...(user_id === undefined ? {} : { user_id: clean(user_id, 64) }),
    ...(session_id === undefined ? {} : { session_id: clean(session_id, 64) }),
    ...(bearer_id === undefined ? {} : { bearer_id: clean(bearer_id, 64) }),
    ...(code === undefined ? {} : { code: clean(code, 64) }),
    ...(kept.length === 0 ? {} : { facts: Object.fromEntries(kept) }),
  };
}

/** Which events are written. A stranger's refusals are so many a minute: nobody may fill a log that nothing empties. */
export function coverage(policy: DeepReadonly<Pick<AuditPolicy, "covered" | "strangerEventLimit">>) {
  let minute = 0;
  let written = 0;
  let untold = 0;
  return (event: AuditEvent, now: number): { readonly covered: boolean; readonly untold: number } => {
    const group = groupOf(event.event);
    if (!policy.covered.includes(group)) return { covered: false, untold: 0 };
    if (group !== "refusals" || event.user_id !== undefined) return { covered: true, untold: 0 };
    const current = Math.floor(now / 60_000);
    if (current !== minute) [minute, written] = [current, 0];
    if (written >= policy.strangerEventLimit) {
      untold += 1;
      return { covered: false, untold: 0 };
    }
    written += 1;
    const before = untold;
    untold = 0;
    return { covered: true, untold: before };
  };
}
