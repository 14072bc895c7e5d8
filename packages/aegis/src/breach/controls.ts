import { type Control, fail, notApplicable, pass, type RoomControls, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import {
  isAccepted,
  isRefused,
  notDescribed,
  registersAtAll,
  registersNobody,
} from "../verify/wire/checks.ts";
import type { BreachPolicy } from "./policy.ts";

type Policy = DeepReadonly<BreachPolicy>;

const refused: Control<Policy> = {
  id: "breach.known-password-refused",
  claim: "A password that is known from breaches is refused",
  proves: ["source"],
  references: ["asvs:v5.0.0-6.2.12", "nist:sp800-63b-4-3.1.1.2", "req:PWD-2"],
  advice: {
    symptom: "People use passwords that attackers have on their lists already.",
    cause: "New passwords are not looked up, or the source does not answer.",
    fix: 'Set breach.source to "online" or "corpus"; look for password.breach_unchecked in the log.',
  },
  async probe(context) {
    if (context.policy.source === "off") return notApplicable("the policy looks nothing up");
    const { breachedPassword: password } = context.target;
    if (password === undefined)
      return notDescribed("a password that its source knows and no other rule refuses (breachedPassword)");
    if (!(await registersAtAll(context))) return registersNobody;
    const exchange = await context.register({ password });
    if (exchange === undefined) return notDescribed("how to register");
    const { status, body } = exchange.response;
    if (isAccepted(status)) return fail(`accepted with ${status}`, "a refusal");
    if (!isRefused(status)) return unknown(`answered with ${status}`);
    return /breach|pwned|leak/i.test(body)
      ? pass(`refused with ${status}, and the reason is named`)
      : unknown(`refused with ${status}, for another reason perhaps`);
  },
};

export const breachControls: RoomControls<Policy> = {
  controls: [refused],
  unprovable: [
    {
      leaf: "timeoutSeconds",
      reason: "Shows only when the source of somebody else is slow; a test in the project makes it so.",
    },
    {
      leaf: "onUnavailable",
      reason: "Shows only when the source is away; a test in the project takes it away.",
    },
    { leaf: "seenLimit", reason: "How often a password was seen is the source's knowledge, and changes." },
  ],
};
