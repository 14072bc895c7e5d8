/** Time as a tell: medians of answers that should cost the same. Honest about noise: what cannot be told apart from it is unknown. */
import { performance } from "node:perf_hooks";
import { type Control, fail, pass, type ProbeContext, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { noSignIn } from "../verify/wire/checks.ts";
import { tryPassword } from "../verify/wire/people.ts";
import type { ThrottlePolicy } from "./policy.ts";

type Policy = DeepReadonly<ThrottlePolicy>;
type Context = ProbeContext<Policy>;

const ROUNDS = 15;

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const at = (values: readonly number[], part: number): number =>
  sorted(values)[Math.floor((values.length - 1) * part)] ?? 0;

async function timed(context: Context, username: string): Promise<number> {
  const start = performance.now();
  await tryPassword(context, username, "Wrong-password-of-nobody");
  return performance.now() - start;
}

export const timingTellsNothing: Control<Policy> = {
  id: "throttle.time-tells-nothing",
  claim: "An unknown user, a wrong password and one that must wait take about the same time to refuse",
  proves: [],
  references: ["asvs:v5.0.0-6.3.8", "cwe:208", "req:ACC-3"],
  advice: {
    symptom: "Anyone with a stop-watch can find out who has an account.",
    cause: "The password is hashed only where there is something to compare it with.",
    fix: "Do the same work for a user that does not exist and for a guess that must wait.",
  },
  slow: true, // alone: what runs beside it would be measured too
  async probe(context) {
    const victim = await context.signIn({ fresh: true });
    if (victim === undefined || context.target.credentials !== undefined) return noSignIn;
    await timed(context, victim.username); // the first of a kind pays for what is loaded late
    const known: number[] = [];
    const unknownUser: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Soon these must wait, and still have to cost the same.
      known.push(await timed(context, victim.username));
      unknownUser.push(await timed(context, `aegis-nobody-${round}`));
    }
    const [a, b] = [at(known, 0.5), at(unknownUser, 0.5)];
    const spread = Math.max(at(known, 0.75) - at(known, 0.25), at(unknownUser, 0.75) - at(unknownUser, 0.25));
    const apart = Math.abs(a - b);
    const words = `medians of ${ROUNDS}: ${a.toFixed(1)} ms known, ${b.toFixed(1)} ms unknown, spread ${spread.toFixed(1)} ms`;
    if (apart <= Math.max(spread, Math.max(a, b) * 0.2, 1)) return pass(words);
    // Far apart and hardly scattered: that is no noise.
    return apart > spread * 3 && Math.min(a, b) * 2 < Math.max(a, b)
      ? fail(words, "medians no further apart than the noise")
      : unknown(`${words}: too noisy to tell`);
  },
};
