/** What is asked of every server, and what each must answer before it is measured. */
import { ITEM, itemAnswer, PAGE, PEOPLE } from "../servers/shared.ts";

/** In the order of the run. Sign-ins come last: so many new sessions end the older ones that the others come with. */
export const caseNames = ["get", "post", "401", "403", "429", "refresh", "session", "login"] as const;
export type CaseName = (typeof caseNames)[number];
export const isCaseName = (name: string): name is CaseName => caseNames.some((known) => known === name);

export interface BenchCase {
  readonly title: string;
  readonly status: number;
  readonly connections: number;
  /** The very text of the body, where every server gives the same. */
  readonly body?: string;
  /** The least that the text must hold, where each server gives its own. */
  readonly mentions?: string;
  /** Times as long as the others: a hash takes a hundred times as long as an answer. */
  readonly longer?: number;
}

const MANY = 32;

export const cases: Readonly<Record<CaseName, BenchCase>> = {
  get: { title: "GET, 1 KB JSON, signed in", status: 200, connections: MANY, body: JSON.stringify(PAGE) },
  post: {
    title: "POST, CSRF and schema",
    status: 200,
    connections: MANY,
    body: JSON.stringify(itemAnswer(ITEM)),
  },
  "401": { title: "401, nobody signed in", status: 401, connections: MANY },
  "403": { title: "403, wrong role", status: 403, connections: MANY },
  "429": { title: "429, over the limit", status: 429, connections: MANY },
  refresh: { title: "refresh", status: 200, connections: MANY },
  session: { title: "session check", status: 200, connections: MANY, mentions: "ada-" },
  login: { title: "login", status: 200, connections: PEOPLE, mentions: "ada-", longer: 2 },
};

/** How one server is asked for one case. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Sends the cookies of somebody who is signed in. */
  readonly signedIn?: boolean;
  /** Sends that person's CSRF token. */
  readonly csrf?: boolean;
  readonly body?: string;
}

const item = JSON.stringify(ITEM);

/** Of servers that guard, where they have no address of their own for it. */
export const guarded: Readonly<Record<Exclude<CaseName, "login">, Route>> = {
  get: { method: "GET", path: "/bench/me", signedIn: true },
  post: { method: "POST", path: "/bench/item", signedIn: true, csrf: true, body: item },
  "401": { method: "GET", path: "/bench/me" },
  "403": { method: "GET", path: "/bench/admin", signedIn: true },
  "429": { method: "GET", path: "/bench/limited" },
  refresh: { method: "POST", path: "/bench/refresh", signedIn: true, csrf: true },
  session: { method: "GET", path: "/bench/session", signedIn: true },
};

/** Of servers without a guard: the same answers, unconditionally. */
export const bare: Readonly<Partial<Record<CaseName, Route>>> = {
  get: { method: "GET", path: "/bench/me" },
  post: { method: "POST", path: "/bench/item", body: item },
  "401": { method: "GET", path: "/bench/401" },
  "403": { method: "GET", path: "/bench/403" },
  "429": { method: "GET", path: "/bench/429" },
};
