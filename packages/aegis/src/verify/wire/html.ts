/** Finds in a page the few tags that controls look at. No regular expression that can backtrack: pages may be hostile. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const MAX_TAGS = 2000;

export function findTags(html: string, names: readonly string[]): Tag[] {
  const tags: Tag[] = [];
  let at = html.indexOf("<");
  for (let seen = 0; at !== -1 && seen < MAX_TAGS; seen++) {
    const end = html.indexOf(">", at);
    if (end === -1) break;
    const inside = html.slice(at + 1, Math.min(end, at + 4096));
    const name = /^[a-zA-Z][a-zA-Z0-9]*/.exec(inside)?.[0].toLowerCase();
    if (name !== undefined && names.includes(name))
      tags.push({ name, attributes: attributesOf(inside.slice(name.length)) });
    at = html.indexOf("<", at + 1);
  }
  return tags;
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pattern = /([a-zA-Z][a-zA-Z0-9:-]*)(?:=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  for (const match of text.matchAll(pattern))
    found.set((match[1] ?? "").toLowerCase(), match[2] ?? match[3] ?? match[4] ?? "");
  return found;
}
