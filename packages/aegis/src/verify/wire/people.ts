/** What probes of several rooms do to accounts, in the same way. */
import { randomBytes } from "node:crypto";
import type { Exchange, ProbeContext, SignedIn, WireClient } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { requestOf } from "../target.ts";
import { isAccepted } from "./checks.ts";
import { totpAt } from "./totp.ts";

type Context = ProbeContext<unknown>;

/** Good under any policy, and never used before. */
export const newPassword = (): string => `Aa7-${randomBytes(18).toString("base64url")}`;

/** One sign-in with a client of its own; undefined where the description does not say how. */
export async function tryPassword(
  context: Context,
  username: string,
  password: string,
  client: WireClient = context.anonymous(),
): Promise<Exchange | undefined> {
  const { login } = context.target;
  return login === undefined ? undefined : client.send(requestOf(login, { username, password }));
}

export const signsIn = async (
  context: Context,
  visitor: { readonly username: string; readonly password: string },
  client?: WireClient,
): Promise<boolean> => {
  const answer = await tryPassword(context, visitor.username, visitor.password, client);
  return answer !== undefined && isAccepted(answer.response.status);
};

/** So many wrong passwords, each from a client that the target has never seen. */
export async function fail(context: Context, username: string, times: number): Promise<void> {
  for (let done = 0; done < times; done++) await tryPassword(context, username, `Wrong-${done}-password-x`);
}

export function fieldOf({ response }: Exchange, field: string): unknown {
  try {
    const body: unknown = JSON.parse(response.body);
    return isRecord(body) ? body[field] : undefined;
  } catch {
    return undefined;
  }
}

export interface Enrolled {
  readonly visitor: SignedIn;
  readonly secret: string;
  readonly codes: readonly string[];
  /** The code of now, or of so many steps away. */
  code(steps?: number): string;
}

/** A fresh account with an authenticator; a sentence where that could not be had. */
export async function enrol(context: Context): Promise<Enrolled | string> {
  const { mfa } = context.target;
  if (mfa === undefined) return "the target description does not say how to set a second factor up (mfa)";
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return "could not sign in with a fresh account";
  const secret = fieldOf(await visitor.call(mfa.setup), mfa.setup.secretField);
  const code = typeof secret === "string" ? totpAt(secret, context.time.now()) : undefined;
  if (typeof secret !== "string" || code === undefined) return "the set-up gave no secret";
  const confirmed = await visitor.call(mfa.confirm, { code });
  const codes = fieldOf(confirmed, mfa.confirm.codesField);
  if (!isAccepted(confirmed.response.status))
    return `the set-up was answered with ${confirmed.response.status}`;
  return {
    visitor,
    secret,
    codes: Array.isArray(codes) ? codes.filter((one) => typeof one === "string") : [],
    code: (steps = 0) => totpAt(secret, context.time.now(), steps) ?? "",
  };
}

/** Password only: the client of a sign-in that still waits for its second factor. */
export async function firstStep(context: Context, visitor: SignedIn): Promise<SignedIn | undefined> {
  const client = context.anonymous();
  const answer = await tryPassword(context, visitor.username, visitor.password, client);
  return answer !== undefined && isAccepted(answer.response.status) ? visitor.as(client) : undefined;
}
