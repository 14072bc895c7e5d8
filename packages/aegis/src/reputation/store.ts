import type { Cause, ScoreRule, Standing } from "./score.ts";

export interface Ban {
  readonly subject: string;
  /** What the administrator sees of the address; sealed by the caller. */
  readonly label: string;
  readonly standing: Standing;
}

/** Where standings are kept, for all instances together. Every step is atomic: parallel causes make one ban. */
export interface ReputationStore {
  /** Asking is a trip: worth remembering the answer for a moment. */
  readonly isShared: boolean;
  /** Holds `times` of a cause against the subject. `isNewBan`: this very step banned it. */
  hold(
    subject: string,
    label: string,
    cause: { readonly cause: Cause; readonly times: number },
    now: number,
    rule: ScoreRule,
  ): Promise<{ readonly standing: Standing; readonly isNewBan: boolean }>;
  find(subject: string, now: number): Promise<Standing | undefined>;
  /** Bans that last at `now`, newest first. */
  listBans(now: number, limit: number): Promise<readonly Ban[]>;
  /** Forgets all that is held against the subject; false where nothing was. */
  lift(subject: string): Promise<boolean>;
}
