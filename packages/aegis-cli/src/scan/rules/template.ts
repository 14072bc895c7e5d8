/** Templates that put values in as they are, and templates that others write. */
import { literalOf, nameOf, optionsOf, ownerOf, apiOf, shown } from "../read.ts";
import type { Rule, TextHit } from "../rule.ts";

const ENGINES =
  /^(?:ejs|pug|jade|handlebars|hbs|nunjucks|mustache|eta|lodash|underscore|_|dot|liquidjs|twig|squirrelly)$/i;
const TRUSTED =
  /^\s*(?:include|layout|partial|block|contentFor|yield|csrfField|csrfInput|await include)\b|sanit|purif|escape|JSON\.stringify/i;

const FORMS: readonly (readonly [RegExp, RegExp])[] = [
  [/\.(?:ejs|eta)$/, /<%[-~]([\s\S]{0,500}?)[-_]?%>/g],
  [/\.(?:hbs|handlebars|mustache)$/, /\{\{\{~?([^{}]{1,300})~?\}\}\}|\{\{~?&([^{}]{1,300})\}\}/g],
  [
    /\.(?:pug|jade)$/,
    /^[ \t]*(?:[\w.#-]+(?:\([^)\n]{0,300}\))?)?!=([^=\n][^\n]{0,300})|!\{([^}\n]{1,300})\}/gm,
  ],
  [/\.(?:njk|nunjucks|jinja|liquid|twig)$/, /\{\{-?([^{}]{1,300}\|\s*(?:safe|raw)\b[^{}]{0,100})\}\}/g],
];

export const isTemplate = (name: string): boolean => FORMS.some(([path]) => path.test(name));

export const rawTemplate: Rule = {
  id: "raw-template",
  claim: "Templates escape what they put in, and are the program's own.",
  cwe: 79,
  asvs: "v5.0.0-1.2.1",
  severity: "high",
  advice: {
    symptom:
      "A value with a script in it is a script in the page; a template of a stranger is code on the server.",
    cause: "`<%-`, `{{{`, `!=` and `| safe` put a value in as it is.",
    fix: "Use the escaping form (`<%=`, `{{`, `=`); clean what has to be HTML before it is stored or shown.",
  },
  of: ["CallExpression", "NewExpression"],
  look: ({ project, module, flow, report }, node) => {
    if (node.type !== "CallExpression" && node.type !== "NewExpression") return;
    const name = nameOf(node.callee);
    const owner = ownerOf(node.callee);
    if (name === "SafeString" && node.arguments[0] !== undefined) {
      if (
        flow.of(module, node.arguments[0]) !== "constant" &&
        literalOf(project, module, node.arguments[0]) === undefined
      )
        report(node, `SafeString takes ${shown(module, node.arguments[0])}`);
      return;
    }
    if (!/^(?:compile|render|renderString|template|configure|Environment)$/.test(name)) return;
    const home = apiOf(project, module, node.callee)?.source ?? (owner === undefined ? "" : nameOf(owner));
    if (!ENGINES.test(home)) return;
    const [first] = node.arguments;
    if (first !== undefined && flow.of(module, first) === "request")
      return report(node, `the request brings the template: ${shown(module, first)}`);
    for (const one of node.arguments) {
      const values = optionsOf(project, module, one)?.values;
      const off = values?.get("noEscape") ?? values?.get("autoescape") ?? values?.get("autoEscape");
      if (off === undefined) continue;
      const wants = values?.has("noEscape") === true;
      if (literalOf(project, off.module, off.node) === wants) report(node, `${home} is told not to escape`);
    }
  },
  inText: (path, text) => {
    const form = FORMS.find(([name]) => name.test(path))?.[1];
    if (form === undefined) return [];
    return [...text.matchAll(form)].flatMap((match): TextHit[] => {
      const value = (match[1] ?? match[2] ?? "").trim();
      if (value === "" || TRUSTED.test(value) || /^(?:body|@partial-block|content|block)$/.test(value))
        return [];
      if (/^(?:"[^"]*"|'[^']*'|`[^`$]*`)$/.test(value)) return [];
      return [
        {
          start: match.index,
          end: match.index + match[0].length,
          observed: `puts in as it is: ${value.slice(0, 80).replaceAll(/\s+/g, " ")}`,
        },
      ];
    });
  },
};
