/** What happened to sessions over several instances, by one clock, and whether it was strict. Times are milliseconds that only grow. */
export interface Asked {
  readonly session: string;
  readonly instance: number;
  readonly startedAt: number;
  readonly accepted: boolean;
}

export interface History {
  readonly asked: Asked[];
  /** By session: when its revocation was acknowledged. */
  readonly acknowledgedAt: Map<string, number>;
}

export const newHistory = (): History => ({ asked: [], acknowledgedAt: new Map() });

/** Requests that started after the acknowledgement and were accepted all the same. */
export const violations = ({ asked, acknowledgedAt }: History): readonly Asked[] =>
  asked.filter(
    ({ session, startedAt, accepted }) =>
      accepted && startedAt > (acknowledgedAt.get(session) ?? Number.POSITIVE_INFINITY),
  );
