import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import {
  isAccepted,
  isRefused,
  notDescribed,
  registersAtAll,
  registersNobody,
} from "../verify/wire/checks.ts";
import { changeControls } from "./controls-change.ts";
import type { PasswordPolicy } from "./policy.ts";

type Policy = DeepReadonly<PasswordPolicy>;
type Context = ProbeContext<Policy>;

const CLASSES = {
  upper: "ABCDEFGHJKLMNPQRSTUVWXYZ",
  lower: "abcdefghjkmnpqrstuvwxyz",
  digit: "23456789",
  special: "-_+%&/=?:;",
};
type Class = keyof typeof CLASSES;

/** A random password of a length, of the classes given: nothing about it is common. */
function make(length: number, classes: readonly Class[] = ["upper", "lower", "digit", "special"]): string {
  const pick = (text: string): string => text[Math.floor(Math.random() * text.length)] ?? "x";
  return Array.from({ length }, (_, index) => pick(CLASSES[classes[index % classes.length] ?? "lower"])).join(
    "",
  );
}

async function registerWith(context: Context, password: string): Promise<{ status: number } | Verdict> {
  const exchange = await context.register({ password });
  return exchange === undefined ? notDescribed("how to register") : { status: exchange.response.status };
}

function rule(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  password: (policy: Policy) => string | undefined,
  wanted: "refused" | "accepted" = "refused",
): Control<Policy> {
  return {
    id: `password.${id}`,
    claim,
    proves,
    references,
    advice: {
      symptom:
        wanted === "refused"
          ? "People choose passwords that are guessed."
          : "People cannot use the long passwords that managers make.",
      cause: "The rule is not held where passwords are set.",
      fix: `Set ${proves.length === 0 ? "password.maxLength" : proves.map((leaf) => `password.${leaf}`).join(", ")}.`,
    },
    async probe(context) {
      const tried = password(context.policy);
      if (tried === undefined) return notApplicable("the policy has no such rule");
      if (context.target.register === undefined) return notDescribed("how to register");
      if (wanted === "refused" && !(await registersAtAll(context))) return registersNobody;
      const answer = await registerWith(context, tried);
      if ("outcome" in answer) return answer;
      const { status } = answer;
      const holds = wanted === "refused" ? isRefused(status) : isAccepted(status);
      if (holds) return pass(`${wanted} with ${status}`);
      return isRefused(status) || isAccepted(status)
        ? fail(`answered with ${status}`, wanted)
        : unknown(`answered with ${status}`);
    },
  };
}

const without = (missing: Class): Class[] =>
  (["upper", "lower", "digit", "special"] as const).filter((one) => one !== missing);
/** Long enough for any policy, short enough for any. */
const lengthFor = (policy: Policy): number => Math.min(Math.max(policy.minLength, 20), policy.maxLength);

export const passwordControls: RoomControls<Policy> = {
  controls: [
    ...changeControls,
    rule(
      "short-refused",
      "A password below the least length is refused",
      ["minLength"],
      ["asvs:v5.0.0-6.2.1", "nist:sp800-63b-4-3.1.1.2", "req:PWD-1"],
      (policy) => make(policy.minLength - 1),
    ),
    rule(
      "endless-refused",
      "A password beyond the greatest length is refused",
      ["maxLength"],
      ["cwe:400", "req:PWD-1"],
      (policy) => make(policy.maxLength + 1),
    ),
    rule(
      "long-accepted",
      "A password of 64 characters is accepted",
      [],
      ["asvs:v5.0.0-6.2.9", "nist:sp800-63b-4-3.1.1.2", "req:PWD-1"],
      () => make(64),
      "accepted",
    ),
    rule(
      "least-length-accepted",
      "A password of the least length is accepted",
      [],
      ["req:PWD-1"],
      (policy) => make(policy.minLength),
      "accepted",
    ),
    rule(
      "uppercase-demanded",
      "A password without an upper case letter is refused where the policy says so",
      ["requireUppercase"],
      ["req:PWD-1"],
      (policy) => (policy.requireUppercase ? make(lengthFor(policy), without("upper")) : undefined),
    ),
    rule(
      "lowercase-demanded",
      "A password without a lower case letter is refused where the policy says so",
      ["requireLowercase"],
      ["req:PWD-1"],
      (policy) => (policy.requireLowercase ? make(lengthFor(policy), without("lower")) : undefined),
    ),
    rule(
      "digit-demanded",
      "A password without a digit is refused where the policy says so",
      ["requireDigit"],
      ["req:PWD-1"],
      (policy) => (policy.requireDigit ? make(lengthFor(policy), without("digit")) : undefined),
    ),
    rule(
      "special-demanded",
      "A password of letters and digits alone is refused where the policy says so",
      ["requireSpecial"],
      ["req:PWD-1"],
      (policy) => (policy.requireSpecial ? make(lengthFor(policy), without("special")) : undefined),
    ),
    rule(
      "composition-not-demanded",
      "A long password of one class is accepted where the policy has no composition rules",
      [],
      ["asvs:v5.0.0-6.2.5", "nist:sp800-63b-4-3.1.1.2"],
      (policy) =>
        policy.requireUppercase || policy.requireLowercase || policy.requireDigit || policy.requireSpecial
          ? undefined
          : make(lengthFor(policy), ["lower"]),
      "accepted",
    ),
    // Obeys every rule of composition and length, and stands on every attacker's list.
    rule(
      "common-refused",
      "A common password is refused, however it is decorated",
      ["refuseCommon"],
      ["asvs:v5.0.0-6.2.4", "nist:sp800-63b-4-3.1.1.2", "req:PWD-1"],
      (policy) =>
        policy.refuseCommon
          ? `Passwordpassword${"1".repeat(Math.max(1, policy.minLength - 17))}!`
          : undefined,
    ),
  ],
  unprovable: [
    {
      leaf: "argon2.memoryKib",
      reason:
        "The cost of a hash shows in the stored hash only; its time, seen from outside, is drowned in noise.",
    },
    { leaf: "argon2.iterations", reason: "As argon2.memoryKib." },
    { leaf: "argon2.parallelism", reason: "As argon2.memoryKib." },
    {
      leaf: "hashing.concurrency",
      reason:
        "Shows only under a flood of sign-ins, which a verifier must not send to a live system; a test in the project sends it.",
    },
    { leaf: "hashing.queueLimit", reason: "As hashing.concurrency." },
  ],
};
