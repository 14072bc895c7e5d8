import {
  type Control,
  fail,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isAccepted, isRefused, notDescribed } from "../verify/wire/checks.ts";
import { findTags } from "../verify/wire/html.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { SanitizePolicy } from "./policy.ts";

type Policy = DeepReadonly<SanitizePolicy>;
type Context = ProbeContext<Policy>;

/** What comes back of a rich text; a verdict where nothing can be said. */
async function cleaned(context: Context, texts: readonly string[]): Promise<readonly string[] | Verdict> {
  const { richText } = context.target;
  if (richText === undefined) return notDescribed("where rich text can be sent (richText)");
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return unknown("could not sign in");
  const answers: string[] = [];
  for (const html of ["<p>Aegis</p>", ...texts]) {
    const answer = await visitor.call(richText, { html });
    const back = fieldOf(answer, richText.htmlField);
    if (!isAccepted(answer.response.status) || typeof back !== "string")
      return unknown(`${richText.path} answers ${answer.response.status}`);
    answers.push(back);
  }
  const [plain, ...rest] = answers;
  return plain?.includes("Aegis") === true ? rest : unknown("a plain paragraph does not come back");
}

const isVerdict = (value: readonly string[] | Verdict): value is Verdict => "outcome" in value;

/** Elements that a policy can name, and those that none can. */
const ELEMENTS =
  "p br hr h1 h2 h3 h4 h5 h6 strong em b i u s sub sup small mark code kbd samp pre blockquote q cite abbr ul ol li dl dt dd a img figure figcaption table caption thead tbody tfoot tr th td div span".split(
    " ",
  );
const NEVER =
  "script style iframe object embed svg math form input button textarea select template base link meta video audio title noscript xmp".split(
    " ",
  );
const ATTRIBUTES: readonly (readonly [name: string, markup: string])[] = [
  ["a.href", '<a href="https://example.com/">x</a>'],
  ["a.title", '<a title="x">x</a>'],
  ["abbr.title", '<abbr title="x">x</abbr>'],
  ["img.alt", '<img src="/x" alt="x">'],
  ["img.title", '<img src="/x" title="x">'],
  ["img.width", '<img src="/x" width="9">'],
  ["img.height", '<img src="/x" height="9">'],
  ["img.src", '<img src="/x">'],
  ["ol.start", '<ol start="3"><li>x</li></ol>'],
  ["td.colspan", '<table><tr><td colspan="2">x</td></tr></table>'],
  ["td.rowspan", '<table><tr><td rowspan="2">x</td></tr></table>'],
  ["th.colspan", '<table><tr><th colspan="2">x</th></tr></table>'],
  ["th.rowspan", '<table><tr><th rowspan="2">x</th></tr></table>'],
  ["th.scope", '<table><tr><th scope="row">x</th></tr></table>'],
  ["p.style", '<p style="position:fixed">x</p>'],
  ["p.onclick", '<p onclick="x()">x</p>'],
  ["img.onerror", '<img src="/x" onerror="x()">'],
  ["p.id", '<p id="x">x</p>'],
];

const advice: Control<Policy>["advice"] = {
  symptom: "What one person writes runs, or passes for something else, in another's browser.",
  cause: "Markup is kept as it came, or cleaned by a list of what is bad.",
  fix: 'Declare the field with sanitize: "rich" in its schema; set the sanitize section of the policy.',
};

const elements: Control<Policy> = {
  id: "sanitize.elements-allowed",
  claim: "Rich text comes back with the elements that the policy names, and with no other",
  proves: ["tags"],
  references: ["asvs:v5.0.0-1.3.1", "cwe:79", "req:XSS-1"],
  advice,
  async probe(context) {
    const wrap = (name: string): string =>
      /^(caption|thead|tbody|tfoot|tr|th|td)$/.test(name)
        ? `<table><${name}>x</${name}></table>`
        : name === "img"
          ? '<img src="/x">'
          : `<${name}>x</${name}>`;
    // Those that none may have swallow what follows: each alone, and one text of all that some may have.
    const texts = [ELEMENTS.map(wrap).join(""), ...NEVER.map(wrap)];
    const answers = await cleaned(context, texts);
    if (isVerdict(answers)) return answers;
    const allowed: readonly string[] = context.policy.tags;
    const names = [...ELEMENTS, ...NEVER];
    for (const [place, answer] of answers.entries()) {
      const found = names.filter((name) => findTags(answer, [name]).length > 0);
      const strange = found.find((name) => !allowed.includes(name));
      if (strange !== undefined) return fail(`<${strange}> comes back`, "none but what the policy names");
      const gone = place === 0 ? allowed.find((name) => !found.includes(name)) : undefined;
      if (gone !== undefined) return unknown(`<${gone}> does not come back, though the policy names it`);
    }
    return pass(`${names.length} elements sent, none came back but what the policy names`);
  },
};

