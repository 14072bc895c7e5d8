/** Where "now" comes from. Passed in everywhere, so that a test can let an hour go by at once. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
