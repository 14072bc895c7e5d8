/** What probes do with API keys: make them as a person would, and use them as a program would. */
import type { Exchange, ProbeContext, SignedIn, TargetCall, TargetDescription } from "../../control.ts";
import { isAccepted } from "./checks.ts";
import { fieldOf } from "./people.ts";

type Context = ProbeContext<unknown>;
export type DescribedKeys = NonNullable<TargetDescription["apiKeys"]>;

export interface ProbeKey {
  readonly text: string;
  readonly id: string;
  readonly visitor: SignedIn;
  readonly keys: DescribedKeys;
  /** Calls a route of one's own keys as the person who made this one. */
  manage(call: TargetCall): Promise<Exchange>;
}

/** Asks for a key; `lifetimeSeconds` where the target takes one. */
export function askForKey(
  keys: DescribedKeys,
  visitor: SignedIn,
  scopes: readonly string[],
  lifetimeSeconds?: number,
): Promise<Exchange> {
  const { create } = keys;
  return visitor.call(
    create,
    {},
    {
      [create.scopesField]: scopes,
      ...(lifetimeSeconds === undefined || create.lifetimeField === undefined
        ? {}
        : { [create.lifetimeField]: lifetimeSeconds }),
    },
  );
}

/** A key of a fresh account; a sentence where it could not be had. */
export async function makeKey(
  context: Context,
  scopes: readonly string[],
  lifetimeSeconds?: number,
): Promise<ProbeKey | string> {
  const keys = context.target.apiKeys;
  if (keys === undefined) return "the target description does not say how to make API keys (apiKeys)";
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return "could not sign in with a fresh account";
  const answer = await askForKey(keys, visitor, scopes, lifetimeSeconds);
  if (!isAccepted(answer.response.status)) return `making a key was answered with ${answer.response.status}`;
  const [text, id] = [fieldOf(answer, keys.create.keyField), fieldOf(answer, keys.create.idField)];
  if (typeof text !== "string" || text.length < 16 || typeof id !== "string")
    return "the answer holds no key and id";
  return {
    text,
    id,
    visitor,
    keys,
    manage: (call) => visitor.call({ ...call, path: call.path.replace("{id}", encodeURIComponent(id)) }),
  };
}

/** One request as a program makes it: with the key and nothing else. */
export const useKey = (
  context: Context,
  text: string,
  path: string,
  method: string = "GET",
): Promise<Exchange> =>
  context.anonymous().send({
    path,
    method,
    headers: { authorization: `Bearer ${text}` },
    ...(method === "GET" ? {} : { json: {} }),
  });
