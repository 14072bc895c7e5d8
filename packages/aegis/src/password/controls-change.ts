/** What only shows when a password is changed, or grows old. */
import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type SignedIn,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { cannotWait, isAccepted, isRefused, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import { enrol, newPassword } from "../verify/wire/people.ts";
import type { PasswordPolicy } from "./policy.ts";

type Policy = DeepReadonly<PasswordPolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "A password that was given up, or that is too short, opens the account.",
  cause: "The change of a password does not hold the rules, or leaves sessions open.",
  fix: "Set password.historyCount, minLengthWithMfa, expireAfterSeconds; end the other sessions at a change.",
};

async function change(context: Context, visitor: SignedIn, from: string, to: string): Promise<number> {
  const { changePassword } = context.target;
  if (changePassword === undefined) return 0;
  return (await visitor.call(changePassword, { password: from, new_password: to })).response.status;
}

function changing(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  probe: (context: Context, visitor: SignedIn) => Promise<Verdict>,
): Control<Policy> {
  return {
    id: `password.${id}`,
    claim,
    proves,
    references,
    advice,
    async probe(context) {
      if (context.target.changePassword === undefined) return notDescribed("how to change a password");
      if (context.target.credentials !== undefined)
        return unknown("would change the described account's password");
      const visitor = await context.signIn({ fresh: true });
      return visitor === undefined ? noSignIn : probe(context, visitor);
    },
  };
}

const history = changing(
  "history-holds",
  "The oldest of as many passwords as declared cannot come back",
  ["historyCount"],
  ["req:PWD-4"],
  async (context, visitor) => {
    const { historyCount } = context.policy;
    if (historyCount === 0) return notApplicable("the policy lets any come back");
    let present = visitor.password;
    for (let round = 1; round < historyCount; round++) {
      const next = newPassword();
      const status = await change(context, visitor, present, next);
      if (!isAccepted(status)) return unknown(`a good new password was answered with ${status}`);
      present = next;
    }
    const status = await change(context, visitor, present, visitor.password);
    return isRefused(status)
      ? pass(`the first of the last ${historyCount} was refused with ${status}`)
      : fail(`the first of the last ${historyCount} was answered with ${status}`, "a refusal");
  },
);

const endsOthers = changing(
  "change-ends-other-sessions",
  "A changed password ends every other session and asks for the present one",
  [],
  ["asvs:v5.0.0-7.4.3", "asvs:v5.0.0-6.2.3", "req:SES-7"],
  async (context, visitor) => {
    const other = await context.signIn({ as: visitor });
    if (other === undefined || (await other.isAlive()) !== true)
      return unknown("no second session to be had");
    const wrong = await change(context, visitor, "not-the-password-0A", newPassword());
    if (!isRefused(wrong)) return fail(`a wrong present password was answered with ${wrong}`, "a refusal");
    const status = await change(context, visitor, visitor.password, newPassword());
    if (!isAccepted(status)) return unknown(`a good change was answered with ${status}`);
    if (await other.isAlive()) return fail("the other session is alive", "over");
    return (await visitor.isAlive()) === true
      ? pass("the other session ended, one's own goes on")
      : fail("one's own session ended too", "it goes on");
  },
);

const SIGNS = "ABcd23-_";
const ofLength = (length: number): string => {
  const random = newPassword().slice(4);
  return Array.from({ length }, (_, place) =>
    place < 4 ? SIGNS[place * 2] : random[place % random.length],
  ).join("");
};

const withFactor: Control<Policy> = {
  id: "password.length-beside-a-factor",
  claim: "Beside a second factor a password may be as short as declared, and no shorter",
  proves: ["minLengthWithMfa"],
  references: ["nist:sp800-63b-4-3.1.1.2", "req:PWD-1"],
  advice,
  async probe(context) {
    if (context.target.changePassword === undefined) return notDescribed("how to change a password");
    if (context.target.credentials !== undefined)
      return unknown("would change the described account's password");
    const enrolled = await enrol(context);
    if (typeof enrolled === "string") return unknown(enrolled);
    const { visitor } = enrolled;
    const { minLengthWithMfa: least } = context.policy;
    const short = await change(context, visitor, visitor.password, ofLength(least - 1));
    if (!isRefused(short)) return fail(`${least - 1} characters answered with ${short}`, "a refusal");
    const right = await change(context, visitor, visitor.password, ofLength(least));
    return isAccepted(right)
      ? pass(`${least} characters accepted, ${least - 1} refused`)
      : fail(`${least} characters answered with ${right}`, "accepted");
  },
};

const expires: Control<Policy> = {
  id: "password.expires-as-declared",
  claim: "A password older than declared must be changed before anything else",
  proves: ["expireAfterSeconds"],
  references: ["req:PWD-4"],
  advice,
  slow: true,
  async probe(context) {
    const { expireAfterSeconds: seconds } = context.policy;
    if (seconds === 0) return notApplicable("passwords do not expire under this policy");
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return noSignIn;
    if (!(await context.time.pass(seconds - 60))) return cannotWait(seconds + 60);
    const before = await context.signIn({ as: visitor });
    if (before === undefined || (await before.isAlive()) !== true)
      return fail(`refused ${seconds - 60} s after it was set`, "still good");
    if (!(await context.time.pass(120))) return cannotWait(seconds + 60);
    const after = await context.signIn({ as: visitor });
    return after !== undefined && (await after.isAlive()) === true
      ? fail(`good ${seconds + 60} s after it was set`, "to be changed")
      : pass(`to be changed after ${seconds} s`);
  },
};

export const changeControls: readonly Control<Policy>[] = [history, endsOthers, withFactor, expires];
