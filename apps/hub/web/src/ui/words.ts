/** Numbers as people read them. */
export const number = new Intl.NumberFormat("en");

/** "1 entry", "2,000 entries". */
export const counted = (count: number, thing: string, things = `${thing}s`): string =>
  `${number.format(count)} ${count === 1 ? thing : things}`;
