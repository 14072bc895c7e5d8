import { randomUUID } from "node:crypto";
import {
  type Control,
  fail,
  pass,
  type ProbeContext,
  type RoomControls,
  type TargetCall,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { cannotWait, isAccepted, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import { rateOf, remainingOf, someIpv4, useUp } from "../verify/wire/limits.ts";
import { addressControls } from "./controls-address.ts";
import { fields, saysWhen } from "./controls-answer.ts";
import type { RateLimitPolicy } from "./policy.ts";

type Policy = DeepReadonly<RateLimitPolicy>;
type Context = ProbeContext<Policy>;
type Name = keyof Policy["limits"];

/** More than so many requests no probe sends for one limit. */
const MOST_REQUESTS = 2000;

const advice = {
  symptom:
    "Passwords, codes and addresses can be tried as fast as the server answers; it can be made to send mail or to fill up.",
  cause: "The route names no limit, or the limit is not the one that the policy declares.",
  fix: 'Name the limit in the route\'s config (limit: "login"), and set rateLimit.limits.',
};

function callOf({ activity, tenancy, limits }: Context["target"], name: Name): TargetCall | undefined {
  if (name === "user") return activity;
  return name === "tenant" ? tenancy?.use : limits?.[name];
}

/** The limit as declared: so many are let through, the next is not. */
async function holds(context: Context, name: Name, client = context.stranger(someIpv4())): Promise<Verdict> {
  const rate = rateOf(context.policy.limits[name]);
  if (rate === undefined) return unknown("the policy's rate cannot be read");
  const call = callOf(context.target, name);
  if (call === undefined) return notDescribed(`which call takes from the limit "${name}" (limits)`);
  if (rate.amount > MOST_REQUESTS) return unknown(`would take more than ${MOST_REQUESTS} requests`);
  const { accepted, refusal, most, firstRemaining, broken } = await useUp(
    context,
    { name, rate, call },
    client,
  );
  const expected = `${rate.amount} in ${rate.seconds} s, then 429`;
  if (broken !== undefined) return unknown(`${call.path} answers ${broken.response.status}`);
  if (refusal === undefined) return fail(`${accepted} let through, and no end`, expected);
  if (accepted > most) return fail(`${accepted} let through`, expected);
  if (accepted >= rate.amount) return pass(`${accepted} let through, the next refused`);
  const left = remainingOf(refusal, name);
  if (left !== undefined && left > 0) return unknown("another limit came first");
  // Somebody behind our address may have asked before us; what the first answer says tells.
  if (firstRemaining === undefined || firstRemaining !== rate.amount - 1)
    return unknown(`the limit was in use when the probe came: ${accepted} more were let through`);
  return fail(`${accepted} let through`, expected);
}

const limit = (name: Name, claim: string, asvs: string): Control<Policy> => ({
  id: `rateLimit.${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  claim,
  proves: [`limits.${name}`],
  references: [asvs, "req:LIM-1", "cwe:770"],
  advice,
  slow: true, // uses a limit up that others behind the same address would miss
  probe: (context) => holds(context, name),
});

const perPerson: Control<Policy> = {
  id: "rateLimit.user",
  claim: "One person may ask as often as declared, from however many addresses",
  proves: ["limits.user"],
  references: ["req:LIM-2", "cwe:770"],
  advice: {
    symptom: "Whoever has an account and many addresses can scrape everything.",
    cause: "Limits are counted per address alone.",
    fix: "Set rateLimit.limits.user.",
  },
  slow: true,
  async probe(context) {
    if (context.target.credentials !== undefined)
      return unknown("would use the described account up; needs a target that can be registered at");
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return noSignIn;
    const read = rateOf(context.policy.limits.read);
    const user = rateOf(context.policy.limits.user);
    if (read === undefined || user === undefined) return unknown("the policy's rates cannot be read");
    // From one address alone the other limit would come first; from several, this one must.
    if (read.amount <= user.amount && !context.standsInForProxy) return cannotWait(read.seconds);
    let sent = 0;
    let address = someIpv4();
    const everywhere = {
      ...context.stranger(),
      cookies: new Map<string, string>(),
      received: [],
      clone: () => context.stranger(),
      send: (request: Parameters<typeof visitor.client.send>[0]) => {
        if (++sent % Math.max(1, Math.floor(read.amount / 2)) === 0) address = someIpv4();
        const client = context.stranger(address);
        for (const [name, value] of visitor.client.cookies) client.cookies.set(name, value);
        return client.send(request);
      },
    };
    return holds(context, "user", everywhere);
  },
};

const perTenant: Control<Policy> = {
  id: "rateLimit.tenant",
  claim: "The members of one tenant may ask as often as declared, all together",
  proves: ["limits.tenant"],
  references: ["req:LIM-2", "cwe:770"],
  advice: {
    symptom: "One tenant, or whoever has taken it over, slows the work of all others down.",
    cause: "Requests that work in a tenant are counted for their person alone.",
    fix: "Set rateLimit.limits.tenant, and declare `tenant` on the routes that work in one.",
  },
  slow: true,
  async probe(context) {
    if (context.target.tenancy === undefined)
      return notDescribed("how tenants are opened and entered (tenancy)");
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return noSignIn;
    const { response } = await visitor.call(context.target.tenancy.open, { name: `Limits ${randomUUID()}` });
    if (!isAccepted(response.status)) return unknown(`no tenant could be opened (${response.status})`);
    const client = context.stranger(someIpv4()); // without the operator's key, whose requests nothing limits
    for (const [name, value] of visitor.client.cookies) client.cookies.set(name, value);
    return holds(context, "tenant", client);
  },
};

export const rateLimitControls: RoomControls<Policy> = {
  controls: [
    fields, // before anything is used up
    perPerson,
    perTenant,
    limit("login", "Sign-ins from one address are limited as declared", "asvs:v5.0.0-6.3.1"),
    limit("register", "Registrations from one address are limited as declared", "asvs:v5.0.0-2.4.1"),
    limit(
      "reset",
      "Requests for a new password from one address are limited as declared",
      "asvs:v5.0.0-6.3.1",
    ),
    limit(
      "verifyEmail",
      "Codes of an address tried from one address are limited as declared",
      "asvs:v5.0.0-6.3.1",
    ),
    limit("mfaVerify", "Second factors tried from one address are limited as declared", "asvs:v5.0.0-6.3.1"),
    limit("refresh", "Renewals of a session from one address are limited as declared", "asvs:v5.0.0-2.4.1"),
    limit("cspReport", "Reports of violations from one address are limited as declared", "asvs:v5.0.0-2.4.1"),
    limit("global", "Whatever changes something is limited as declared", "asvs:v5.0.0-2.4.1"),
    limit("read", "Reading from one address is limited as declared", "asvs:v5.0.0-2.4.1"),
    saysWhen,
    ...addressControls,
  ],
  unprovable: [
    {
      leaf: "limits.upload",
      reason:
        "No route of the library takes uploads; the application's own names it, and is counted like any other limit per caller.",
    },
    {
      leaf: "limits.apiKeyCreate",
      reason:
        "Making keys needs a fresh proof of the person for each run of the probe; the mechanism is that of limits.global.",
    },
    {
      leaf: "own",
      reason:
        "Limits of the application's own routes: what a call to them means, only the application knows.",
    },
    {
      leaf: "closedWhenStoreAway",
      reason: "A verifier cannot take the store away; a test of the project does, under load.",
    },
  ],
};
