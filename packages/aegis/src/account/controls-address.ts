/** Addresses: who owns one, what its code is worth, and what is told about it. Most need the run to read mail. */
import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, isAccepted, isRefused, noMail, notDescribed } from "../verify/wire/checks.ts";
import { codeIn } from "../verify/wire/mail.ts";
import { newPassword, tryPassword } from "../verify/wire/people.ts";
import type { AccountPolicy } from "./policy.ts";

type Policy = DeepReadonly<AccountPolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "Somebody takes an account in the name of an address that is not theirs.",
  cause: "Addresses are believed, or their codes can be guessed, used late or used twice.",
  fix: "Set account.emailVerification and its limits.",
};

interface Claimed {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly code: string;
}

/** Registers somebody new. */
async function newcomer(context: Context): Promise<Omit<Claimed, "code"> | Verdict> {
  if (context.policy.emailVerification === "off") return notApplicable("the policy believes addresses");
  if (context.target.verifyEmail === undefined) return notDescribed("how to verify an address (verifyEmail)");
  const name = `probe-${Math.random().toString(36).slice(2, 12)}`;
  const fields = { username: name, email: `${name}@example.com`, password: newPassword() };
  const answer = await context.register(fields);
  return answer === undefined || !isAccepted(answer.response.status) ? unknown("could not register") : fields;
}

/** The same, with the code that was sent. */
async function claim(context: Context): Promise<Claimed | Verdict> {
  const fields = await newcomer(context);
  if ("outcome" in fields) return fields;
  const code = codeIn((await context.mails(fields.email, 1))?.at(-1));
  return code === undefined ? noMail : { ...fields, code };
}

async function verifyWith(
  context: Context,
  { username, email }: Pick<Claimed, "username" | "email">,
  code: string,
): Promise<number> {
  const { verifyEmail } = context.target;
  if (verifyEmail === undefined) return 0;
  return (await context.anonymous().send(requestOf(verifyEmail, { username, email, code }))).response.status;
}

function addressControl(
  id: string,
  what: string,
  clauses: readonly string[],
  proves: readonly string[],
  slow: boolean,
  probe: (context: Context, claimed: Claimed) => Promise<Verdict>,
): Control<Policy> {
  return {
    id: `account.${id}`,
    claim: what,
    proves,
    references: [...clauses, "nist:sp800-63b-4-3.1.3", "req:ACC-4"],
    advice,
    slow,
    async probe(context) {
      const claimed = await claim(context);
      return "outcome" in claimed ? claimed : probe(context, claimed);
    },
  };
}

const accepted = async (context: Context, login: string, password: string): Promise<boolean> => {
  const answer = await tryPassword(context, login, password);
  return answer !== undefined && isAccepted(answer.response.status);
};

const needsCode: Control<Policy> = {
  id: "account.address-needs-its-code",
  claim: "An address signs in only after its code was typed; where it is required, nobody signs in before",
  proves: ["emailVerification"],
  references: ["asvs:v5.0.0-6.4.1", "nist:sp800-63b-4-3.1.3", "req:ACC-4"],
  advice,
  async probe(context) {
    const fields = await newcomer(context);
    if ("outcome" in fields) return fields;
    const { username, email, password } = fields;
    if (await accepted(context, email, password))
      return fail("signed in by address before the code", "a refusal");
    const required = context.policy.emailVerification === "required";
    const byName = await accepted(context, username, password);
    if (byName === required)
      return fail(
        `by name before the code: ${byName ? "accepted" : "refused"}`,
        required ? "refused" : "accepted",
      );
    const code = codeIn((await context.mails(email, 1))?.at(-1));
    if (code === undefined) return noMail;
    const status = await verifyWith(context, fields, code);
    if (!isAccepted(status)) return fail(`the right code is answered with ${status}`, "accepted");
    return (await accepted(context, email, password))
      ? pass("refused before the code, signed in after it")
      : fail("refused after the code", "signed in");
  },
};

const onceOnly = addressControl(
  "code-works-once",
  "A code for an address works once",
  ["asvs:v5.0.0-6.4.1", "asvs:v5.0.0-6.5.1"],
  [],
  false,
  async (context, claimed) => {
    const first = await verifyWith(context, claimed, claimed.code);
    if (!isAccepted(first)) return unknown(`a fresh code was answered with ${first}`);
    const second = await verifyWith(context, claimed, claimed.code);
    return isRefused(second)
      ? pass(`the second use: ${second}`)
      : fail(`the second use: ${second}`, "a refusal");
  },
);

const oneAccount = addressControl(
  "code-for-one-account",
  "A code for an address verifies it for the account that it was made for, and for no other that claims it",
  ["asvs:v5.0.0-6.6.2"],
  [],
  false,
  async (context, claimed) => {
    const named = Object.values(context.target.verifyEmail?.body ?? {}).includes("{username}");
    if (!named) return unknown("the call does not name the account (verifyEmail.body without {username})");
    const other = await newcomer(context);
    if ("outcome" in other) return other;
    const status = await verifyWith(context, { ...other, email: claimed.email }, claimed.code);
    if (!isRefused(status)) return fail(`answered with ${status} for another account`, "a refusal");
    const own = await verifyWith(context, claimed, claimed.code);
    return isAccepted(own)
      ? pass(`${status} for another account, ${own} for its own`)
      : fail(`${own} for its own account after another's try`, "accepted");
  },
);

