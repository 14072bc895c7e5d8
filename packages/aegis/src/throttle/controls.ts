import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  type SignedIn,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { cannotWait, noSignIn } from "../verify/wire/checks.ts";
import { fail as failTimes, signsIn } from "../verify/wire/people.ts";
import type { ThrottlePolicy } from "./policy.ts";
import { timingTellsNothing } from "./controls-timing.ts";

type Policy = DeepReadonly<ThrottlePolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "Passwords of an account can be guessed as fast as the server answers.",
  cause: "Failures are not counted per account, or the count has no consequence.",
  fix: "Set the throttle section of the policy; count before the password is compared.",
};
const references = ["nist:sp800-63b-4-3.2.2", "asvs:v5.0.0-6.3.1", "req:ACC-3"];

type Probe = (context: Context, victim: SignedIn) => Promise<Verdict>;

/** Each needs an account of its own: what it does to it lasts. */
function control(
  id: string,
  claim: string,
  proves: readonly string[],
  slow: boolean,
  probe: Probe,
  applies: (policy: Policy) => string | undefined = () => undefined,
): Control<Policy> {
  return {
    id: `throttle.${id}`,
    claim,
    proves,
    references,
    advice,
    slow,
    async probe(context) {
      const why = applies(context.policy);
      if (why !== undefined) return notApplicable(why);
      if (context.target.credentials !== undefined)
        return unknown("would lock the described account; needs a target that can be registered at");
      const victim = await context.signIn({ fresh: true });
      if (victim === undefined) return noSignIn;
      return probe(context, victim);
    },
  };
}

const onlyBackOff = ({ mode }: Policy) => (mode === "back-off" ? undefined : "the policy locks instead");
const onlyLockout = ({ mode }: Policy) => (mode === "lockout" ? undefined : "the policy backs off instead");
const toldApart = (accepted: boolean, when: string, wanted: boolean): Verdict =>
  accepted === wanted
    ? pass(`the right password ${when}: ${accepted ? "accepted" : "refused"}`)
    : fail(
        `the right password ${when}: ${accepted ? "accepted" : "refused"}`,
        wanted ? "accepted" : "refused",
      );

/** A target under load takes longer to answer than a short wait has left: then it is rightly over. */
const isOver = (context: Context, before: number, waitSeconds: number): Verdict | undefined => {
  const tookSeconds = (context.time.now() - before) / 1000;
  return tookSeconds < waitSeconds
    ? undefined
    : unknown(`the answers took ${tookSeconds.toFixed(1)} s, and the wait is ${waitSeconds} s`);
};

/**
 * The right password from a stranger, right after failures that are not free any more. A target under load takes longer
 * to answer than the first wait lasts: then the wait is rightly over, and `tooSlow` says so.
 */
async function strangerAfter(context: Context, victim: SignedIn, failures: number) {
  const { mode, firstDelaySeconds, lockoutSeconds } = context.policy;
  const waitSeconds = mode === "back-off" ? firstDelaySeconds : lockoutSeconds;
  const before = context.time.now();
  await failTimes(context, victim.username, failures);
  const isAccepted = await signsIn(context, victim);
  const tookSeconds = (context.time.now() - before) / 1000;
  const tooSlow =
    isAccepted && tookSeconds >= waitSeconds
      ? unknown(
          `${failures + 1} answers took ${tookSeconds.toFixed(1)} s, and the first wait is ${waitSeconds} s`,
        )
      : undefined;
  return { isAccepted, tooSlow };
}

const failuresWait = control(
  "failures-wait",
  "After the free attempts even the right password has to wait; before, it does not",
  ["freeAttemptCount"],
  false,
  async (context, victim) => {
    const { freeAttemptCount: free } = context.policy;
    await failTimes(context, victim.username, free);
    if (!(await signsIn(context, victim)))
      return fail(`refused after ${free} failures`, "accepted: they are free");
    await failTimes(context, victim.username, free);
    const { isAccepted, tooSlow } = await strangerAfter(context, victim, 1);
    return tooSlow ?? toldApart(isAccepted, `after ${free + 1} failures`, false);
  },
);

const firstWait = control(
  "first-wait",
  "The first wait lasts as long as declared and no longer",
  ["mode", "firstDelaySeconds"],
  true,
  async (context, victim) => {
    const { freeAttemptCount, firstDelaySeconds: first } = context.policy;
    await failTimes(context, victim.username, freeAttemptCount + 1);
    if (first > 1) {
      if (!(await context.time.pass(first - 1))) return cannotWait(first + 1);
      if (await signsIn(context, victim)) return toldApart(true, `${first - 1} s later`, false);
    }
    if (!(await context.time.pass(2))) return cannotWait(first + 1);
    return toldApart(await signsIn(context, victim), `${first + 1} s later`, true);
  },
  onlyBackOff,
);

