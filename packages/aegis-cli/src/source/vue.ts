/** The script blocks of a Vue single-file component, found without its compiler. */

export type ScriptLanguage = "js" | "jsx" | "ts" | "tsx";

export interface VueScripts {
  /** As long as the file, with everything outside scripts as spaces: what is found here is where it is there. */
  readonly text: string;
  readonly language: ScriptLanguage;
  readonly count: number;
}

const TAG = /<(\/?)([a-z][\w.-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/giy;
const LANGUAGES: readonly ScriptLanguage[] = ["js", "jsx", "ts", "tsx"];

/** Undefined where the scripts have no language that can be read. */
export function vueScripts(source: string): VueScripts | undefined {
  const ranges: (readonly [number, number])[] = [];
  const languages = new Set<string>();
  /** So that ten thousand open tags are not ten thousand searches. */
  const unclosed = new Set<string>();
  let templates = 0;
  let position = 0;
  while ((position = source.indexOf("<", position)) !== -1) {
    if (source.startsWith("<!--", position)) {
      const end = source.indexOf("-->", position + 4);
      position = end === -1 ? source.length : end + 3;
      continue;
    }
    TAG.lastIndex = position;
    const tag = TAG.exec(source);
    if (tag === null) {
      position += 1;
      continue;
    }
    position = TAG.lastIndex;
    const [, closing, name = "", attributes = ""] = tag;
    if (attributes.endsWith("/")) continue;
    if (name === "template") templates = Math.max(0, templates + (closing === "" ? 1 : -1));
    // What stands in a template is markup; every other block ends at its first closing tag, whatever it holds.
    else if (templates === 0 && closing === "") {
      const close = new RegExp(`</${name.replaceAll(".", "\\.")}\\s*>`, "gi");
      close.lastIndex = position;
      const end = unclosed.has(name) ? undefined : close.exec(source)?.index;
      if (end === undefined) {
        unclosed.add(name);
        continue;
      }
      if (name === "script") {
        ranges.push([position, end]);
        languages.add(/\slang\s*=\s*["']?([\w-]+)/.exec(attributes)?.[1] ?? "js");
      }
      position = end;
    }
  }
  const [given = "js"] = languages;
  const language = LANGUAGES.find((one) => one === given);
  if (language === undefined || languages.size > 1) return undefined;
  return { text: onlyRanges(source, ranges), language, count: ranges.length };
}

function onlyRanges(source: string, ranges: readonly (readonly [number, number])[]): string {
  const blank = (from: number, to: number): string => source.slice(from, to).replaceAll(/[^\r\n]/g, " ");
  let [text, last] = ["", 0];
  for (const [start, end] of ranges) {
    text += blank(last, start) + source.slice(start, end);
    last = end;
  }
  return text + blank(last, source.length);
}
