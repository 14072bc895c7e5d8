/**
 * Finds in a page the few tags that controls look at. It errs on the side of finding too much: a tag inside a comment
 * or a script counts, because one that is overlooked could be the one that nobody vouches for.
 */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const MAX_TAG = 2048;
/** How often the page's length is read in all. Unclosed tags overlap; beyond this they count as having no attributes. */
const MAX_READS = 2;

export function findTags(html: string, names: readonly string[]): Tag[] {
  const tags: Tag[] = [];
  let left = html.length * MAX_READS;
  for (let at = html.indexOf("<"); at !== -1; at = html.indexOf("<", at + 1)) {
    const name = names.find((one) => isTagAt(html, at + 1, one));
    if (name === undefined) continue;
    const from = at + 1 + name.length;
    const { attributes, length } = attributesOf(html.slice(from, from + Math.min(MAX_TAG, left)));
    left -= length;
    tags.push({ name, attributes });
  }
  return tags;
}

/** Only the name and what may follow a name: "<script-like>" is another tag. */
function isTagAt(html: string, at: number, name: string): boolean {
  return (
    html.slice(at, at + name.length).toLowerCase() === name &&
    /^[\s/>]?$/.test(html.slice(at + name.length, at + name.length + 1))
  );
}

const BLANK = " \t\n\f\r";

/** Up to the tag's end, read as HTML does it: the first of equal attributes counts. */
function attributesOf(text: string): { attributes: ReadonlyMap<string, string>; length: number } {
  const found = new Map<string, string>();
  let at = 0;
  const skip = (what: string): void => {
    while (at < text.length && what.includes(text.charAt(at))) at += 1;
  };
  const until = (what: string): string => {
    const from = at;
    while (at < text.length && !what.includes(text.charAt(at))) at += 1;
    return text.slice(from, at);
  };
  for (;;) {
    skip(`${BLANK}/`);
    if (at >= text.length || text[at] === ">") return { attributes: found, length: at };
    const start = at;
    if (text[at] === "=") at += 1; // an attribute may begin with it (HTML 13.2.5.32)
    until(`${BLANK}/>=`);
    const name = text.slice(start, at).toLowerCase();
    skip(BLANK);
    let value = "";
    if (text[at] === "=") {
      at += 1;
      skip(BLANK);
      const quote = text[at];
      if (quote === '"' || quote === "'") {
        at += 1;
        value = until(quote);
        at += 1;
      } else value = until(`${BLANK}>`);
    }
    if (!found.has(name)) found.set(name, value);
  }
}
