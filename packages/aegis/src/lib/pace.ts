/**
 * Probe accounts: the operator's own, without rights, whose time runs faster, so that a verifier sees time-outs of days
 * happen in seconds. How much faster stands in their roles, which every store keeps already. What the server divides is
 * what it is configured with: a time-out that is wrong is wrong for them too, and is seen.
 */
import { isRecord } from "./freeze.ts";

export const PROBE_ROLE = "probe";

/** Settings whose time may run faster; all but these are a probe account's as anybody's. */
export const PACED_LEAVES = [
  "session.idleTimeoutSeconds",
  "session.absoluteTimeoutSeconds",
  "session.rotateEverySeconds",
  "session.rotationGraceSeconds",
  "session.rememberMe.idleTimeoutSeconds",
  "session.rememberMe.absoluteTimeoutSeconds",
  "throttle.longestDelaySeconds",
  "throttle.lockoutSeconds",
  "throttle.forgetAfterSeconds",
] as const;
export type PacedLeaf = (typeof PACED_LEAVES)[number];

/** How many times faster, by setting. */
export type Paces = ReadonlyMap<PacedLeaf, number>;

/** No slower than others, and not so fast that a time-out would be over before an answer is read. */
const PACE = /^pace:([A-Za-z.]{1,64}):([1-9]\d{0,6})$/;

/** Whoever has this role has no rights, whatever other roles stand beside it. */
export const isProbe = (roles: readonly string[]): boolean => roles.includes(PROBE_ROLE);

export const rolesOf = (paces: Paces): readonly string[] => [
  PROBE_ROLE,
  ...[...paces].map(([leaf, times]) => `pace:${leaf}:${times}`),
];

export function pacesOf(roles: readonly string[]): Paces {
  const paces = new Map<PacedLeaf, number>();
  for (const role of roles) {
    const [, name, times] = PACE.exec(role) ?? [];
    const leaf = PACED_LEAVES.find((one) => one === name);
    if (leaf !== undefined) paces.set(leaf, Number(times));
  }
  return paces;
}

/** The section of a policy at `path` as it is for a probe account; the same object for anybody else. */
export const forRoles = <S>(path: string, section: S, roles: readonly string[]): S =>
  isProbe(roles) ? hastened(path, section, pacesOf(roles)) : section;

/** A copy, its paced settings divided. */
export function hastened<S>(path: string, section: S, paces: Paces): S {
  const copy = structuredClone(section);
  divide(copy, path, new Map<string, number>(paces));
  return copy;
}

function divide(node: unknown, path: string, paces: ReadonlyMap<string, number>): void {
  if (!isRecord(node)) return;
  for (const [key, value] of Object.entries(node)) {
    const place = path === "" ? key : `${path}.${key}`;
    if (typeof value === "number") node[key] = value / (paces.get(place) ?? 1);
    else divide(value, place, paces);
  }
}
