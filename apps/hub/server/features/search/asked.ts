/** What somebody typed, as the parts of a query. The last word may not be finished: it counts as a beginning, too. */
export interface Asked {
  /** For websearch_to_tsquery, which takes whatever comes: words, "phrases", or, -without. */
  readonly whole: string;
  /** All but the last word; "" where that is no beginning of one. */
  readonly before: string;
  /** For to_tsquery: letters and digits with ":*" behind; "" for none. */
  readonly beginning: string;
}

/** One letter would begin half of the language. */
const BEGINNING = /^(?<before>.*?)(?<word>[\p{L}\p{N}]{2,60})$/su;

export function askedFor(q: string): Asked {
  const whole = q.normalize("NFC").trim();
  const last = whole.split(/\s+/u).at(-1) ?? "";
  const isQuoted = (whole.split('"').length - 1) % 2 === 1 || last.includes('"');
  const { before, word } = BEGINNING.exec(whole)?.groups ?? {};
  if (word === undefined || isQuoted || last.startsWith("-")) return { whole, before: "", beginning: "" };
  return { whole, before: before ?? "", beginning: `${word}:*` };
}
