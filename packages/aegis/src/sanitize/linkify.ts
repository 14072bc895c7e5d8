/** Finds addresses in plain text, in one pass whose steps are bounded by the text's length. */
export interface Part {
  readonly text: string;
  /** Where it leads, if it is an address. */
  readonly address?: string;
}

const ADDRESS =
  /\bhttps?:\/\/[^\s<>"'`]{1,2000}|\bmailto:[^\s<>"'`]{1,320}|(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}(?![\w-])/giu;

export function addressesIn(text: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const found = withoutPunctuation(match[0]);
    if (found === "") continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    const isAddress = /^(https?|mailto):/i.test(found);
    parts.push({ text: found, address: isAddress ? found : `mailto:${found}` });
    from = match.index + found.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** What ends a sentence is no part of the address; a bracket only if it was opened in it. */
function withoutPunctuation(text: string): string {
  let end = text.length;
  for (; end > 0; end--) {
    const last = text.charAt(end - 1);
    if (last === ")" && text.slice(0, end).includes("(")) break;
    if (!/[.,;:!?)\]}…]/.test(last)) break;
  }
  return text.slice(0, end);
}
