/** What happened to sessions and tokens over several instances, by one clock, and whether it was strict. Times are milliseconds that only grow. */
import { expect } from "vitest";

export interface Asked {
  readonly credential: string;
  readonly instance: number;
  readonly startedAt: number;
  readonly accepted: boolean;
}

export interface History {
  readonly asked: Asked[];
  /** By credential: when its revocation was acknowledged. */
  readonly acknowledgedAt: Map<string, number>;
}

export const newHistory = (): History => ({ asked: [], acknowledgedAt: new Map() });

/** Requests that started after the acknowledgement and were accepted all the same. */
export const violations = ({ asked, acknowledgedAt }: History): readonly Asked[] =>
  asked.filter(
    ({ credential, startedAt, accepted }) =>
      accepted && startedAt > (acknowledgedAt.get(credential) ?? Number.POSITIVE_INFINITY),
  );

/** How many were acknowledged that had been accepted before: of what nobody ever accepted, a refusal says nothing. */
export function provenIn({ asked, acknowledgedAt }: History): number {
  const accepted = new Set(asked.filter((one) => one.accepted).map(({ credential }) => credential));
  return [...acknowledgedAt.keys()].filter((one) => accepted.has(one)).length;
}

export function expectStrict(history: History, atLeast: number): void {
  expect(violations(history)).toEqual([]);
  expect(provenIn(history)).toBeGreaterThanOrEqual(atLeast);
}