const attributes: Control<Policy> = {
  id: "sanitize.attributes-allowed",
  claim: "Elements come back with the attributes that the policy names, and with no other",
  proves: ["attributes"],
  references: ["asvs:v5.0.0-1.3.1", "cwe:79", "req:XSS-1"],
  advice,
  async probe(context) {
    const answers = await cleaned(
      context,
      ATTRIBUTES.map(([, markup]) => markup),
    );
    if (isVerdict(answers)) return answers;
    const allowed: readonly string[] = context.policy.attributes;
    for (const [place, [name]] of ATTRIBUTES.entries()) {
      const [element = "", attribute = ""] = name.split(".");
      const has = findTags(answers[place] ?? "", [element]).some(({ attributes: kept }) =>
        kept.has(attribute),
      );
      if (has && !allowed.includes(name)) return fail(`${name} comes back`, "none but what the policy names");
    }
    return pass(`${ATTRIBUTES.length} attributes sent, none came back but what the policy names`);
  },
};

const links: Control<Policy> = {
  id: "sanitize.links-allowed",
  claim: "Links lead where the policy lets them, however the address is spelt",
  proves: ["linkProtocols"],
  references: ["asvs:v5.0.0-1.2.2", "cwe:79", "req:XSS-1"],
  advice,
  async probe(context) {
    const schemes = [
      "javascript",
      "JaVaScRiPt",
      "java\tscript",
      "&#106;avascript",
      "vbscript",
      "data",
      "blob",
      "ftp",
      "file",
      "tel",
      "https",
    ];
    const answers = await cleaned(
      context,
      schemes.map((scheme) => `<a href="${scheme}:${scheme === "https" ? "//example.com/" : "1"}">x</a>`),
    );
    if (isVerdict(answers)) return answers;
    const allowed: readonly string[] = context.policy.linkProtocols;
    for (const answer of answers)
      for (const { attributes: kept } of findTags(answer, ["a"])) {
        const address = kept.get("href") ?? "";
        const scheme = /^\s*([^:/?#]*):/.exec(address)?.[1]?.toLowerCase();
        if (scheme !== undefined && !allowed.includes(scheme))
          return fail(`a link to ${scheme}: comes back`, `none but ${allowed.join(", ")}`);
      }
    const kept = findTags(answers.at(-1) ?? "", ["a"]).some((tag) =>
      tag.attributes.get("href")?.startsWith("https:"),
    );
    const shouldKeep = allowed.includes("https") && context.policy.attributes.includes("a.href");
    return shouldKeep && !kept
      ? unknown("a link to https: does not come back either")
      : pass(`${schemes.length} kinds of addresses sent, none came back but what the policy names`);
  },
};

const bounded: Control<Policy> = {
  id: "sanitize.bounded",
  claim: "Rich text that is too long, too deep or too full of elements is refused, not worked at",
  proves: ["htmlMaxLength", "htmlMaxDepth", "htmlNodeLimit"],
  references: ["cwe:400", "cwe:674", "req:XSS-1"],
  advice,
  async probe(context) {
    const first = await cleaned(context, []);
    if (isVerdict(first)) return first;
    const { htmlMaxLength: length, htmlMaxDepth: depth, htmlNodeLimit: nodes } = context.policy;
    const { richText } = context.target;
    const visitor = await context.signIn({ fresh: true });
    if (richText === undefined || visitor === undefined) return unknown("could not sign in");
    const status = async (html: string) => (await visitor.call(richText, { html })).response.status;
    const cases: readonly (readonly [what: string, within: string, beyond: string])[] = [
      [`${length} characters`, "x".repeat(length), "x".repeat(length + 1)],
      [`${depth} levels`, "<b>".repeat(Math.max(1, depth - 2)), "<div>".repeat(depth + 2)],
      [`${nodes} elements`, "<br>".repeat(Math.max(1, nodes - 3)), "<br>".repeat(nodes + 2)],
    ];
    for (const [what, within, beyond] of cases) {
      if (beyond.length > length && !what.endsWith("characters")) continue; // its length is refused first
      const good = await status(within);
      if (!isAccepted(good)) return unknown(`${what} are answered with ${good}`);
      const bad = await status(beyond);
      if (!isRefused(bad)) return fail(`more than ${what} are answered with ${bad}`, "a refusal");
    }
    return pass("length, depth and number are bounded");
  },
};

export const sanitizeControls: RoomControls<Policy> = {
  controls: [elements, attributes, links, bounded],
  unprovable: [],
};