const longestWait = control(
  "longest-wait",
  "Waits grow to the longest one declared",
  ["longestDelaySeconds"],
  true,
  async (context, victim) => {
    const {
      freeAttemptCount,
      firstDelaySeconds,
      longestDelaySeconds: longest,
      attemptLimit,
    } = context.policy;
    const doublings = Math.ceil(Math.log2(longest / firstDelaySeconds));
    if (freeAttemptCount + doublings + 1 >= attemptLimit)
      return unknown("the hard cap comes before the longest wait");
    await failTimes(context, victim.username, freeAttemptCount + 1);
    for (let round = 0; round < doublings; round++) {
      if (!(await context.time.pass(longest))) return cannotWait(longest * (doublings + 1));
      await failTimes(context, victim.username, 1);
    }
    const before = context.time.now();
    if (!(await context.time.pass(longest - 1))) return cannotWait(longest * (doublings + 1));
    if (await signsIn(context, victim))
      return (
        isOver(context, before, longest) ?? toldApart(true, `${longest - 1} s after the last failure`, false)
      );
    await context.time.pass(2);
    return toldApart(await signsIn(context, victim), `${longest + 1} s after the last failure`, true);
  },
  onlyBackOff,
);

const lockout = control(
  "lockout",
  "An account is locked for as long as declared",
  ["lockoutSeconds"],
  true,
  async (context, victim) => {
    const { freeAttemptCount, lockoutSeconds } = context.policy;
    await failTimes(context, victim.username, freeAttemptCount + 1);
    const before = context.time.now();
    if (!(await context.time.pass(lockoutSeconds - 1))) return cannotWait(lockoutSeconds + 1);
    if (await signsIn(context, victim))
      return (
        isOver(context, before, lockoutSeconds) ?? toldApart(true, `${lockoutSeconds - 1} s later`, false)
      );
    await context.time.pass(2);
    return toldApart(await signsIn(context, victim), `${lockoutSeconds + 1} s later`, true);
  },
  onlyLockout,
);

const hardCap = control(
  "hard-cap",
  "After the last attempt no waiting helps: unknown devices need a reset or an administrator, the owner's device does not",
  ["attemptLimit"],
  true,
  async (context, victim) => {
    const { attemptLimit, mode, longestDelaySeconds, lockoutSeconds } = context.policy;
    const wait = (mode === "lockout" ? lockoutSeconds : longestDelaySeconds) + 1;
    for (let done = 0; done < attemptLimit; done++) {
      await failTimes(context, victim.username, 1);
      if (!(await context.time.pass(wait))) return cannotWait(wait * attemptLimit);
    }
    if (await signsIn(context, victim)) return toldApart(true, `after ${attemptLimit} failures`, false);
    return pass(`the right password after ${attemptLimit} failures and ${wait} s more: refused`);
  },
);

const remembered = control(
  "failures-remembered",
  "Failures are not forgotten before the time declared",
  ["forgetAfterSeconds"],
  true,
  async (context, victim) => {
    const { freeAttemptCount, forgetAfterSeconds } = context.policy;
    await failTimes(context, victim.username, freeAttemptCount);
    if (!(await context.time.pass(Math.max(forgetAfterSeconds - 60, forgetAfterSeconds * 0.8))))
      return cannotWait(forgetAfterSeconds);
    await failTimes(context, victim.username, 1);
    return toldApart(
      await signsIn(context, victim),
      `after ${freeAttemptCount} failures, a long pause and one more`,
      false,
    );
  },
);

const ownerGetsIn = control(
  "owner-not-locked-out",
  "Whoever fails on purpose locks strangers out, not the owner's own device",
  ["knownDeviceSeconds"],
  false,
  async (context, victim) => {
    await failTimes(context, victim.username, context.policy.freeAttemptCount);
    const { isAccepted, tooSlow } = await strangerAfter(context, victim, 3);
    if (tooSlow !== undefined) return tooSlow;
    if (isAccepted) return fail("strangers go on guessing", "a wait for them");
    // The browser that signed in before, with whatever cookies it was left with.
    const accepted = await signsIn(context, victim, victim.client);
    return accepted
      ? pass("a stranger waits, the owner's browser signs in")
      : fail("the owner's browser is locked out too", "a lane of its own");
  },
  ({ knownDeviceSeconds }) => (knownDeviceSeconds === 0 ? "the policy knows no devices" : undefined),
);

export const throttleControls: RoomControls<Policy> = {
  controls: [
    failuresWait,
    ownerGetsIn,
    firstWait,
    longestWait,
    lockout,
    hardCap,
    remembered,
    timingTellsNothing,
  ],
  unprovable: [],
};
