import type { Revocation } from "./entry.ts";

/**
 * The durable truth of revocation, and who may serve from memory. One order holds everything together: a lease that is
 * not seen by `holders` reads entries only after it was written, and so finds whatever was appended before `holders`.
 */
export interface RevocationLedger {
  /** Written down for good when it resolves. */
  append(entries: readonly Revocation[]): Promise<void>;
  /** Seen by every later `holders` when it resolves: the instance may serve from memory for so long from when it asked. */
  lease(instance: string, milliseconds: number): Promise<void>;
  /** Gives a lease back. */
  release(instance: string): Promise<void>;
  /**
   * What was appended since `mark` (null: everything that is still kept), perhaps with some from before, and the mark
   * for the next time. Misses nothing, whatever order appends end in.
   */
  since(mark: string | null): Promise<{ readonly entries: readonly Revocation[]; readonly mark: string }>;
  /** Whose lease may still hold, and for how many milliseconds at most. */
  holders(): Promise<readonly { readonly instance: string; readonly leftMs: number }[]>;
  /** Forgets what need not be kept any more, and instances that are long gone; how many entries. */
  removeExpired(now: number): Promise<number>;
}
