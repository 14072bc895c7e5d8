/** Signs in through the target's own front door, as its description says; makes an account of its own where it may. */
import type { Exchange, SignedIn, TargetDescription, WireClient } from "../control.ts";
import type { Random } from "../lib/random.ts";
import { isRecord } from "../lib/freeze.ts";
import { requestOf } from "./target.ts";
import { headerOf } from "./wire/header.ts";
import { parseSetCookie } from "./wire/set-cookie.ts";

export interface ProbeAccount {
  readonly username: string;
  readonly password: string;
  readonly email: string;
}

/** Long, with every class of character, and random: good under any policy. */
export function newProbeAccount(random: Random): ProbeAccount {
  const name = `probe-${random.uuid().slice(0, 13)}`;
  return { username: name, password: `Aa7-${random.token(18)}`, email: `${name}@example.com` };
}

export function register(
  target: TargetDescription,
  client: WireClient,
  fields: Readonly<Record<string, string>>,
): Promise<Exchange> | undefined {
  return target.register === undefined ? undefined : client.send(requestOf(target.register, fields));
}

export async function signIn(
  target: TargetDescription,
  client: WireClient,
  account: ProbeAccount,
  rememberMe: boolean,
): Promise<SignedIn | undefined> {
  const { login } = target;
  if (login === undefined) return undefined;
  const extra = rememberMe && login.rememberField !== undefined ? { [login.rememberField]: true } : {};
  const before = client.received.length;
  const answer = await client.send(requestOf(login, { ...account }, extra));
  return visitorOf(target, account, answer, client, client.received.slice(before));
}

function visitorOf(
  target: TargetDescription,
  account: ProbeAccount,
  login: Exchange,
  client: WireClient,
  lines: readonly string[],
): SignedIn {
  return {
    client,
    username: account.username,
    password: account.password,
    email: account.email,
    login,
    call: async (call, values = {}, extra = {}) => {
      const header = target.csrf?.header;
      const token = header === undefined ? undefined : await csrfToken(target, client);
      const request = requestOf(call, { ...account, ...values }, extra);
      return client.send(
        header === undefined || token === undefined ? request : { ...request, headers: { [header]: token } },
      );
    },
    as: (other) => visitorOf(target, account, login, other, other.received),
    sessionCookie: sessionCookieOf(target, lines, client),
    isAlive: () => isAlive(target, client),
    csrfToken: () => csrfToken(target, client),
  };
}

/** By its described name; otherwise the one cookie of the sign-in answer that looks random. */
function sessionCookieOf(target: TargetDescription, lines: readonly string[], client: WireClient) {
  const named = target.sessionCookie;
  if (named !== undefined) {
    const name = [`__Host-${named}`, `__Secure-${named}`, named].find((candidate) =>
      client.cookies.has(candidate),
    );
    const value = name === undefined ? undefined : client.cookies.get(name);
    return name === undefined || value === undefined ? undefined : { name, value };
  }
  const random = lines
    .map(parseSetCookie)
    .filter(
      (cookie) =>
        cookie !== undefined &&
        cookie.value.length >= 16 &&
        !/csrf|xsrf|lang|theme|device/i.test(cookie.name),
    );
  const [only] = random;
  return random.length === 1 && only !== undefined ? { name: only.name, value: only.value } : undefined;
}

async function isAlive(target: TargetDescription, client: WireClient): Promise<boolean | undefined> {
  const check = target.sessionCheck ?? target.activity;
  if (check === undefined) return undefined;
  const { request, response } = await client.send(requestOf(check));
  if (response.status >= 200 && response.status < 300) return true;
  if (response.status === 401 || response.status === 403) return false;
  // Away to somewhere else is a "no" too: to the sign-in page, as a rule. Back to itself says nothing.
  const location = headerOf(response, "location");
  if (response.status < 300 || response.status >= 400 || location === undefined) return undefined;
  if (!URL.canParse(location, request.url)) return undefined;
  const [from, to] = [new URL(request.url), new URL(location, request.url)];
  return from.origin === to.origin && from.pathname === to.pathname ? undefined : false;
}

async function csrfToken(target: TargetDescription, client: WireClient): Promise<string | undefined> {
  if (target.csrf === undefined) return undefined;
  const { response } = await client.send({ path: target.csrf.tokenPath });
  try {
    const body: unknown = JSON.parse(response.body);
    const token = isRecord(body) ? body[target.csrf.tokenField] : undefined;
    return typeof token === "string" && token.length <= 4096 ? token : undefined;
  } catch {
    return undefined; // no JSON, no token: the controls say that they could not see
  }
}
