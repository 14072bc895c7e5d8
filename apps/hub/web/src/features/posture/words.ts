const score = new Intl.NumberFormat("en", { minimumFractionDigits: 0, maximumFractionDigits: 1 });

/** 100 is said where everything passed and nowhere else: the server rounds down. */
export const scoreWords = (value: number | null): string => (value === null ? "–" : score.format(value));

/** "fell by 3.2 points". */
export const points = (delta: number | null): string =>
  delta === null
    ? "cannot be compared"
    : delta === 0
      ? "stayed the same"
      : `${delta < 0 ? "fell" : "rose"} by ${score.format(Math.abs(delta))} ${Math.abs(delta) === 1 ? "point" : "points"}`;
