/** Rules of the policy about second factors that need no code to be seen. */
import { type Control, fail, notApplicable, pass, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, isAccepted, isRefused, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import type { MfaPolicy } from "./policy.ts";

type Policy = DeepReadonly<MfaPolicy>;

export const stepUp: Control<Policy> = {
  id: "mfa.dangerous-actions-ask-again",
  claim: "A dangerous action is refused when the last proof is older than declared, and not before",
  proves: ["stepUpAgeSeconds"],
  references: ["asvs:v5.0.0-7.5.3", "nist:sp800-63b-4-2.2.3", "req:MFA-5"],
  advice: {
    symptom: "Whoever finds a browser open can take the account over.",
    cause: "Dangerous routes do not ask for a fresh proof.",
    fix: 'Declare maxAuthAgeSeconds: "policy" on them; set mfa.stepUpAgeSeconds.',
  },
  slow: true,
  async probe(context) {
    const { mfa, activity, sessionCheck } = context.target;
    const { stepUpAgeSeconds } = context.policy;
    const visitor = await context.signIn({ fresh: true });
    if (mfa === undefined) return notDescribed("a dangerous action (mfa.setup)");
    if (visitor === undefined) return noSignIn;
    const before = (await visitor.call(mfa.setup)).response.status;
    if (!isAccepted(before)) return unknown(`refused with ${before} right after sign-in`);
    const pause = Math.ceil(stepUpAgeSeconds / 4) + 1;
    for (let part = 0; part < 4; part++) {
      if (!(await context.time.pass(pause))) return cannotWait(pause * 4);
      const keep = activity ?? sessionCheck;
      if (keep !== undefined) await visitor.client.send(requestOf(keep));
    }
    if ((await visitor.isAlive()) !== true) return unknown("the session ended before the proof was old");
    const { status } = (await visitor.call(mfa.setup)).response;
    return isRefused(status)
      ? pass(`refused with ${status} ${pause * 4} s after the last proof`)
      : fail(`answered with ${status} ${pause * 4} s after the last proof`, "a refusal");
  },
};

export const administrators: Control<Policy> = {
  id: "mfa.administrators-must",
  claim: "An administrator without a second factor can do nothing but set one up",
  proves: ["requiredForRoles"],
  references: ["asvs:v5.0.0-6.3.3", "nist:sp800-63b-4-2.2.1", "req:MFA-4"],
  advice: {
    symptom: "A stolen password of an administrator opens everything.",
    cause: "mfa.requiredForRoles does not name their role.",
    fix: 'Set mfa.requiredForRoles: ["admin"].',
  },
  async probe(context) {
    const { administrator, login } = context.target;
    if (administrator === undefined || login === undefined)
      return notDescribed("an administrator without a second factor (administrator)");
    if (context.policy.requiredForRoles.length === 0) return notApplicable("the policy asks no role");
    const visitor = await context.signIn({ as: administrator });
    if (visitor === undefined) return unknown("the described administrator could not sign in");
    const alive = await visitor.isAlive();
    if (alive === undefined) return unknown("the target's answers do not tell whether a session is alive");
    return alive
      ? fail("signed in with a password alone", "asked to set one up")
      : pass("asked to set one up");
  },
};

export const passkeysOffered: Control<Policy> = {
  id: "mfa.passkeys-as-declared",
  claim: "Signing in by passkey is offered exactly where the policy says so, each time with a new challenge",
  proves: ["passkeys"],
  references: ["asvs:v5.0.0-6.7.2", "nist:sp800-63b-4-3.2.5", "req:MFA-5"],
  advice: {
    symptom: "Passkeys are offered against the policy, or a challenge can be answered twice.",
    cause: "mfa.passkeys is not as meant.",
    fix: "Set mfa.passkeys.",
  },
  async probe(context) {
    const call = context.target.mfa?.passkeyOptions;
    if (call === undefined) return notDescribed("how to begin with a passkey (mfa.passkeyOptions)");
    const ask = () => context.anonymous().send(requestOf(call));
    const [first, second] = [await ask(), await ask()];
    const offered = isAccepted(first.response.status);
    if (offered !== context.policy.passkeys)
      return fail(
        `answered with ${first.response.status}`,
        context.policy.passkeys ? "options" : "a refusal",
      );
    if (!offered) return pass(`refused with ${first.response.status}`);
    const challenge = /"challenge"\s*:\s*"([\w-]{22,})"/;
    const [a, b] = [challenge.exec(first.response.body)?.[1], challenge.exec(second.response.body)?.[1]];
    if (a === undefined || b === undefined)
      return fail("no challenge of 128 bits or more", "a random challenge");
    return a === b
      ? fail("the same challenge twice", "a new one each time")
      : pass("offered, with new challenges");
  },
};
