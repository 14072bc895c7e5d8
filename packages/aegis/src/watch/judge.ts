/**
 * When something is told. Pure. Threat: a watcher that cries at every stumble is silenced, and one that tells each tick
 * buries what matters; and one of two servers that is down is never seen bad twice in a row. Rule: two looks in a row make
 * it so, or more than one bad look in five; a change is told once; what is well is told only to whoever was told that it
 * is not. References: requirement OPS-4.
 */
import { type Change, LIMITS, type Observation, type SubjectState, type WatchState } from "./model.ts";

/** So many looks in a row make something so: one may have met a restart, or the network. */
export const IN_A_ROW = 2;

/** What a bad look weighs against good ones, and how much makes it so: turn by turn the fourth of seven looks does. */
const STUMBLE = { bad: 4, good: -1, unseen: 0 } as const;
const STUMBLING = 12;

export interface Judged {
  readonly after: SubjectState;
  readonly change: Change | undefined;
}

export function judge(before: SubjectState | undefined, seen: Observation, at: number): Judged {
  const { subject, claim, status } = seen;
  const again = before !== undefined && before.seen === status && before.inARow > 0;
  const inARow = again ? before.inARow + 1 : 1;
  const seenSince = again ? before.seenSince : at;
  const [held, told] = [before?.held ?? "none", before?.told ?? "none"];
  const stumbled = before?.stumbles;
  const weight = held === "bad" ? 0 : Math.max(0, (stumbled?.weight ?? 0) + STUMBLE[status]);
  const stumbles = weight === 0 ? undefined : { weight, since: stumbled?.since ?? at };
  const looked: SubjectState = {
    claim: cut(claim, LIMITS.claim),
    held,
    heldSince: before?.heldSince ?? at,
    told,
    seen: status,
    inARow,
    seenSince,
    ...(stumbles === undefined ? {} : { stumbles }),
  };
  // What is well from the beginning, or cannot be seen, is so at once: nobody is told of it. What is bad has to be seen twice.
  const isSo = inARow >= IN_A_ROW || (held === "none" && status !== "bad");
  const isStumbling = !isSo && status === "bad" && weight >= STUMBLING;
  if (!(isSo || isStumbling) || held === status) return { after: looked, change: undefined };
  const since = isStumbling ? (stumbles?.since ?? at) : seenSince;
  const { stumbles: past, ...rest } = looked;
  const kept = status === "bad" || past === undefined ? {} : { stumbles: past };
  const after: SubjectState = { ...rest, ...kept, held: status, heldSince: since };
  const isNews =
    status === "bad" ||
    (status === "unseen" && held !== "none") || // what nobody could see from the beginning is no change
    (status === "good" && (told === "bad" || told === "unseen"));
  if (!isNews) return { after, change: undefined };
  return {
    after: { ...after, told: status },
    change: {
      at,
      since,
      subject,
      claim: cut(claim, LIMITS.claim),
      from: held,
      to: status,
      observed: cut(`${isStumbling ? "again and again: " : ""}${seen.observed}`, LIMITS.observed),
      ...(seen.advice === undefined || status !== "bad" ? {} : { advice: shortened(seen.advice) }),
      ...(status === "good" ? { lasted: Math.max(0, since - looked.heldSince) } : {}),
    },
  };
}

/** All that one look has seen. */
export function judgeAll(state: WatchState, observations: readonly Observation[], at: number) {
  const subjects = { ...state.subjects };
  const changes = observations.flatMap((one) => {
    const known = Object.hasOwn(subjects, one.subject) ? subjects[one.subject] : undefined;
    if (known === undefined && Object.keys(subjects).length >= LIMITS.subjects) return [];
    const { after, change } = judge(known, one, at);
    subjects[one.subject] = after;
    return change === undefined ? [] : [change];
  });
  return { state: { ...state, subjects }, changes };
}

/** Looks that could not be had are no looks: what they began to show has to be seen twice anew. */
export function forgotten(state: WatchState, isMeant: (subject: string) => boolean): WatchState {
  const subjects = Object.fromEntries(
    Object.entries(state.subjects).map(([subject, one]) => [
      subject,
      isMeant(subject) && one.seen !== one.held ? { ...one, inARow: 0 } : one,
    ]),
  );
  return { ...state, subjects };
}

/** Subjects that one look has shown otherwise: a second need not wait for its turn. */
export const inDoubt = (state: WatchState): readonly string[] =>
  Object.entries(state.subjects)
    .filter(
      ([, { held, seen, inARow }]) => inARow === 1 && seen !== held && (held !== "none" || seen === "bad"),
    )
    .map(([subject]) => subject);

export const cut = (value: string, longest: number): string =>
  value.length > longest ? `${value.slice(0, longest - 1).toWellFormed()}…` : value;

const shortened = ({ symptom, cause, fix }: NonNullable<Observation["advice"]>) => ({
  symptom: cut(symptom, LIMITS.advice),
  cause: cut(cause, LIMITS.advice),
  fix: cut(fix, LIMITS.advice),
});
