/** How hard a password is to guess. Loaded when somebody types one; the only door to the estimator. */
export interface Strength {
  /** 0 (guessed at once) to 4 (out of reach). */
  readonly score: number;
  readonly label: string;
  readonly advice: string | undefined;
}
export type Estimate = (password: string, words: readonly string[]) => Strength;

const LABELS = ["Very weak", "Weak", "Fair", "Good", "Strong"] as const;

/** Until the library brings its own estimator: variety and length, less what is known of the person. */
const rough: Estimate = (password, words) => {
  const lower = password.toLowerCase();
  const known = words.filter((word) => word.length > 2 && lower.includes(word.toLowerCase()));
  const own = password.length - known.reduce((sum, word) => sum + word.length, 0);
  const distinct = new Set(password).size;
  const score = Math.max(0, Math.min(4, Math.floor(Math.min(own, distinct * 2) / 4) - 1));
  return {
    score,
    label: LABELS[score] ?? LABELS[0],
    advice:
      known.length > 0
        ? "Leave out your name and address."
        : score < 3
          ? "Add another word or two that do not belong together."
          : undefined,
  };
};

export const loadEstimate = async (): Promise<Estimate> => rough;
