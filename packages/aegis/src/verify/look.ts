/** Comes to a live address as people do: health, sign-in, one change; and says what it met. It judges nothing. */
import type { Exchange, TargetDescription, WireClient } from "../control.ts";
import { isRecord } from "../lib/freeze.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import type { LiveAnswer, LiveFacts, LiveSignIn } from "../preflight/live.ts";
import { PROBE_HEADER } from "./context.ts";
import { requestOf } from "./target.ts";
import { newProbeAccount, type ProbeAccount, register, signIn } from "./visitor.ts";
import { CookieClient } from "./wire/client.ts";
import { WireError, wireDefaults, type WireOptions } from "./wire/connection.ts";
import { headerOf } from "./wire/header.ts";
import { parseSetCookie } from "./wire/set-cookie.ts";
import { printable } from "./wire/text.ts";

export interface LookOptions {
  readonly origin: string;
  readonly target?: TargetDescription;
  readonly wire?: Partial<Omit<WireOptions, "origin">>;
  readonly probeKey?: string;
  readonly healthPath: string;
  readonly readyPath: string;
  readonly random?: Random;
}

function wireOf({ origin, wire, probeKey }: LookOptions): WireOptions {
  return {
    ...wireDefaults,
    ...wire,
    edgeHeaders: {
      ...wire?.edgeHeaders,
      ...(probeKey === undefined ? {} : { [PROBE_HEADER]: probeKey }),
    },
    origin: new URL(origin),
  };
}

export interface HealthFacts {
  readonly health: LiveAnswer;
  /** Undefined: not asked, because nothing answered. */
  readonly ready: LiveAnswer | undefined;
  /** How long the answer about health took; undefined where there was none. */
  readonly latencyMs: number | undefined;
  /** What its Date said, between which moments of ours; in milliseconds since the Unix epoch. */
  readonly clock: { readonly date: number; readonly asked: number; readonly answered: number } | undefined;
}

/** Two questions and nothing else: for those who ask often. @throws TypeError where `origin` is no address */
export async function lookAtHealth(options: LookOptions, now: () => number): Promise<HealthFacts> {
  const wire = wireOf(options);
  const client = new CookieClient(wire, () => undefined);
  const [asked, started] = [now(), performance.now()];
  let date: string | undefined;
  const health = await answered(async () => {
    const done = await client.send({ path: options.healthPath });
    date = headerOf(done.response, "date");
    return done;
  });
  const [answeredAt, latencyMs] = [now(), performance.now() - started];
  if ("fault" in health) return { health, ready: undefined, latencyMs: undefined, clock: undefined };
  const said = Date.parse(date ?? "");
  return {
    health,
    ready: await answered(() => client.send({ path: options.readyPath })),
    latencyMs,
    clock: Number.isFinite(said) ? { date: said, asked, answered: answeredAt } : undefined,
  };
}

/** @throws TypeError where `origin` is no address */
export async function lookAtLive(options: LookOptions): Promise<LiveFacts> {
  const { target = {}, random = systemRandom, healthPath, readyPath } = options;
  const wire = wireOf(options);
  const { origin } = wire;
  const client = (): CookieClient => new CookieClient(wire, () => undefined);
  const health = await answered(() => client().send({ path: healthPath }));
  const ready = await answered(() => client().send({ path: readyPath }));
  return {
    origin: origin.origin,
    health,
    ready,
    signIn:
      "fault" in health ? `nothing answers: ${health.reason}` : await entered(target, client, origin, random),
  };
}

async function entered(
  target: TargetDescription,
  client: () => CookieClient,
  origin: URL,
  random: Random,
): Promise<LiveFacts["signIn"]> {
  if (target.login === undefined) return "it is not described how to sign in";
  const { credentials } = target;
  const account: ProbeAccount =
    credentials === undefined ? newProbeAccount(random) : { ...credentials, email: credentials.username };
  try {
    if (credentials === undefined) {
      const made = await register(target, client(), { ...account });
      if (made === undefined) return "no account is given, and it is not described how to make one";
      if (made.response.status >= 400) return { refused: answerOf(made) };
    }
    const visitor = await signIn(target, client(), account, false);
    if (visitor === undefined) return "it is not described how to sign in";
    if (visitor.login.response.status >= 400) return { refused: answerOf(visitor.login) };
    const line = visitor.client.received
      .map(parseSetCookie)
      .find((cookie) => cookie !== undefined && cookie.name === visitor.sessionCookie?.name);
    const maxAge = Number(line?.attributes.get("max-age") ?? Number.NaN);
    return {
      cookie:
        line === undefined
          ? undefined
          : {
              name: printable(line.name, 80),
              secure: line.attributes.has("secure"),
              maxAgeSeconds: Number.isFinite(maxAge) ? maxAge : undefined,
            },
      alive: await visitor.isAlive(),
      ...(await changed(target, visitor.client, await visitor.csrfToken(), origin)),
    };
  } catch (error) {
    if (error instanceof WireError) return { refused: { fault: error.fault, reason: error.message } };
    throw error;
  }
}

/** The described change: as browsers send it, as those do that say nothing but Origin, and with a token that is none. */
async function changed(
  target: TargetDescription,
  client: WireClient,
  token: string | undefined,
  { origin }: URL,
): Promise<Pick<LiveSignIn, "write" | "forged">> {
  const { write } = target;
  const header = target.csrf?.header;
  if (write === undefined || header === undefined || token === undefined)
    return { write: undefined, forged: undefined };
  const send = (value: string, headers: Readonly<Record<string, string>>): Promise<LiveAnswer> =>
    answered(() => client.send({ ...requestOf(write), headers: { origin, [header]: value, ...headers } }));
  return {
    write: { browser: await send(token, { "sec-fetch-site": "same-origin" }), older: await send(token, {}) },
    // Of the same form and length: it is its content that must be refused.
    forged: await send(`${token.startsWith("A") ? "B" : "A"}${token.slice(1)}`, {
      "sec-fetch-site": "same-origin",
    }),
  };
}

async function answered(ask: () => Promise<Exchange>): Promise<LiveAnswer> {
  try {
    return answerOf(await ask());
  } catch (error) {
    if (error instanceof WireError) return { fault: error.fault, reason: error.message };
    throw error;
  }
}

function answerOf({ response }: Exchange): LiveAnswer {
  let body: unknown;
  try {
    body = JSON.parse(response.body);
  } catch {
    body = undefined; // a page, or a proxy's: its status says enough
  }
  const text = (key: string): string | undefined => {
    const value = isRecord(body) ? body[key] : undefined;
    return typeof value === "string" ? printable(value, 80) : undefined;
  };
  return { status: response.status, code: text("code"), said: text("status") };
}
