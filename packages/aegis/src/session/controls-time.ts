/** Time-outs, seen to happen: the target's clock is moved where it can be, waited for where the run has leave to. */
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
import { requestOf } from "../verify/target.ts";
import { cannotWait, noSignIn } from "../verify/wire/checks.ts";
import { parseSetCookie } from "../verify/wire/set-cookie.ts";
import type { SessionPolicy } from "./policy.ts";

type Policy = DeepReadonly<SessionPolicy>;
type Context = ProbeContext<Policy>;

const MAX_STEPS = 400;

const cannotTell = unknown("the target's answers do not tell whether a session is alive (sessionCheck)");

/** One request that counts as activity of the user. */
async function act(context: Context, visitor: SignedIn): Promise<void> {
  await visitor.client.send(
    requestOf(context.target.activity ?? context.target.sessionCheck ?? { path: "/" }),
  );
}

async function idleEnds(
  context: Context,
  idleSeconds: number,
  absoluteSeconds: number,
  rememberMe: boolean,
): Promise<Verdict> {
  const visitor = await context.signIn({ rememberMe });
  if (visitor === undefined) return noSignIn;
  if ((await visitor.isAlive()) !== true) return cannotTell;
  // Used at 0.6 of the time it must live on past 1.0, if the absolute end allows: idleness counts from the last use.
  const slides = idleSeconds * 1.2 < absoluteSeconds;
  const rounds = slides ? [0.6, 0.6] : [];
  for (const part of rounds) {
    if (!(await context.time.pass(idleSeconds * part)))
      return cannotWait(idleSeconds * (slides ? 2.2 : 1) + 1);
    if ((await visitor.isAlive()) === false)
      return fail(`ended although it was used ${idleSeconds * part} s before`, "alive while used");
    await act(context, visitor);
  }
  if (!(await context.time.pass(idleSeconds + 1))) return cannotWait(idleSeconds * (slides ? 2.2 : 1) + 1);
  const alive = await visitor.isAlive();
  if (alive === undefined) return cannotTell;
  return alive
    ? fail(`alive after ${idleSeconds} s of idleness`, "ended")
    : pass(`ended after ${idleSeconds} s of idleness`);
}

async function absoluteEnds(
  context: Context,
  idleSeconds: number,
  absoluteSeconds: number,
  rememberMe: boolean,
): Promise<Verdict> {
  const visitor = await context.signIn({ rememberMe });
  if (visitor === undefined) return noSignIn;
  if ((await visitor.isAlive()) !== true) return cannotTell;
  const step = Math.max(1, Math.min(idleSeconds * 0.8, absoluteSeconds * 0.6));
  if (absoluteSeconds / step > MAX_STEPS)
    return unknown(`${Math.ceil(absoluteSeconds / step)} steps; more than ${MAX_STEPS}`);
  for (let gone = 0; gone < absoluteSeconds; gone += step) {
    if (!(await context.time.pass(step))) return cannotWait(absoluteSeconds + step);
    await act(context, visitor);
  }
  const alive = await visitor.isAlive();
  if (alive === undefined) return cannotTell;
  return alive
    ? fail(`alive after ${absoluteSeconds} s`, "ended, used or not")
    : pass(`ended after ${absoluteSeconds} s although used`);
}

const advice = (leaf: string): Control<Policy>["advice"] => ({
  symptom: "A session that was left open, or stolen, stays good.",
  cause: `session.${leaf} is longer than the policy says, or is held in the cookie only.`,
  fix: `Set session.${leaf}; Aegis holds it on the server.`,
});

const idle: Control<Policy> = {
  id: "session.idle-timeout",
  claim: "A session that nobody uses is over after the idle time, and one that is used is not",
  proves: ["idleTimeoutSeconds"],
  references: ["asvs:v5.0.0-7.3.1", "nist:sp800-63b-4-5.2", "req:SES-2"],
  advice: advice("idleTimeoutSeconds"),
  slow: true,
  probe: (context) =>
    idleEnds(context, context.policy.idleTimeoutSeconds, context.policy.absoluteTimeoutSeconds, false),
};

const absolute: Control<Policy> = {
  id: "session.absolute-timeout",
  claim: "A session is over after the absolute time, used or not",
  proves: ["absoluteTimeoutSeconds"],
  references: ["asvs:v5.0.0-7.3.2", "nist:sp800-63b-4-5.2", "req:SES-2"],
  advice: advice("absoluteTimeoutSeconds"),
  slow: true,
  probe: (context) =>
    absoluteEnds(context, context.policy.idleTimeoutSeconds, context.policy.absoluteTimeoutSeconds, false),
};

