import type { Exchange, ProbeContext, SignedIn, TargetDescription, WireClient } from "../control.ts";
import type { Random } from "../lib/random.ts";
import type { Policy } from "../policy.ts";
import { sampler } from "./samples.ts";
import { newProbeAccount, type ProbeAccount, register, signIn } from "./visitor.ts";
import { CookieClient } from "./wire/client.ts";
import { sendRaw, WireError, type WireOptions } from "./wire/connection.ts";

export interface RunContext {
  /** The context of one control: what it exchanges is evidence of it alone. */
  forControl<P>(section: P, onExchange: (exchange: Exchange) => void): ProbeContext<P>;
  readonly accounts: readonly string[];
}

export interface ContextOptions {
  readonly wire: WireOptions;
  readonly policy: Policy;
  readonly target: TargetDescription;
  readonly random: Random;
  readonly passTime: (seconds: number) => Promise<boolean>;
}

const RAW_WAIT_SECONDS = 5;

export function runContext({ wire, policy, target, random, passTime }: ContextOptions): RunContext {
  const accounts: string[] = [];
  let shared: Promise<ProbeAccount | undefined> | undefined;
  const quiet = (): void => undefined;

  const newAccount = async (client: WireClient): Promise<ProbeAccount | undefined> => {
    const account = newProbeAccount(random);
    const answer = await register(target, client, { ...account });
    if (answer === undefined || answer.response.status >= 400) return undefined;
    accounts.push(account.username);
    return account;
  };
  const sharedAccount = (client: WireClient): Promise<ProbeAccount | undefined> => {
    const { credentials } = target;
    shared ??=
      credentials === undefined
        ? newAccount(client)
        : Promise.resolve({ ...credentials, email: credentials.username });
    return shared;
  };
  const enter = async (
    client: WireClient,
    helper: WireClient,
    options: { readonly rememberMe?: boolean; readonly fresh?: boolean },
  ): Promise<SignedIn | undefined> => {
    const account = await (options.fresh === true && target.credentials === undefined
      ? newAccount(helper)
      : sharedAccount(helper));
    if (account === undefined) return undefined;
    const visitor = await signIn(target, client, account, options.rememberMe === true);
    return visitor === undefined || visitor.login.response.status >= 400 ? undefined : visitor;
  };
  const sample = sampler({
    target,
    policy,
    randomPath: () => `/aegis-${random.token(9)}`,
    anonymous: () => new CookieClient(wire, quiet),
    signedIn: () => enter(new CookieClient(wire, quiet), new CookieClient(wire, quiet), {}),
  });

  return {
    accounts,
    forControl: (section, onExchange) => ({
      policy: section,
      environment: policy.environment,
      target,
      origin: wire.origin.origin,
      host: hostOf(wire),
      edgeLines: edgeLinesOf(wire),
      anonymous: () => new CookieClient(wire, onExchange),
      async raw(bytes, { waitSeconds = RAW_WAIT_SECONDS } = {}) {
        const { bytes: answer, ended, seconds } = await sendRaw(wire, bytes, waitSeconds * 1000);
        return { text: answer.toString("latin1"), ended, seconds };
      },
      signIn: (options = {}) =>
        enter(options.client ?? new CookieClient(wire, onExchange), new CookieClient(wire, quiet), options),
      async register(fields) {
        const account = { ...newProbeAccount(random), ...fields };
        const answer = await register(target, new CookieClient(wire, onExchange), account);
        if (answer !== undefined && answer.response.status < 300) accounts.push(account.username);
        return answer;
      },
      async sample(name) {
        const taken = await sample(name);
        if (taken !== undefined) onExchange(taken);
        return taken;
      },
      secure: isSecure(wire),
      plainHttp: (path) => plainHttp(wire, path, onExchange),
      time: { pass: passTime },
    }),
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
