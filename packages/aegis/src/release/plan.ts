/** The rule of this room, pure: what a run does, and what is left of it or has to be undone. */
import type { Journal } from "./journal.ts";
import type { ReleaseSettings } from "./settings.ts";

export type StepKind =
  | "preflight"
  | "backup"
  | "schema up"
  | "schema down"
  | "switch"
  | "out"
  | "restart"
  | "ready"
  | "in"
  | "verify";

export interface Step {
  readonly kind: StepKind;
  /** The release that the step is about: whose files it runs, or which becomes the current one. */
  readonly release: string;
  readonly instance?: string;
  /** `schema down` only: the last migration of each source that stays. */
  readonly heads?: readonly string[];
}

export const keyOf = ({ kind, instance }: Step): string =>
  instance === undefined ? kind : `${kind} ${instance}`;

/** What a run does when nothing fails. Instances go one by one: the others serve meanwhile. */
export function forwardSteps(journal: Journal, settings: ReleaseSettings): readonly Step[] {
  const { kind, to: release, from, target } = journal;
  const only = (wanted: unknown, step: Step): readonly Step[] =>
    wanted === undefined || wanted === false || wanted === null ? [] : [step];
  const roll = settings.instances.flatMap(({ name }) => restarted(name, release));
  const backup = only(journal.backup && settings.backup, { kind: "backup", release });
  const verify = only(settings.verify, { kind: "verify", release });
  if (kind === "release")
    return [
      ...only(settings.preflight, { kind: "preflight", release }),
      ...backup,
      // Before the switch: the running release works on the schema of the next one until its turn comes.
      ...only(settings.migrate, { kind: "schema up", release }),
      { kind: "switch", release },
      ...roll,
      ...verify,
    ];
  return [
    ...(target === null ? [] : backup),
    { kind: "switch", release },
    ...roll,
    // The way back of a migration stands in the release that brought it; nobody who needs the newer schema runs any more.
    ...only(settings.migrate !== undefined && target !== null && from !== null, {
      kind: "schema down",
      release: from ?? release,
      heads: target ?? [],
    }),
    ...verify,
  ];
}

/** What undoes a run, as far as it was begun. Each step can be taken again: who was killed in it begins it anew. */
export function backSteps(journal: Journal, settings: ReleaseSettings): readonly Step[] {
  const { kind, to, from, before } = journal;
  const isBegun = (key: string): boolean => journal.begun.includes(key);
  const down: readonly Step[] =
    isBegun("schema up") && before !== null && before.length > 0
      ? [{ kind: "schema down", release: to, heads: before }]
      : [];
  // The first release of all: what its processes stand on may not be taken from under them.
  if (from === null) return isBegun("switch") ? [] : down;
  // The last one first: it is out, and while it is, no other may be taken out.
  const instances = settings.instances.toReversed().flatMap(({ name }): readonly Step[] => {
    if (isBegun(`restart ${name}`)) return restarted(name, from);
    return isBegun(`out ${name}`) ? [{ kind: "in", release: from, instance: name }] : [];
  });
  const link: readonly Step[] = isBegun("switch") ? [{ kind: "switch", release: from }] : [];
  if (kind === "release") return [...link, ...instances, ...down];
  const up: readonly Step[] = isBegun("schema down") ? [{ kind: "schema up", release: from }] : [];
  return [...up, ...link, ...instances];
}

export function remaining(journal: Journal, settings: ReleaseSettings): readonly Step[] {
  const steps =
    journal.direction === "forward" ? forwardSteps(journal, settings) : backSteps(journal, settings);
  return steps.filter((step) => !journal.done.includes(keyOf(step)));
}

const restarted = (instance: string, release: string): readonly Step[] => [
  { kind: "out", release, instance },
  { kind: "restart", release, instance },
  { kind: "ready", release, instance },
  { kind: "in", release, instance },
];
