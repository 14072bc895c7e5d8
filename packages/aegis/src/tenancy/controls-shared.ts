import {
  type Control,
  notApplicable,
  type ProbeContext,
  type SignedIn,
  type TargetDescription,
  type Verdict,
} from "../control.ts";
import { type DeepReadonly, isRecord } from "../lib/freeze.ts";
import { isAccepted, notDescribed } from "../verify/wire/checks.ts";
import { tokenIn } from "../verify/wire/mail.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { TenancyPolicy } from "./policy.ts";

export type Policy = DeepReadonly<TenancyPolicy>;
export type Context = ProbeContext<Policy>;
export type Described = NonNullable<TargetDescription["tenancy"]>;

const advice: Control<Policy>["advice"] = {
  symptom: "Somebody works in a tenant that is not theirs, or is not theirs any more.",
  cause: "The tenant is taken from what a request says, or a membership is not looked up when it counts.",
  fix: "Set the tenancy section of the policy; declare `tenant` on routes, and take the tenant from request.tenant alone.",
};

export function control(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  probe: (context: Context, tenancy: Described) => Promise<Verdict>,
  options: { readonly slow?: boolean; readonly evenWhereOff?: boolean } = {},
): Control<Policy> {
  return {
    id: `tenancy.${id}`,
    claim,
    proves,
    references,
    advice,
    slow: options.slow === true,
    async probe(context) {
      if (!context.policy.enabled && options.evenWhereOff !== true)
        return notApplicable("the policy has no tenants");
      const { tenancy } = context.target;
      if (tenancy === undefined) return notDescribed("how tenants are opened and entered (tenancy)");
      return probe(context, tenancy);
    },
  };
}

export interface Owner {
  readonly visitor: SignedIn;
  readonly tenantId: string;
}

const nameOf = (username: string): string => `Probe ${username.replaceAll(/[^\w-]/g, "")}`;

/** The tenant that an answer names, by its id. */
export function tenantIn(exchange: Parameters<typeof fieldOf>[0], field: string): string | undefined {
  const tenant = fieldOf(exchange, field);
  return isRecord(tenant) && typeof tenant["id"] === "string" ? tenant["id"] : undefined;
}

export const open = (tenancy: Described, visitor: SignedIn, suffix = "") =>
  visitor.call(tenancy.open, { name: `${nameOf(visitor.username)}${suffix}` });

/** A fresh account with a tenant of its own; a sentence where that could not be had, `refusal` where it was refused. */
export async function owner(
  context: Context,
  tenancy: Described,
): Promise<Owner | { readonly unseen: string } | { readonly refusal: number }> {
  if (!context.policy.selfService)
    return { unseen: "only administrators open tenants here (tenancy.selfService)" };
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return { unseen: "could not sign in with a fresh account" };
  const made = await open(tenancy, visitor);
  if (!isAccepted(made.response.status)) return { refusal: made.response.status };
  const tenantId = tenantIn(made, tenancy.tenantField);
  return tenantId === undefined ? { unseen: "the answer names no tenant" } : { visitor, tenantId };
}

export const invite = (tenancy: Described, by: SignedIn, email: string) =>
  by.call(tenancy.invite, { email, role: "learner" });

const MOST_LETTERS = 4;

/** The token of the letter that invites this person; a sentence where there was none. */
export async function invited(
  context: Context,
  tenancy: Described,
  by: SignedIn,
  person: SignedIn,
): Promise<{ readonly token: string } | string> {
  const before = (await context.mails(person.email, 0))?.length;
  if (before === undefined) return "the run cannot read the target's mail (--outbox)";
  const { status } = (await invite(tenancy, by, person.email)).response;
  if (!isAccepted(status)) return `the invitation is answered with ${status}`;
  // Other letters (a new device) may come in between.
  for (let more = 1; more <= MOST_LETTERS; more++) {
    const letters = (await context.mails(person.email, before + more)) ?? [];
    const token = letters
      .slice(before)
      .map(tokenIn)
      .find((one) => one !== undefined);
    if (token !== undefined) return { token };
  }
  return "no letter with an invitation came";
}

export const accept = (tenancy: Described, person: SignedIn, token: string) =>
  person.call(tenancy.accept, { token });

/** A fresh account that has come in by invitation; a sentence where that could not be had. */
export async function member(context: Context, tenancy: Described, by: SignedIn): Promise<SignedIn | string> {
  const person = await context.signIn({ fresh: true });
  if (person === undefined) return "could not sign in with a second fresh account";
  const letter = await invited(context, tenancy, by, person);
  if (typeof letter === "string") return letter;
  const { status } = (await accept(tenancy, person, letter.token)).response;
  return isAccepted(status) ? person : `accepting an invitation is answered with ${status}`;
}
