/** What happens, counted: from the events that rooms tell anyway, and from how every request was answered. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import type { SubjectKeys } from "../lib/subjects.ts";
import { isRecord } from "../lib/freeze.ts";
import { addFinish } from "../lib/guard.ts";
import { arrivedAt, routeConfig } from "../lib/route.ts";
import type { PairTable } from "./window.ts";
import type { Tallies } from "./tally.ts";
import { minuteOf } from "./tally.ts";

/** The part of an event that is counted. */
export interface Told {
  readonly event: string;
  readonly user_id?: string;
  readonly username?: string;
  readonly code?: string;
}

export interface MonitorEnforcement {
  readonly tallies: Tallies;
  readonly keys: SubjectKeys;
  readonly clock: Clock;
  /** A keyed hash of what was named or asked for: nothing that a stranger typed is kept in clear. */
  readonly hash: (text: string) => string;
  /** The same of an address of a page. */
  readonly hashPage: (url: string) => string;
  readonly seal: (text: string, place: string) => string;
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  /** The limits that a request takes from. */
  readonly limitsOf: (request: FastifyRequest) => readonly string[];
}

const COUNTED: Readonly<Record<string, string>> = {
  "session.signed_in": "signed_in",
  "session.sign_in_failed": "sign_in_failed",
  "mfa.code_refused": "sign_in_failed",
  "throttle.delayed": "sign_in_failed",
  "passkey.refused": "sign_in_failed",
  "account.registered": "registered",
  "csrf.refused": "forged",
  "input.refused": "malformed",
  "transport.refused": "malformed",
};
const STATUS: Readonly<Record<number, string>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  429: "limited",
};
/** Limits of routes where a stranger names somebody. */
const ASKING: ReadonlySet<string> = new Set(["register", "reset", "verifyEmail"]);
/** From so many requests in a minute on, what an address reads is looked at: people read more slowly. */
const FAST = 60;
const MOST_PACES = 2000;

export function monitor(wiring: MonitorEnforcement) {
  const { tallies, keys, hash, clock } = wiring;
  let paceOf = { minute: 0, paces: new Map<string, number>() };

  const pace = (at: number, address: string): number => {
    const minute = minuteOf(at);
    if (paceOf.minute !== minute) paceOf = { minute, paces: new Map() };
    const { paces } = paceOf;
    const now = (paces.get(address) ?? 0) + 1;
    if (now > 1 || paces.size < MOST_PACES) paces.set(address, now);
    return now;
  };
  const both = (at: number, address: string, kind: string): void => {
    tallies.count(at, "total", kind);
    tallies.count(at, "address", address, kind);
  };
  const pair = (at: number, table: PairTable, address: string, target: string, kind: string): void =>
    tallies.count(at, table, address, `${target} ${kind}`);

  /** The account that an event is about, or the name that somebody tried. */
  const signIn = (request: FastifyRequest, address: string, kind: string, told: Told): void => {
    const { user_id: userId, username } = told;
    const at = arrivedAt(request, clock);
    if (userId === undefined) {
      const name = nameIn(request.body);
      if (name !== undefined && kind !== "in") pair(at, "signin", address, hash(`name ${name}`), "unknown");
      return;
    }
    const target = hash(`user ${userId}`);
    pair(at, "signin", address, target, kind);
    if (username !== undefined) tallies.label(at, target, () => wiring.seal(username, target));
  };

  return {
    /** Every event goes by here. */
    listen(request: FastifyRequest | undefined, told: Told): void {
      const kind = COUNTED[told.event];
      if (request === undefined || kind === undefined) return;
      const address = keys.address(request.ip);
      both(arrivedAt(request, clock), address, kind);
      if (kind === "sign_in_failed") signIn(request, address, "known", told);
      if (kind === "signed_in") signIn(request, address, "in", told);
    },

    /** A limit has refused. */
    exceeded(request: FastifyRequest, limit: string): void {
      const at = arrivedAt(request, clock);
      tallies.count(at, "total", `over:${limit}`);
      if (limit === "read") tallies.count(at, "address", keys.address(request.ip), "read_limited");
    },

    enforce(app: FastifyInstance): void {
      addFinish(app, (request, reply) => {
        const at = arrivedAt(request, clock);
        const address = keys.address(request.ip);
        both(at, address, "requests");
        const status = STATUS[reply.statusCode];
        if (status !== undefined) {
          both(at, address, status);
          tallies.label(at, address, () => wiring.seal(request.ip, address));
        }
        const limits = wiring.limitsOf(request);
        for (const limit of limits) tallies.count(at, "total", `use:${limit}`);
        const userId = wiring.userIdOf(request);
        if (userId !== undefined) {
          if (routeConfig(request).session !== "passive") tallies.count(at, "total", "use:user");
          if (request.session !== null) tallies.count(at, "seen", userId, request.session.id);
        }
        if (limits.some((limit) => ASKING.has(limit))) {
          tallies.count(at, "total", "asked");
          const name = nameIn(request.body);
          if (name !== undefined) pair(at, "asked", address, hash(`name ${name}`), "asked");
        }
        if (reply.statusCode === 404) pair(at, "missing", address, wiring.hashPage(request.url), "missing");
        else if (pace(at, address) > FAST && request.method === "GET") {
          tallies.label(at, address, () => wiring.seal(request.ip, address));
          pair(at, "page", address, wiring.hashPage(request.url), "read");
        }
      });
    },
  };
}

/** The name or address in a body of sign-in, registration or reset; what is longer is no name. */
function nameIn(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const name = body["username"] ?? body["email"];
  return typeof name === "string" && name.length > 0 && name.length <= 254
    ? name.normalize("NFKC").trim().toLowerCase()
    : undefined;
}
