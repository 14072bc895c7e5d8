/** What a login costs beside its hash, and what a flood of them does to everybody else. */
import { type ChildProcess, fork } from "node:child_process";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { hash, verify } from "@node-rs/argon2";
import { definePolicy } from "aegis";
import Fastify from "fastify";
import type { BenchCase } from "../measure.ts";
import { accountOf, CONNECTIONS, loginHub } from "../support/login-hub.ts";

const account = accountOf(0);
const json = { "content-type": "application/json" };

/** [lowest, median, highest]. */
const spread = (values: readonly number[]): readonly [number, number, number] => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return [at(0), at(0.5), at(1)];
};
const inWords = ([low, middle, high]: readonly [number, number, number], unit: string): string =>
  `${middle.toFixed(2)} ${unit} (${low.toFixed(2)} to ${high.toFixed(2)})`;

interface Cost {
  /** Processor time a call, in milliseconds: of the whole process, hashing threads included. */
  readonly all: number;
  /** Of the thread that runs JavaScript alone: everything but the hash. */
  readonly main: number;
}

async function costOf(times: number, work: () => Promise<unknown>): Promise<Cost> {
  const sum = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000 / times;
  const [all, main] = [process.cpuUsage(), process.threadCpuUsage()];
  for (let call = 0; call < times; call++) await work();
  return { main: sum(process.threadCpuUsage(main)), all: sum(process.cpuUsage(all)) };
}

const NOTHING: Cost = { all: 0, main: 0 };

const CPU_ROUNDS = 20;
const CALLS = 25;
const WARM_UP = 200; // the compiler has done most of its work by then

/** Rounds of bare verifications and of logins take turns, so that what else the machine does falls on both. */
async function beyondTheHash(): Promise<readonly (readonly [string, string])[]> {
  const { memoryKib, iterations, parallelism } = definePolicy({ environment: "test" }).password.argon2;
  const stored = await hash(account.password, { memoryCost: memoryKib, timeCost: iterations, parallelism });
  const app = await loginHub();
  const cookies = new Map<string, string>();
  const login = async (): Promise<void> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = cookie === "" ? json : { ...json, cookie };
    const answer = await app.inject({
      method: "POST",
      url: "/api/login",
      headers,
      payload: JSON.stringify(account),
    });
    if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`);
    // A browser that signs in again: its device is known, and its session before ends, so that no store grows.
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      cookies.set(name, value);
    }
  };
  const plain = Fastify();
  plain.post("/", async () => ({ ok: await verify(stored, account.password) }));
  const route = () =>
    plain.inject({ method: "POST", url: "/", headers: json, payload: JSON.stringify(account) });
  const bare = async (): Promise<void> => {
    if (!(await verify(stored, account.password))) throw new Error("the bare verification failed");
  };
  const works = { bare, route, login };
  type Work = keyof typeof works;
  for (const work of Object.values(works)) await costOf(WARM_UP, work);
  const rounds: Record<Work, Cost>[] = [];
  for (let round = 0; round < CPU_ROUNDS; round++) {
    const row = { bare: NOTHING, route: NOTHING, login: NOTHING };
    const order = ["bare", "route", "login"] as const;
    for (const name of round % 2 === 0 ? order : order.toReversed())
      row[name] = await costOf(CALLS, works[name]);
    rounds.push(row);
  }
  await app.close();
  const column = (of: (one: Record<Work, Cost>) => number, unit: string): string =>
    inWords(spread(rounds.map(of)), unit);
  const hashed = ({ bare: { all, main } }: Record<Work, Cost>): number => all - main;
  return [
    ["CPU of an Argon2id verification, in its thread", column(hashed, "ms")],
    ["CPU of the main thread, bare verification", column((one) => one.bare.main, "ms")],
    ["the same in a route of plain Fastify", column((one) => one.route.main, "ms")],
    ["the same in a login", column((one) => one.login.main, "ms")],
    ["a login beyond the hash (goal: up to 5 %)", column((one) => (one.login.main / hashed(one)) * 100, "%")],
    ["of it what plain Fastify takes", column((one) => (one.route.main / hashed(one)) * 100, "%")],
    [
      "whole process, login over bare verification",
      column((one) => (one.login.all / one.bare.all - 1) * 100, "%"),
    ],
    [
      "whole process, plain Fastify over the same",
      column((one) => (one.route.all / one.bare.all - 1) * 100, "%"),
    ],
  ];
}

const SOCKET_ROUNDS = 4;
const SOCKET_MS = 4000;

/** The 50th and 99th percentile of one client that asks, over one connection, as soon as it has its answer. */
async function latency(origin: string, cookie: string, agent: Agent): Promise<readonly [number, number]> {
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const call = request(`${origin}/api/check_session`, { agent, headers: { cookie } }, (answer) => {
        answer.resume();
        answer.once("end", () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
        );
      });
      call.once("error", reject);
      call.end();
    });
  const taken: number[] = [];
  const end = performance.now() + SOCKET_MS;
  while (performance.now() < end) {
    const start = performance.now();
    await ask();
    taken.push(performance.now() - start);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return [at(0.5), at(0.99)];
}

const program = (name: string, args: readonly string[] = []): ChildProcess =>
  fork(fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url)), args, {
    execArgv: ["--conditions=source", ...process.execArgv.filter((arg) => arg.startsWith("--cpu-prof"))],
  });
const told = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once("message", resolve));

async function besideAFlood(): Promise<readonly (readonly [string, string])[]> {
  const server = program("login-server");
  const origin = String(await told(server));
  const flood = program("login-flood", [origin]);
  const login = await fetch(`${origin}/api/login`, {
    method: "POST",
    headers: json,
    body: JSON.stringify(accountOf(CONNECTIONS)), // one that no flood signs in to: it would end the session
  });
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [idle, beside]: [(readonly [number, number])[], (readonly [number, number])[]] = [[], []];
  const floods: string[] = [];
  await latency(origin, cookie, agent); // warms up
  for (let round = 0; round < SOCKET_ROUNDS; round++) {
    idle.push(await latency(origin, cookie, agent));
    flood.send(true);
    beside.push(await latency(origin, cookie, agent));
    const result = told(flood);
    flood.send(false);
    floods.push(String(await result));
  }
  agent.destroy();
  for (const child of [flood, server]) child.disconnect();
  const ratios = beside.map(([, p99], round) => p99 / (idle[round]?.[1] ?? Number.NaN));
  const column = (rounds: readonly (readonly [number, number])[], place: 0 | 1): string =>
    inWords(spread(rounds.map((one) => one[place])), "ms");
  return [
    ["GET /api/check_session, idle, p50", column(idle, 0)],
    ["GET /api/check_session, idle, p99", column(idle, 1)],
    [`beside ${CONNECTIONS} connections that sign in, p50`, column(beside, 0)],
    [`beside ${CONNECTIONS} connections that sign in, p99`, column(beside, 1)],
    ["p99 beside / p99 idle (goal below 10)", inWords(spread(ratios), "times")],
    ["answers to the flood, by round", floods.join(", ")],
  ];
}

export default {
  title: "Login: default Argon2id, memory stores; median (lowest to highest) of the rounds",
  run: async () => [...(await beyondTheHash()), ...(await besideAFlood())],
} satisfies BenchCase;
