/** A person and her programs: a hub that gives out tokens, and what can be done with them. */
import { definePolicy, type PolicyInput } from "aegis";
import { expect } from "vitest";
import { Visitor } from "./browser-like.ts";
import { cheapHash, startHub } from "./hub.ts";
import { textIn } from "./remote-visitor.ts";

export type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];

export async function closeHubs(): Promise<void> {
  for (const hub of hubs.splice(0)) await hub.close();
}

export async function open(
  input: PolicyInput = {},
  parts: Parameters<typeof startHub>[1] = {},
): Promise<Hub> {
  const hub = await startHub(
    definePolicy({
      environment: "test",
      ...input,
      account: { emailVerification: "optional", ...input.account },
      password: { argon2: cheapHash, minLength: 12 },
      token: { enabled: true, ...input.token },
    }),
    parts,
  );
  hubs.push(hub);
  return hub;
}

export const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });

export interface Pair {
  readonly id: string;
  readonly access: string;
  readonly refresh: string;
}

export const pairIn = (body: Record<string, unknown>): Pair => ({
  id: textIn(body, "id"),
  access: textIn(body, "access_token"),
  refresh: textIn(body, "refresh_token"),
});

export async function issue(visitor: Visitor, json: object = {}): Promise<Pair> {
  const answer = await post(visitor, "/api/auth/token", { client: "My phone", ...json });
  expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
  return pairIn(answer.json());
}

/** A program: no cookies, and a name of its own. */
export const program = (hub: Hub, name = "HubApp/1.0") => {
  const headers = { "user-agent": name };
  return {
    profile: (access: string) =>
      new Visitor(hub.app).send("GET", "/api/profile", {
        headers: { ...headers, authorization: `Bearer ${access}` },
      }),
    refresh: (token: string) =>
      new Visitor(hub.app).send("POST", "/api/auth/refresh", { json: { refresh_token: token }, headers }),
    revoke: (token: string) =>
      new Visitor(hub.app).send("POST", "/api/auth/revoke", { json: { token }, headers }),
  };
};
export const works = async (hub: Hub, { access }: Pair) => (await program(hub).profile(access)).statusCode;
export const refreshes = async (hub: Hub, { refresh }: Pair) =>
  (await program(hub).refresh(refresh)).statusCode;
export const refreshed = async (hub: Hub, { refresh }: Pair) =>
  pairIn((await program(hub).refresh(refresh)).json());

export async function signedIn(input: PolicyInput = {}, parts: Parameters<typeof startHub>[1] = {}) {
  const hub = await open(input, parts);
  const ada = await new Visitor(hub.app).enter();
  return { hub, ada, pair: await issue(ada) };
}