const remembered = (
  id: string,
  claim: string,
  leaf: "idleTimeoutSeconds" | "absoluteTimeoutSeconds",
  ends: typeof idleEnds,
): Control<Policy> => ({
  id,
  claim,
  proves: [`rememberMe.${leaf}`],
  references: ["asvs:v5.0.0-7.3.2", "req:SES-2"],
  advice: advice(`rememberMe.${leaf}`),
  slow: true,
  async probe(context) {
    const { rememberMe } = context.policy;
    if (!rememberMe.enabled) return notApplicable("the policy has no long sessions");
    if (context.target.login?.rememberField === undefined)
      return unknown("the target description names no field that asks for it (login.rememberField)");
    return ends(context, rememberMe.idleTimeoutSeconds, rememberMe.absoluteTimeoutSeconds, true);
  },
});

const rotation: Control<Policy> = {
  id: "session.rotation",
  claim:
    "A token is replaced when the policy says, the session lives on, and the old token is dead after the grace",
  proves: ["rotateEverySeconds", "rotationGraceSeconds"],
  references: ["req:SES-4"],
  advice: {
    symptom: "A stolen token stays good for the whole life of the session.",
    cause: "Tokens are not rotated, or the old one lives on.",
    fix: "Set session.rotateEverySeconds and rotationGraceSeconds.",
  },
  slow: true,
  async probe(context) {
    const {
      rotateEverySeconds: every,
      rotationGraceSeconds: grace,
      idleTimeoutSeconds: idleSeconds,
    } = context.policy;
    if (every === 0) return notApplicable("the policy rotates at sign-in only");
    const visitor = await context.signIn();
    const name = visitor?.sessionCookie?.name;
    if (visitor === undefined || name === undefined) return noSignIn;
    const old = visitor.client.clone();
    const before = visitor.client.cookies.get(name);
    // A rotation that comes after the idle time would never come; the use half way keeps the session alive.
    for (const part of every + 1 < idleSeconds ? [every + 1] : [every / 2, every / 2 + 1]) {
      if (!(await context.time.pass(part))) return cannotWait(every + grace + 2);
      await act(context, visitor);
    }
    if (visitor.client.cookies.get(name) === before)
      return fail(`the same token after ${every} s`, "a new token");
    if ((await visitor.isAlive()) !== true)
      return fail("the new token is not signed in", "the session lives on");
    if (!(await context.time.pass(grace + 1))) return cannotWait(grace + 1);
    if (before === undefined) return cannotTell;
    old.cookies.set(name, before);
    const { status } = (await old.send(requestOf(context.target.sessionCheck ?? { path: "/" }))).response;
    return status < 300
      ? fail(`the old token is good ${grace + 1} s later`, `dead after ${grace} s`)
      : pass(`new after ${every} s, old dead after ${grace} s`);
  },
};

const rememberCookie: Control<Policy> = {
  id: "session.remember-me-cookie",
  claim: "A long session's cookie lasts no longer than the policy says",
  proves: ["rememberMe.enabled"],
  references: ["req:SES-2"],
  advice: {
    symptom: "Long sessions last too long, or remembering does not work.",
    cause: "Max-Age differs from session.rememberMe.",
    fix: "Set session.rememberMe.",
  },
  async probe(context) {
    const { rememberMe } = context.policy;
    if (!rememberMe.enabled) return notApplicable("the policy has no long sessions");
    if (context.target.login?.rememberField === undefined)
      return unknown("the target description names no field that asks for it (login.rememberField)");
    const visitor = await context.signIn({ rememberMe: true });
    if (visitor?.sessionCookie === undefined) return noSignIn;
    const { name } = visitor.sessionCookie;
    const cookie = visitor.client.received.map(parseSetCookie).findLast((one) => one?.name === name);
    const age = cookie?.attributes.get("max-age") ?? "";
    return /^\d+$/.test(age) && Number(age) <= rememberMe.absoluteTimeoutSeconds
      ? pass(`Max-Age=${age}`)
      : fail(
          `Max-Age=${age === "" ? "(absent)" : age}`,
          `Max-Age of ${rememberMe.absoluteTimeoutSeconds} at the most`,
        );
  },
};

export const timeControls: readonly Control<Policy>[] = [
  idle,
  absolute,
  rotation,
  rememberCookie,
  remembered(
    "session.remember-me-idle",
    "A long session that nobody uses is over after its idle time",
    "idleTimeoutSeconds",
    idleEnds,
  ),
  remembered(
    "session.remember-me-absolute",
    "A long session is over after its absolute time",
    "absoluteTimeoutSeconds",
    absoluteEnds,
  ),
];
