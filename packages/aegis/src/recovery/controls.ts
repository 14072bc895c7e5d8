import {
  type Control,
  fail,
  pass,
  type ProbeContext,
  type RoomControls,
  type SignedIn,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, isAccepted, isRefused, noMail, noSignIn } from "../verify/wire/checks.ts";
import { tokenIn } from "../verify/wire/mail.ts";
import { newPassword, signsIn } from "../verify/wire/people.ts";
import { ownAddress } from "../verify/wire/address.ts";
import type { RecoveryPolicy } from "./policy.ts";

type Policy = DeepReadonly<RecoveryPolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "Somebody else gets a new password for an account, or its thief keeps it.",
  cause: "The link of a reset can be used again or too late, or sessions outlive it.",
  fix: "Redeem the link in one atomic step, end every session, set the recovery section of the policy.",
};

/** A fresh account with a verified address, so that there is somewhere to send a link to. */
function withAddress(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  slow: boolean,
  probe: (context: Context, visitor: SignedIn) => Promise<Verdict>,
): Control<Policy> {
  return {
    id: `recovery.${id}`,
    claim,
    proves,
    references,
    advice,
    slow,
    async probe(context) {
      const { forgot, reset, credentials } = context.target;
      if (forgot === undefined || reset === undefined) return noMail;
      if (credentials !== undefined) return unknown("would change the described account's password");
      const visitor = await context.signIn({ fresh: true });
      if (visitor === undefined) return noSignIn;
      return (await ownAddress(context, visitor)) ? probe(context, visitor) : noMail;
    },
  };
}

async function askForLink(context: Context, email: string): Promise<string | undefined> {
  const { forgot } = context.target;
  const before = (await context.mails(email, 0))?.length ?? 0;
  if (forgot === undefined) return undefined;
  await context.anonymous().send(requestOf(forgot, { email }));
  const mails = (await context.mails(email, before + 1)) ?? [];
  return mails.length > before ? tokenIn(mails.at(-1)) : undefined;
}

async function use(context: Context, token: string, password: string): Promise<number> {
  const { reset } = context.target;
  if (reset === undefined) return 0;
  const call = requestOf(reset, { token, new_password: password });
  return (await context.anonymous().send(call)).response.status;
}

const noLink = unknown("no link came by mail");

const once = withAddress(
  "link-works-once",
  "A link to a new password works once; it ends every session and does not sign in",
  [],
  ["asvs:v5.0.0-6.4.3", "asvs:v5.0.0-7.4.3", "req:ACC-5"],
  false,
  async (context, visitor) => {
    const token = await askForLink(context, visitor.email);
    if (token === undefined) return noLink;
    if ((await visitor.isAlive()) !== true) return unknown("the session ended before the reset");
    const password = newPassword();
    const status = await use(context, token, password);
    if (!isAccepted(status)) return unknown(`a fresh link was answered with ${status}`);
    if (await visitor.isAlive()) return fail("the session from before is alive", "every session over");
    if (await signsIn(context, visitor)) return fail("the old password signs in", "a refusal");
    if (!(await signsIn(context, { ...visitor, password })))
      return fail("the new password does not sign in", "it does");
    const again = await use(context, token, newPassword());
    return isRefused(again)
      ? pass(`sessions ended, the second use was refused with ${again}`)
      : fail(`the second use was answered with ${again}`, "a refusal");
  },
);

const expires = withAddress(
  "link-expires",
  "A link to a new password is void after the time declared",
  ["linkSeconds"],
  ["asvs:v5.0.0-6.4.3", "req:ACC-5"],
  true,
  async (context, visitor) => {
    const { linkSeconds } = context.policy;
    const token = await askForLink(context, visitor.email);
    if (token === undefined) return noLink;
    if (!(await context.time.pass(linkSeconds + 1))) return cannotWait(linkSeconds + 1);
    const status = await use(context, token, newPassword());
    return isRefused(status)
      ? pass(`refused with ${status} after ${linkSeconds + 1} s`)
      : fail(`answered with ${status} after ${linkSeconds + 1} s`, "a refusal");
  },
);

const paused = withAddress(
  "no-flood-of-links",
  "One account is not sent link after link",
  ["resendSeconds"],
  ["asvs:v5.0.0-2.4.1", "req:ACC-5"],
  true,
  async (context, visitor) => {
    const { resendSeconds } = context.policy;
    if ((await askForLink(context, visitor.email)) === undefined) return noLink;
    if (resendSeconds > 2 && !(await context.time.pass(resendSeconds - 2)))
      return cannotWait(resendSeconds + 2);
    if ((await askForLink(context, visitor.email)) !== undefined)
      return fail(`another link ${resendSeconds - 2} s after the first`, "none before the pause is over");
    if (!(await context.time.pass(4))) return cannotWait(resendSeconds + 2);
    return (await askForLink(context, visitor.email)) === undefined
      ? fail(`no link ${resendSeconds + 2} s after the first`, "one")
      : pass(`none before ${resendSeconds} s, one after`);
  },
);

const tellsNothing: Control<Policy> = {
  id: "recovery.tells-nothing",
  claim: "Asking for a link is answered in the same words whether the address has an account or not",
  proves: [],
  references: ["asvs:v5.0.0-6.3.8", "cwe:204", "req:ACC-5"],
  advice: {
    symptom: "Anyone can find out who has an account.",
    cause: "The answer depends on whether there was somebody to write to.",
    fix: "Answer first, then look.",
  },
  async probe(context) {
    const { forgot } = context.target;
    if (forgot === undefined) return noMail;
    const visitor = await context.signIn();
    if (visitor === undefined) return noSignIn;
    const ask = async (email: string) =>
      (await context.anonymous().send(requestOf(forgot, { email }))).response;
    const known = await ask(visitor.email);
    const stranger = await ask("aegis-nobody@example.com");
    if (!isAccepted(known.status)) return unknown(`answered with ${known.status}`);
    return known.status === stranger.status && known.body === stranger.body
      ? pass(`both ${known.status}, word for word`)
      : fail(`${known.status} and ${stranger.status}, or other words`, "the same answer");
  },
};

export const recoveryControls: RoomControls<Policy> = {
  controls: [tellsNothing, once, expires, paused],
  unprovable: [],
};
