/** What a lane has behind it. Times are milliseconds since the Unix epoch. */
export interface ThrottleState {
  readonly failures: number;
  /** No attempt is looked at before. */
  readonly nextAt: number;
}

export interface FailingLane extends ThrottleState {
  readonly lane: string;
}

export interface ThrottleRule {
  /** Seconds to wait after 1, 2, 3 … failures; the last holds beyond. */
  readonly delaysSeconds: readonly number[];
  readonly forgetAfterSeconds: number;
}

/**
 * Where failures are counted. An attempt is counted as a failure before it is looked at, in the same atomic step
 * that allows it: of a thousand parallel guesses no more are looked at than the rule allows.
 */
export interface ThrottleStore {
  /**
   * The failures in a row, this attempt included; undefined where it must wait, and then nothing is counted.
   * Without a wait the clock does not matter: that of another process may be a little ahead.
   */
  begin(lane: string, now: number, rule: ThrottleRule): Promise<number | undefined>;
  /** Takes what is behind the lanes away: after a success, a reset, by an administrator. */
  clear(lanes: readonly string[]): Promise<void>;
  find(lane: string): Promise<ThrottleState | undefined>;
  /** Lanes with so many failures or more, the most first; those whose name has `without` in it are left out. */
  listFailing(leastFailures: number, without: string, limit: number): Promise<readonly FailingLane[]>;
  /** Forgets lanes that nobody tried since `before` and that do not wait at `now`; how many. */
  removeStale(before: number, now: number): Promise<number>;
}
