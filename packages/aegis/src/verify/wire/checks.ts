/** What probes of several rooms ask in the same way. */
import {
  type Exchange,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type SampleName,
  unknown,
  type Verdict,
} from "../../control.ts";

export const allSamples: readonly SampleName[] = [
  "html",
  "json",
  "personal",
  "static",
  "not-found",
  "bad-request",
  "unauthenticated",
  "too-large",
];

/**
 * Holds every kind of answer against one check; `check` says what is wrong, or undefined. Passes only if at least one
 * answer was seen and none was wrong; the first wrong one is named.
 */
export async function everywhere(
  context: ProbeContext<unknown>,
  names: readonly SampleName[],
  expected: string,
  check: (exchange: Exchange) => string | undefined,
): Promise<Verdict> {
  const seen: SampleName[] = [];
  for (const name of names) {
    const exchange = await context.sample(name);
    if (exchange === undefined) continue;
    const wrong = check(exchange);
    if (wrong !== undefined) return fail(`${name} answer (${exchange.response.status}): ${wrong}`, expected);
    seen.push(name);
  }
  return seen.length === 0
    ? unknown("the target gave no answer of these kinds")
    : pass(`holds on ${seen.join(", ")}`);
}

export const isRefused = (status: number): boolean => status >= 400 && status < 500;

export const isAccepted = (status: number): boolean => status >= 200 && status < 300;

/** A refused registration proves something only where a good one is accepted; the run's own account shows that, if it was registered. */
export async function registersAtAll(context: ProbeContext<unknown>): Promise<boolean> {
  if (context.target.credentials === undefined && (await context.signIn()) !== undefined) return true;
  const exchange = await context.register({});
  return exchange !== undefined && isAccepted(exchange.response.status);
}

export const registersNobody = unknown(
  "good registrations are refused too, or there are none, so a refusal shows nothing",
);

/** For controls that need a part of the description. */
export const notDescribed = (what: string): Verdict => unknown(`the target description does not say ${what}`);

export const noSignIn: Verdict = unknown(
  "could not sign in: the target description says not how, or the sign-in was refused",
);

export const nothingToProve = (why: string): Verdict => notApplicable(why);

export const cannotWait = (seconds: number): Verdict =>
  unknown(`takes ${Math.ceil(seconds)} s of waiting: allow it with --wait ${Math.ceil(seconds)}`);

export const noMail: Verdict = unknown(
  "the run cannot read the target's mail (--outbox), or the target description does not say how to use it",
);
