import { setTimeout as sleep } from "node:timers/promises";
import type {
  Exchange,
  ProbeContext,
  RawAnswer,
  SignedIn,
  TargetDescription,
  WireClient,
} from "../control.ts";
import type { Random } from "../lib/random.ts";
import type { Policy } from "../policy.ts";
import { Secrets } from "./redact.ts";
import { sampler } from "./samples.ts";
import { requestOf } from "./target.ts";
import { newProbeAccount, type ProbeAccount, register, signIn } from "./visitor.ts";
import { CookieClient } from "./wire/client.ts";
import { codeIn } from "./wire/mail.ts";
import { sendRaw, WireError, type WireOptions } from "./wire/connection.ts";
import { rawExchange } from "./wire/raw-exchange.ts";

export interface RunContext {
  /** The context of one control: what it exchanges is evidence of it alone. */
  forControl<P>(section: P, onExchange: (exchange: Exchange) => void): ProbeContext<P>;
  readonly accounts: readonly string[];
  /** What no report may show. */
  readonly secrets: Secrets;
  /** The same run, for one control: its exchanges end when `signal` fires. What is shared goes on. */
  during(signal: AbortSignal): RunContext;
  /** The same run, for one control that always enters as this account, and lets so much time pass by waiting. */
  entering(
    account: { readonly username: string; readonly password: string },
    passTime: (seconds: number) => Promise<boolean>,
  ): RunContext;
}

export interface ContextOptions {
  readonly wire: WireOptions;
  readonly policy: Policy;
  readonly target: TargetDescription;
  readonly random: Random;
  readonly passTime: (seconds: number) => Promise<boolean>;
  readonly now: () => number;
  readonly mailbox: ((address: string) => Promise<readonly string[]>) | undefined;
}

function withoutCredentials(target: TargetDescription): TargetDescription {
  const { credentials: _others, ...rest } = target;
  return rest;
}

/** What is one control's own. */
interface Scope {
  readonly own: WireOptions;
  /** The account that it enters as, whatever it asks for. */
  readonly as: { readonly username: string; readonly password: string } | undefined;
  readonly pass: (seconds: number) => Promise<boolean>;
}

/** Lifts limits of volume where the target was given the same key. */
export const PROBE_HEADER = "aegis-probe-key";
const RAW_WAIT_SECONDS = 5;
const MAIL_TRIES = 60;
const MAIL_PAUSE_MS = 50;

