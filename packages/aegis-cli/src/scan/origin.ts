/** From harmless to hostile. `closed`: of a bounded set, such as numbers; `setting`: from the environment. */
export const ORIGINS = ["constant", "closed", "setting", "unknown", "request"] as const;
export type Origin = (typeof ORIGINS)[number];

export const worst = (...all: readonly Origin[]): Origin =>
  ORIGINS[Math.max(0, ...all.map((one) => ORIGINS.indexOf(one)))] ?? "unknown";
export const atLeast = (one: Origin, other: Origin): boolean =>
  ORIGINS.indexOf(one) >= ORIGINS.indexOf(other);
