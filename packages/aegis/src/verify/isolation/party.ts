/** The two sides of the walk, and how much it may ask. */
import { randomBytes } from "node:crypto";
import type { Exchange, SignedIn, TargetDescription, WireRequest } from "../../control.ts";
import { WireError, type WireFault } from "../wire/fault.ts";
import type { Thing } from "./answers.ts";

/** Whoever uses the target besides us must not feel it, and a route table of a thousand lines must end. */
const MOST_REQUESTS = 6000; // the hub, with 200 routes, takes about 4500
const LONGEST_MS = 80_000;

/** The walk has used up what it may; what it has not seen by then stays unknown. */
export class WalkOver extends Error {
  override readonly name = "WalkOver";
}

const ENDS: readonly WireFault[] = ["limited", "refused", "network"];

/** A fault of one exchange costs what was asked; where the target is gone or limits us, the walk is over. */
export async function guard<T>(work: () => Promise<T>, otherwise: (why: string) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError && !ENDS.includes(error.fault))
      return otherwise(`no usable answer: ${error.message}`);
    throw error;
  }
}

export interface Budget {
  take(): void;
  /** A little more, to tidy up with. */
  extend(): void;
}

const TIDYING = { requests: 300, ms: 12_000 };

export function budget(most = MOST_REQUESTS, longestMs = LONGEST_MS): Budget {
  let end = performance.now() + longestMs;
  let left = most;
  return {
    take() {
      left -= 1;
      if (left < 0) throw new WalkOver(`it ended after ${most} requests`);
      if (performance.now() > end) throw new WalkOver(`it ended after ${Math.round(longestMs / 1000)} s`);
    },
    extend() {
      left = TIDYING.requests;
      end = performance.now() + TIDYING.ms;
    },
  };
}

/** Two words that nobody else has written: one is searched for, the other must not come back. */
export interface Marker {
  readonly word: string;
  readonly other: string;
}

export const newMarker = (): Marker => ({
  word: `k${randomBytes(6).toString("hex")}`,
  other: `w${randomBytes(6).toString("hex")}`,
});

/** One account in its tenant. */
export interface Party {
  readonly visitor: SignedIn;
  readonly tenantId: string;
  /** Text that the party writes. */
  readonly marker: Marker;
  /** True where the run has opened the tenant: then all in it is the run's own. */
  readonly own: boolean;
  send(request: WireRequest): Promise<Exchange>;
  /** Signs in again where what was tried has ended the party's own session. */
  wake(): Promise<void>;
}

/** One account, signed in and in its tenant. */
export interface Side {
  readonly visitor: SignedIn;
  readonly tenantId: string;
  readonly own: boolean;
  /** Signs the same account in again, in the same tenant. */
  readonly again: () => Promise<SignedIn | undefined>;
}

const CHANGES_NOTHING = new Set(["GET", "HEAD", "OPTIONS"]);

export function party(side: Side, target: TargetDescription, spend: Budget): Party {
  const { tenantId, own } = side;
  const header = target.csrf?.header;
  let { visitor } = side;
  return {
    get visitor() {
      return visitor;
    },
    tenantId,
    own,
    marker: newMarker(),
    async send(request) {
      spend.take();
      if (header === undefined || CHANGES_NOTHING.has(request.method ?? "GET"))
        return visitor.client.send(request);
      // Asked for each time: a change of the session (a switch, a renewal) may bind it anew.
      const token = await visitor.csrfToken();
      return visitor.client.send(
        token === undefined ? request : { ...request, headers: { ...request.headers, [header]: token } },
      );
    },
    async wake() {
      spend.take();
      if ((await visitor.isAlive()) === false) visitor = (await side.again()) ?? visitor;
    },
  };
}

export function thingsOf({ visitor, tenantId, marker }: Party, userId?: string): readonly Thing[] {
  return [
    { text: marker.other, what: "text that A has written" },
    { text: marker.word, what: "text that A has written" },
    { text: visitor.username, what: "A's user name" },
    { text: tenantId, what: "the id of A's tenant" },
    ...(userId === undefined ? [] : [{ text: userId, what: "the id of A's account" }]),
  ];
}

/** Headers by which careless applications let a request say who it is from, with A's names in them. */
export function spoofs(names: readonly string[], of: Party, userId: string | undefined) {
  const value = (name: string): string => {
    if (/role/.test(name)) return "admin";
    if (/email/.test(name)) return of.visitor.email;
    if (/name|remote-user|auth-user/.test(name)) return of.visitor.username;
    return /user/.test(name) ? (userId ?? of.visitor.username) : of.tenantId;
  };
  const all = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, value(name)]));
  const others = ["x-tenant", "x-org", "x-workspace-id", "x-company-id", "x-forwarded-user", "tenant-id"];
  return [all(names), all(others.filter((name) => !names.includes(name)))].filter(
    (headers) => Object.keys(headers).length > 0,
  );
}