export function runContext({
  wire,
  policy,
  target,
  random,
  passTime,
  now,
  mailbox,
}: ContextOptions): RunContext {
  const accounts: string[] = [];
  const secrets = new Secrets();
  const identity = {};
  let shared: Promise<ProbeAccount | undefined> | undefined;
  const quiet = (exchange: Exchange): void => secrets.learn(exchange);

  /** Mail comes after the answer: waits a little until there is so much of it. */
  const mails = async (address: string, least: number): Promise<readonly string[] | undefined> => {
    if (mailbox === undefined) return undefined;
    let found = await mailbox(address);
    for (let tries = 0; tries < MAIL_TRIES && found.length < least; tries++) {
      await sleep(MAIL_PAUSE_MS);
      found = await mailbox(address);
    }
    return found;
  };

  const newAccount = async (client: WireClient): Promise<ProbeAccount | undefined> => {
    const account = newProbeAccount(random);
    secrets.add(account.password);
    const answer = await register(target, client, { ...account });
    if (answer === undefined || answer.response.status >= 400) return undefined;
    accounts.push(account.username);
    if (policy.account.emailVerification === "required" && target.verifyEmail !== undefined) {
      const code = codeIn((await mails(account.email, 1))?.at(-1));
      if (code !== undefined) await client.send(requestOf(target.verifyEmail, { ...account, code }));
    }
    return account;
  };
  const sharedAccount = (client: WireClient): Promise<ProbeAccount | undefined> => {
    const { credentials } = target;
    if (credentials !== undefined) {
      secrets.add(credentials.password);
      return Promise.resolve({ ...credentials, email: credentials.username });
    }
    shared ??= newAccount(client).catch((error: unknown) => {
      shared = undefined; // one fault of the wire must not cost every later control its account
      throw error;
    });
    return shared;
  };
  const enter = async (
    client: WireClient,
    helper: WireClient,
    options: {
      readonly rememberMe?: boolean;
      readonly fresh?: boolean;
      readonly as?: { readonly username: string; readonly password: string };
    },
    again = false,
  ): Promise<SignedIn | undefined> => {
    if (options.as !== undefined) {
      secrets.add(options.as.password);
      const named = await signIn(
        target,
        client,
        { ...options.as, email: options.as.username },
        options.rememberMe === true,
      );
      return named === undefined || named.login.response.status >= 400 ? undefined : named;
    }
    const account = await (options.fresh === true && target.credentials === undefined
      ? newAccount(helper)
      : sharedAccount(helper));
    if (account === undefined) return undefined;
    const visitor = await signIn(target, client, account, options.rememberMe === true);
    if (visitor === undefined || visitor.login.response.status >= 400) {
      if (options.fresh === true || target.credentials !== undefined || again) return undefined;
      shared = undefined; // a probe of time or failures may have used the shared account up
      return enter(client, helper, options, true);
    }
    return {
      ...visitor,
      async csrfToken() {
        const token = await visitor.csrfToken();
        if (token !== undefined) secrets.add(token);
        return token;
      },
    };
  };
  const sample = sampler({
    target,
    policy,
    origin: wire.origin,
    randomPath: () => `/aegis-${random.token(9)}`,
    anonymous: () => new CookieClient(wire, quiet),
    signedIn: () => enter(new CookieClient(wire, quiet), new CookieClient(wire, quiet), {}),
  });

  const contextOf = <P>(
    { own, as, pass }: Scope,
    section: P,
    onExchange: (exchange: Exchange) => void,
  ): ProbeContext<P> => {
    const note = (exchange: Exchange): void => {
      secrets.learn(exchange);
      onExchange(exchange);
    };
    return {
      run: identity,
      policy: section,
      environment: policy.environment,
      target: as === undefined ? target : withoutCredentials(target), // what is done to this account harms nobody
      origin: own.origin.origin,
      host: hostOf(own),
      edgeLines: edgeLinesOf(own),
      anonymous: () => new CookieClient(own, note),
      stranger: (from) => new CookieClient(strangersWire(own, from), note),
      standsInForProxy: forwardedProto(own) !== undefined,
      async raw(bytes, { waitSeconds = RAW_WAIT_SECONDS } = {}) {
        const { bytes: received, ended, seconds } = await sendRaw(own, bytes, waitSeconds * 1000);
        const answer: RawAnswer = { text: received.toString("latin1"), ended, seconds };
        const seen = rawExchange(own.origin.origin, bytes, answer);
        if (seen !== undefined) note(seen);
        return answer;
      },
      signIn: (options = {}) =>
        enter(options.client ?? new CookieClient(own, note), new CookieClient(wire, quiet), {
          ...options,
          ...(as === undefined ? {} : { as }),
        }),
      async register(fields) {
        const fresh = newProbeAccount(random);
        secrets.add(fresh.password);
        const account = { ...fresh, ...fields };
        const answer = await register(target, new CookieClient(own, note), account);
        // A redirect may be a welcome or a refusal; an account too many on the list does less harm than one too few.
        if (answer !== undefined && answer.response.status < 400) accounts.push(account.username);
        return answer;
      },
      async sample(name) {
        const taken = await sample(name);
        if (taken !== undefined) onExchange(taken);
        return taken;
      },
      mails,
      secure: isSecure(own),
      plainHttp: (path) => plainHttp(own, path, note),
      time: { pass, now },
    };
  };
  const runWith = (scope: Scope): RunContext => ({
    accounts,
    secrets,
    during: (signal) => runWith({ ...scope, own: { ...scope.own, signal } }),
    entering: (as, pass) => runWith({ ...scope, as, pass }),
    forControl: (section, onExchange) => contextOf(scope, section, onExchange),
  });
  return runWith({ own: wire, as: undefined, pass: passTime });
}

/** As anybody comes: without the key. The proxy writes the address that it saw last, behind whatever a client wrote. */
function strangersWire(wire: WireOptions, from: string | undefined): WireOptions {
  const { [PROBE_HEADER]: _key, ...headers } = wire.edgeHeaders;
  const isSaid = from !== undefined && forwardedProto(wire) !== undefined;
  return {
    ...wire,
    limitsAnswer: true,
    edgeHeaders: isSaid ? { ...headers, "x-forwarded-for": from } : headers,
  };
}

const isHost = (name: string): boolean => name.toLowerCase() === "host";

const hostOf = (wire: WireOptions): string =>
  Object.entries(wire.edgeHeaders).find(([name]) => isHost(name))?.[1] ?? wire.origin.host;

const edgeLinesOf = (wire: WireOptions): string =>
  Object.entries(wire.edgeHeaders)
    .filter(([name]) => !isHost(name))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");

const forwardedProto = (wire: WireOptions): string | undefined => wire.edgeHeaders["x-forwarded-proto"];

const isSecure = (wire: WireOptions): boolean =>
  wire.origin.protocol === "https:" || forwardedProto(wire) === "https";

/** Port 80 of the same host; where we stand in for the proxy, the proxy's word that the client spoke plain HTTP. */
async function plainHttp(
  wire: WireOptions,
  path: string,
  onExchange: (exchange: Exchange) => void,
): Promise<Exchange | undefined> {
  const edge =
    forwardedProto(wire) === undefined
      ? wire.edgeHeaders
      : { ...wire.edgeHeaders, "x-forwarded-proto": "http" };
  const origin = wire.origin.protocol === "https:" ? new URL(`http://${wire.origin.hostname}`) : wire.origin;
  try {
    return await new CookieClient({ ...wire, origin, edgeHeaders: edge }, onExchange).send({ path });
  } catch (error) {
    if (error instanceof WireError && error.fault === "refused") return undefined;
    throw error;
  }
}
