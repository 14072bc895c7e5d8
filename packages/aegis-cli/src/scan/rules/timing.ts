/** Secrets that are compared byte by byte, until the first that differs. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module } from "../../source/parse.ts";
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

/** One of them is a secret by its name, and the other is a value that somebody gave. */
function compares({ project, module }: Scene, left: Node, right: Node): boolean {
  if (!isValue(left) || !isValue(right)) return false;
  if (project.textOf(module, left) !== undefined || project.textOf(module, right) !== undefined) return false;
  const names = [labelOf(module, left), labelOf(module, right)];
  const [one = "", other = ""] = names;
  if (
    names.some((name) =>
      /\b(?:confirm|confirmation|repeat|repeated|again|old|new|previous|last|current|next|kind|type|length)\b/.test(
        wordsOf(name).join(" "),
      ),
    )
  )
    return false;
  if (/^[A-Z][\w]*\.[A-Z]/.test(module.text.slice(right.start, right.end))) return false;
  if (!isProofName(one) && !isProofName(other)) return false;
  // A `token` alone may be one of a parser: then the other has to be a secret too.
  const isPlain = (name: string): boolean => /^(?:token|key)$/i.test(name);
  return isPlain(one) || isPlain(other) ? isSecretPair(one, other, left, right) : true;
}

const isSecretPair = (one: string, other: string, left: Node, right: Node): boolean => {
  const [rest, node] = /^(?:token|key)$/i.test(one) ? [other, right] : [one, left];
  return (
    (isProofName(rest) && !/^(?:token|key)$/i.test(rest)) ||
    (/^(?:token|key)$/i.test(rest) &&
      node.type === "MemberExpression" &&
      /^(?:env|user|session|config|account|invite|record|row)$/.test(nameOf(node.object))) ||
    /\b(?:expected|stored|valid|correct|secret)\b/.test(wordsOf(rest).join(" "))
  );
};

const isValue = (node: Node): boolean =>
  node.type === "Identifier"
    ? node.name !== "undefined"
    : node.type === "MemberExpression" || node.type === "CallExpression" || node.type === "AwaitExpression";

/** The name of a value: of `headers["x-signature"]` that, of `get("x-api-key")` its argument, of `hash(x)` the function's and x. */
function labelOf(module: Module, node: Node): string {
  if (node.type === "AwaitExpression") return labelOf(module, bare(node.argument));
  if (node.type !== "CallExpression") return nameOf(node);
  const [first] = node.arguments;
  const name = nameOf(node.callee);
  if (first !== undefined && first.type === "Literal" && typeof first.value === "string")
    return /^(?:get|header|param|query|cookie)$/.test(name)
      ? first.value
      : name === "digest" || name === "toString"
        ? "mac"
        : name;
  if (/^(?:digest)$/.test(name)) return isHmac(node) ? "mac" : "";
  if (first !== undefined && !isFunction(first) && /^(?:md5|sha\d+|hash|hashOf|digestOf)$/i.test(name))
    return `${nameOf(first)}`;
  return name;
}

const isHmac = (node: Node): boolean => {
  let inner: Node | undefined = node;
  for (let steps = 0; inner !== undefined && steps < 6; steps += 1) {
    if (inner.type === "CallExpression" && nameOf(inner.callee) === "createHmac") return true;
    inner = inner.type === "CallExpression" ? ownerOf(inner.callee) : undefined;
  }
  return false;
};
