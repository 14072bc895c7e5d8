/** Who is measured, and what each claims to do. What a stack has no counterpart for is left out, never imitated. */
import { personOf } from "../servers/shared.ts";
import { bare, type CaseName, guarded, type Route } from "./contract.ts";

export interface SignIn {
  readonly path: string;
  readonly body: (place: number) => string;
  /** Cookies that make the session; the others (a known device) go with every login. */
  readonly sessionCookie: RegExp;
  /** Where a CSRF token is to be had, as `csrf_token`; undefined where the origin alone is looked at. */
  readonly csrfPath?: string;
}

export interface ServerRow {
  readonly key: string;
  readonly title: string;
  /** Relative to bench/. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly signIn?: SignIn;
  readonly routes: Readonly<Partial<Record<CaseName, Route>>>;
  /** Header fields that the answer to GET must have: what the stack claims. */
  readonly claims: readonly string[];
  /** What was plugged together, and what is missing and why. */
  readonly note: string;
}

const named = (place: number): string => {
  const { username, password } = personOf(place);
  return JSON.stringify({ username, password });
};
const login = (path: string): Route => ({ method: "POST", path, body: named(0) });
const SECURITY = ["content-security-policy", "x-content-type-options"];
const LIMITS = ["ratelimit-limit|ratelimit|x-ratelimit-limit"];

const ours: SignIn = {
  path: "/api/login",
  body: named,
  sessionCookie: /^(__Host-)?session$/,
  csrfPath: "/csrf-token",
};
const aegis: ServerRow["routes"] = {
  ...guarded,
  login: login("/api/login"),
  refresh: { ...guarded.refresh, path: "/api/session/refresh" },
  session: { ...guarded.session, path: "/api/check_session" },
};
const { login: _login, ...aegisWithoutLogin } = aegis;
const peer = { path: "/bench/login", body: named, sessionCookie: /./ };

export const servers: readonly ServerRow[] = [
  {
    key: "http",
    title: "node:http, bare",
    file: "servers/http.ts",
    routes: bare,
    claims: [],
    note: "no router, no guard, no schema",
  },
  {
    key: "fastify",
    title: "Fastify, bare",
    file: "servers/fastify.ts",
    routes: bare,
    claims: [],
    note: "router and schema, no guard: what the ratios are relative to",
  },
  {
    key: "aegis",
    title: "Aegis",
    file: "servers/aegis.ts",
    signIn: ours,
    routes: aegis,
    claims: [...SECURITY, ...LIMITS],
    note: "sessions in Redis and in memory under a lease, limits and reputation in Redis, everything else in PostgreSQL",
  },
  {
    key: "aegis-postgres",
    title: "Aegis without Redis",
    file: "servers/aegis.ts",
    args: ["--sessions=postgres"],
    signIn: ours,
    routes: aegisWithoutLogin,
    claims: [...SECURITY, ...LIMITS],
    note: "no Redis: sessions in PostgreSQL, asked at every request, limits in memory. Its login is that of the row above",
  },
  {
    key: "plugins",
    title: "Fastify + official plugins",
    file: "peers/servers/fastify-plugins.mjs",
    signIn: { ...peer, csrfPath: "/bench/csrf" },
    routes: { ...guarded, login: login("/bench/login") },
    claims: [...SECURITY, ...LIMITS],
    note: "@fastify/helmet, cookie, session (connect-redis), csrf-protection, rate-limit (Redis); Argon2id by @node-rs/argon2's defaults",
  },
  {
    key: "express",
    title: "Express + middleware",
    file: "peers/servers/express.mjs",
    signIn: { ...peer, csrfPath: "/bench/csrf" },
    routes: { ...guarded, login: login("/bench/login") },
    claims: [...SECURITY, ...LIMITS],
    note: "helmet, express-session (connect-redis), csrf-sync, express-rate-limit (Redis), zod; Argon2id by @node-rs/argon2's defaults",
  },
  {
    key: "hono",
    title: "Hono + middleware",
    file: "peers/servers/hono.mjs",
    signIn: peer,
    routes: { ...guarded, login: login("/bench/login") },
    claims: [...SECURITY, ...LIMITS],
    note: "secure-headers, csrf (by origin, no token), hono-sessions and hono-rate-limiter with Redis, zod-validator; Argon2id by @node-rs/argon2's defaults",
  },
  {
    key: "better-auth",
    title: "better-auth on node:http",
    file: "peers/servers/better-auth.mjs",
    signIn: {
      path: "/api/auth/sign-in/email",
      body: (place) => {
        const { email, password } = personOf(place);
        return JSON.stringify({ email, password });
      },
      sessionCookie: /./,
    },
    routes: {
      get: guarded.get,
      "401": guarded["401"],
      "429": { method: "GET", path: "/api/auth/ok" },
      login: {
        method: "POST",
        path: "/api/auth/sign-in/email",
        body: JSON.stringify({ email: personOf(0).email, password: personOf(0).password }),
      },
      session: { method: "GET", path: "/api/auth/get-session", signedIn: true },
    },
    claims: [],
    note: "sessions and limits in Redis, its own scrypt. It sets no security headers and limits its own addresses alone, so its GET does less; it has no CSRF token, no schema and no roles for an application's routes, and prolongs sessions by itself",
  },
];
