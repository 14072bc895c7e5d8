/** Secrets that are compared byte by byte, until the first that differs. */
import type { Node } from "oxc-parser";
import { bare, type Module, sourceOf } from "../../source/parse.ts";
import { isProofName, wordsOf } from "../names.ts";
import { nameOf, ownerOf, shown } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const BROWSER = /\.vue$/;

export const timingUnsafe: Rule = {
  id: "timing-unsafe",
  claim: "Secrets are compared in constant time, or looked up by their hash.",
  cwe: 208,
  asvs: "v5.0.0-11.2.4",
  severity: "medium",
  advice: {
    symptom: "The time of the answer tells how much of a guess was right.",
    cause: "`===`, `equals` and `Buffer.compare` stop at the first difference.",
    fix: "Hash both with SHA-256 and compare them with `crypto.timingSafeEqual`.",
  },
  of: ["BinaryExpression", "CallExpression"],
  look: (scene, node) => {
    if (BROWSER.test(scene.module.path)) return;
    if (node.type === "BinaryExpression" && /^[!=]==?$/.test(node.operator)) {
      if (compares(scene, bare(node.left), bare(node.right)))
        scene.report(node, `${shown(scene.module, node)} takes as long as it is right`);
    } else if (node.type === "CallExpression") {
      const name = nameOf(node.callee);
      const [first, second] = node.arguments;
      const owner = ownerOf(node.callee);
      if (owner === undefined || first === undefined) return;
      const sides =
        name === "compare" && nameOf(owner) === "Buffer"
          ? [first, second]
          : /^(?:equals|localeCompare)$/.test(name)
            ? [owner, first]
            : [];
      const [left, right] = sides;
      if (left !== undefined && right !== undefined && compares(scene, bare(left), bare(right)))
        scene.report(node, `${shown(scene.module, node)} takes as long as it is right`);
    }
  },
};

const PAIRED =
  /\b(?:confirm|confirmation|repeat|repeated|again|old|new|previous|last|current|next|kind|type|length|username|user name|email|login)\b/;
const PLAIN = /^(?:token|key)$/i;
/** Where secrets are kept. */
const KEEPERS = /^(?:env|user|session|config|account|invite|invitation|record|row|settings|options)$/;

const has = (pattern: RegExp, name: string): boolean => pattern.test(wordsOf(name).join(" "));

/** One of them is a secret by its name, and the other is a value that somebody gave. */
function compares({ project, module }: Scene, left: Node, right: Node): boolean {
  if (!isValue(left) || !isValue(right)) return false;
  if (project.textOf(module, left) !== undefined || project.textOf(module, right) !== undefined) return false;
  const [one, other] = [labelOf(module, left), labelOf(module, right)];
  if (has(PAIRED, one) || has(PAIRED, other)) return false;
  // Members of an enumeration: `token === Token.Close`.
  if (/^[A-Z]\w*\.[A-Z]/.test(sourceOf(module, right))) return false;
  if (isSameValue(module, left, right) || isSameValue(module, right, left)) return false;
  if (PLAIN.test(one) || PLAIN.test(other)) {
    // A `token` alone may be one of a parser: then the other has to be a secret too.
    const [rest, node] = PLAIN.test(one) ? [other, right] : [one, left];
    if (PLAIN.test(rest)) return [left, right].some(isKept);
    return isProofName(rest) || isKept(node) || has(/\b(?:expected|stored|valid|correct|secret)\b/, rest);
  }
  return isProofName(one) || isProofName(other);
}

const isKept = (node: Node): boolean => node.type === "MemberExpression" && KEEPERS.test(nameOf(node.object));

/** `decoded.toString("base64url") !== text`, where `decoded` was made of that text: its spelling is looked at. */
function isSameValue(module: Module, spelt: Node, text: Node): boolean {
  const owner = spelt.type === "CallExpression" ? ownerOf(spelt.callee) : undefined;
  const binding = owner === undefined ? undefined : module.scopes.bindingOf(owner);
  const init = binding?.node.type === "VariableDeclarator" ? binding.node.init : null;
  return init !== null && init !== undefined && sourceOf(module, init).includes(sourceOf(module, text));
}

const isValue = (node: Node): boolean =>
  node.type === "Identifier"
    ? node.name !== "undefined"
    : node.type === "MemberExpression" || node.type === "CallExpression" || node.type === "AwaitExpression";

/** The name of a value: of `get("x-api-key")` its argument, of `mac.toString("hex")` and of `md5(password)` what is in it. */
function labelOf(module: Module, node: Node): string {
  if (node.type === "AwaitExpression") return labelOf(module, bare(node.argument));
  if (node.type !== "CallExpression") return nameOf(node);
  const name = nameOf(node.callee);
  const owner = ownerOf(node.callee);
  const [first] = node.arguments;
  if (first !== undefined && /^(?:decodeURIComponent|String|from)$/.test(name))
    return labelOf(module, bare(first));
  if (name === "digest") return isHmac(node) ? "mac" : "";
  if (owner !== undefined && /^(?:toString|trim|toLowerCase|at)$/.test(name)) return labelOf(module, owner);
  if (first?.type === "Literal" && typeof first.value === "string")
    return /^(?:get|header|param|query|cookie)$/.test(name) ? first.value : "";
  return first !== undefined && /^(?:md5|sha\d+|hash|hashOf|digestOf)$/i.test(name) ? nameOf(first) : name;
}

const isHmac = (node: Node): boolean => {
  let inner: Node | undefined = node;
  for (let steps = 0; inner !== undefined && steps < 6; steps += 1) {
    if (inner.type === "CallExpression" && nameOf(inner.callee) === "createHmac") return true;
    inner = inner.type === "CallExpression" ? ownerOf(inner.callee) : undefined;
  }
  return false;
};