const expires = addressControl(
  "code-expires",
  "A code for an address is void after the time declared",
  ["asvs:v5.0.0-6.4.1", "asvs:v5.0.0-6.5.5"],
  ["verificationCodeSeconds"],
  true,
  async (context, claimed) => {
    const { verificationCodeSeconds: seconds } = context.policy;
    if (!(await context.time.pass(seconds + 1))) return cannotWait(seconds + 1);
    const status = await verifyWith(context, claimed, claimed.code);
    return isRefused(status)
      ? pass(`refused with ${status} after ${seconds + 1} s`)
      : fail(`answered with ${status} after ${seconds + 1} s`, "a refusal");
  },
);

const fewTries = addressControl(
  "code-few-tries",
  "After as many wrong codes as declared the right one is void",
  ["asvs:v5.0.0-6.6.3"],
  ["verificationAttemptLimit"],
  false,
  async (context, claimed) => {
    const { verificationAttemptLimit: limit } = context.policy;
    for (let tries = 0; tries < limit; tries++)
      await verifyWith(context, claimed, claimed.code === "000000" ? "000001" : "000000");
    const status = await verifyWith(context, claimed, claimed.code);
    return isRefused(status)
      ? pass(`refused with ${status} after ${limit} wrong ones`)
      : fail(`answered with ${status} after ${limit} wrong ones`, "a refusal");
  },
);

const paused = addressControl(
  "no-flood-of-codes",
  "One address is not sent code after code",
  ["asvs:v5.0.0-2.4.1"],
  ["verificationResendSeconds"],
  true,
  async (context, { username, email }) => {
    const { resendCode } = context.target;
    const { verificationResendSeconds: seconds } = context.policy;
    if (resendCode === undefined) return notDescribed("how to have a code sent again (resendCode)");
    const again = async (least: number): Promise<number> => {
      await context.anonymous().send(requestOf(resendCode, { username, email }));
      return (await context.mails(email, least))?.length ?? 0;
    };
    if (seconds > 2 && !(await context.time.pass(seconds - 2))) return cannotWait(seconds + 2);
    if ((await again(2)) > 1) return fail(`another code ${seconds - 2} s after the first`, "none");
    if (!(await context.time.pass(4))) return cannotWait(seconds + 2);
    return (await again(2)) > 1
      ? pass(`none before ${seconds} s, one after`)
      : fail(`no code ${seconds + 2} s after the first`, "one");
  },
);

const notTold: Control<Policy> = {
  id: "account.taken-address-not-told",
  claim:
    "Registering with an address that has an account is answered like registering with one that has none",
  proves: [],
  references: ["asvs:v5.0.0-6.3.8", "cwe:204", "req:ACC-5"],
  advice: {
    symptom: "Anyone can find out who has an account.",
    cause: "Registration says that the address is taken.",
    fix: "Answer both alike and tell the owner by mail.",
  },
  async probe(context) {
    const claimed = await claim(context);
    if ("outcome" in claimed) return claimed;
    if (!isAccepted(await verifyWith(context, claimed, claimed.code))) return unknown("could not verify");
    const taken = await context.register({ email: claimed.email });
    const free = await context.register({});
    if (taken === undefined || free === undefined) return notDescribed("how to register");
    const shape = (body: string): string =>
      body.replace(/probe-[\w-]+/g, "(name)").replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "(id)");
    return taken.response.status === free.response.status &&
      shape(taken.response.body) === shape(free.response.body)
      ? pass(`both ${taken.response.status}, word for word`)
      : fail(
          `${taken.response.status} taken, ${free.response.status} free, or other words`,
          "the same answer",
        );
  },
};

const graceHolds: Control<Policy> = {
  id: "account.deletion-as-declared",
  claim: "A deleted account comes back by signing in within the time declared, and not after it",
  proves: ["deletionGraceSeconds"],
  references: ["req:ACC-7"],
  advice: {
    symptom: "Accounts vanish by a slip, or outlive their owner's will.",
    cause: "account.deletionGraceSeconds is not held.",
    fix: "Set account.deletionGraceSeconds.",
  },
  slow: true,
  async probe(context) {
    const { deleteAccount } = context.target;
    const { deletionGraceSeconds: seconds } = context.policy;
    if (deleteAccount === undefined) return notDescribed("how to delete an account (deleteAccount)");
    if (context.target.credentials !== undefined) return unknown("would delete the described account");
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return unknown("could not sign in with a fresh account");
    const { status } = (await visitor.call(deleteAccount)).response;
    if (!isAccepted(status)) return unknown(`the deletion was answered with ${status}`);
    if (await visitor.isAlive()) return fail("the session goes on", "every session over");
    if (seconds > 60) {
      if (!(await context.time.pass(seconds - 60))) return cannotWait(seconds * 2);
      const back = await context.signIn({ as: visitor });
      if (back === undefined) return fail(`gone ${seconds - 60} s later`, "kept until the time is over");
      await back.call(deleteAccount);
    }
    if (!(await context.time.pass(seconds + 60))) return cannotWait(seconds * 2);
    return (await accepted(context, visitor.username, visitor.password))
      ? fail(`still there ${seconds + 60} s later`, "gone")
      : pass(`kept within ${seconds} s, gone after`);
  },
};

export const addressControls: readonly Control<Policy>[] = [
  needsCode,
  onceOnly,
  oneAccount,
  expires,
  fewTries,
  paused,
  notTold,
  graceHolds,
];
