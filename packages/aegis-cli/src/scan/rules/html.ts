/** Values that a browser reads as HTML. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { atLeast } from "../origin.ts";
import { Pieces } from "../pieces.ts";
import { literalOf, nameOf, optionsOf, ownerOf, shown } from "../read.ts";
import type { Rule, Scene, TextHit } from "../rule.ts";

const DOM_PROPERTIES = /^(?:innerHTML|outerHTML|srcdoc)$/;
const JQUERY = /^(?:html|append|prepend|after|before|replaceWith)$/;

export const htmlSink: Rule = {
  id: "html-sink",
  claim: "Values reach a page as text, or as HTML that was cleaned.",
  cwe: 79,
  asvs: "v5.0.0-3.2.2",
  severity: "high",
  advice: {
    symptom: "Whoever writes the value has a script run in the page of whoever reads it.",
    cause: "The value is read as HTML and nothing was taken out of it.",
    fix: "Use `textContent`; where it has to be HTML, clean it (DOMPurify, the Sanitizer API, Aegis' `sanitize` fields).",
  },
  of: ["AssignmentExpression", "CallExpression", "JSXAttribute"],
  look: (scene, node) => {
    if (node.type === "AssignmentExpression" && /^\+?=$/.test(node.operator)) {
      const target = bare(node.left);
      if (target.type === "MemberExpression" && DOM_PROPERTIES.test(nameOf(target)))
        judge(scene, node, node.right, nameOf(target));
    } else if (node.type === "CallExpression") inCall(scene, node);
    else if (node.type === "JSXAttribute" && node.name.name === "dangerouslySetInnerHTML") {
      const value = node.value?.type === "JSXExpressionContainer" ? node.value.expression : undefined;
      const html = optionsOf(scene.project, scene.module, value)?.values.get("__html");
      if (html !== undefined) judge(scene, node, html.node, "dangerouslySetInnerHTML");
    }
  },
  inText: (path, text) => (path.endsWith(".vue") ? vueHtml(text) : []),
};

function inCall(scene: Scene, call: Node): void {
  if (call.type !== "CallExpression") return;
  const name = nameOf(call.callee);
  const owner = ownerOf(call.callee);
  if (owner === undefined) return;
  const [first, second] = call.arguments;
  if (name === "insertAdjacentHTML" && second !== undefined) judge(scene, call, second, name);
  else if (/^write(?:ln)?$/.test(name) && nameOf(owner) === "document" && first !== undefined)
    judge(scene, call, first, `document.${name}`);
  else if (/^(?:createContextualFragment|setHTMLUnsafe|parseHTMLUnsafe)$/.test(name) && first !== undefined)
    judge(scene, call, first, name);
  else if (
    JQUERY.test(name) &&
    isJquery(owner) &&
    first !== undefined &&
    (name === "html" || isMarkup(scene, first))
  )
    judge(scene, call, first, `.${name}()`);
  else if (/^(?:send|end|write)$/.test(name) && isAnswer(owner) && first !== undefined)
    sent(scene, call, first);
}

const isJquery = (owner: Node): boolean => {
  const name = nameOf(owner);
  return name.startsWith("$") || name === "jQuery";
};
const isAnswer = (owner: Node): boolean =>
  /^(?:res|response|reply|status|code|type|header|set)$/.test(nameOf(owner));
const isMarkup = ({ project, module }: Scene, node: Node): boolean =>
  new Pieces(project, module, node).list.some(({ text }) => text !== undefined && /<[a-z/!]/i.test(text));

/** An answer of the server: HTML with something of the request in it. */
function sent(scene: Scene, call: Node, value: Node): void {
  const { project, module, flow, report } = scene;
  if (!isMarkup(scene, value)) return;
  const bad = new Pieces(project, module, value).list.find(
    (piece) => piece.text === undefined && flow.of(piece.module, piece.node) === "request",
  );
  if (bad !== undefined) report(call, `${shown(bad.module, bad.node)} is sent back as HTML`);
}

function judge({ project, module, flow, report }: Scene, at: Node, value: Node, sink: string): void {
  const literal = literalOf(project, module, value);
  if (typeof literal === "string") return;
  const bad = new Pieces(project, module, value).list.find(
    (piece) => piece.text === undefined && atLeast(flow.of(piece.module, piece.node), "unknown"),
  );
  // Markup of another element is markup already.
  if (bad === undefined || DOM_PROPERTIES.test(nameOf(bad.node))) return;
  report(at, `${sink} takes ${shown(bad.module, bad.node)}`);
}

const V_HTML = /\sv-html\s*=\s*(?:"([^"]{0,500})"|'([^']{0,500})')/g;

function vueHtml(text: string): readonly TextHit[] {
  return [...text.matchAll(V_HTML)].flatMap((match) => {
    const value = (match[1] ?? match[2] ?? "").trim();
    if (/sanit|purif|clean|escape/i.test(value) || /^(?:'[^']*'|`[^`$]*`)$/.test(value)) return [];
    return [
      {
        start: match.index + 1,
        end: match.index + match[0].length,
        observed: `v-html takes ${value.slice(0, 80)}`,
      },
    ];
  });
}
