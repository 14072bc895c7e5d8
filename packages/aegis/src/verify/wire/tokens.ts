/** What probes do with access and refresh tokens; reads them by itself (RFC 7515, RFC 7519). */
import type { Exchange, ProbeContext, SignedIn, TargetDescription, Verdict } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { requestOf } from "../target.ts";
import { isAccepted, noSignIn, notDescribed } from "./checks.ts";
import { fieldOf } from "./people.ts";

type Context = ProbeContext<unknown>;

export interface Pair {
  readonly access: string;
  readonly refresh: string;
}

export interface Holder {
  readonly visitor: SignedIn;
  readonly pair: Pair;
  /** Asks for another pair for the same person. */
  readonly issue: () => Promise<Pair | undefined>;
  /** Status of a call with an access token and nothing else. */
  readonly use: (access: string, headers?: Readonly<Record<string, string>>) => Promise<number>;
  readonly refresh: (
    refreshToken: string,
  ) => Promise<{ readonly status: number; readonly pair: Pair | undefined }>;
}

/** A fresh account with tokens that work; a verdict where that could not be had. */
export async function tokenHolder(context: Context): Promise<Holder | Verdict> {
  const { tokens } = context.target;
  if (tokens === undefined) return notDescribed("how to get tokens (tokens)");
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return noSignIn;
  const issue = async () => pairIn(tokens, await visitor.call(tokens.issue));
  const pair = await issue();
  if (pair === undefined)
    return { outcome: "fail", observed: "a signed-in person is given no tokens", expected: "a pair" };
  const use = async (access: string, headers: Readonly<Record<string, string>> = {}) => {
    const request = { ...requestOf(tokens.use), headers: { ...headers, authorization: `Bearer ${access}` } };
    return (await context.anonymous().send(request)).response.status;
  };
  if (!isAccepted(await use(pair.access)))
    return { outcome: "fail", observed: "a new access token opens nothing", expected: "2xx" };
  return {
    visitor,
    pair,
    issue,
    use,
    async refresh(refreshToken) {
      const call = requestOf(tokens.refresh, { refresh_token: refreshToken });
      const answer = await context.anonymous().send(call);
      return { status: answer.response.status, pair: pairIn(tokens, answer) };
    },
  };
}

export const isHolder = (value: Holder | Verdict): value is Holder => "visitor" in value;

function pairIn({ issue }: NonNullable<TargetDescription["tokens"]>, answer: Exchange): Pair | undefined {
  if (!isAccepted(answer.response.status)) return undefined;
  const [access, refresh] = [fieldOf(answer, issue.accessField), fieldOf(answer, issue.refreshField)];
  return typeof access === "string" && typeof refresh === "string" ? { access, refresh } : undefined;
}

export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What is signed, and by what. */
  readonly signed: string;
  readonly signature: Buffer;
}

export function readJwt(text: string): Jwt | undefined {
  const [head, body, signature, ...more] = text.split(".");
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    return undefined;
  const [header, claims] = [objectIn(head), objectIn(body)];
  if (header === undefined || claims === undefined) return undefined;
  return { header, claims, signed: `${head}.${body}`, signature: Buffer.from(signature, "base64url") };
}

export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return isRecord(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** The published keys as they came (RFC 7517); undefined where nothing readable did. */
export async function publishedKeys(
  context: Context,
): Promise<
  { readonly exchange: Exchange; readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined
> {
  const { tokens } = context.target;
  if (tokens === undefined) return undefined;
  const exchange = await context.anonymous().send({ path: tokens.keysPath });
  const keys = fieldOf(exchange, "keys");
  if (!isAccepted(exchange.response.status) || !Array.isArray(keys)) return undefined;
  const records = keys.filter((key: unknown) => isRecord(key));
  return records.length === keys.length ? { exchange, keys: records } : undefined;
}
