/** A text as it is put together: templates, sums, lists that are joined, names that stand for them, what is added later. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import type { Binding } from "../source/scope.ts";
import { nameOf } from "./read.ts";

export interface Piece {
  readonly module: Module;
  readonly node: Node;
  /** The whole that it is a piece of, where that is written down. */
  readonly built: Node;
  /** Of several texts that it may be, which one this is a piece of. */
  readonly choice: Node;
  /** Undefined: only a running program knows. */
  readonly text: string | undefined;
}

interface Choice {
  readonly node: Node;
  /** In a text that is put together, where what stands before it counts. */
  readonly inside: boolean;
}

const MAX_PIECES = 400;
const MAX_DEPTH = 12;

export class Pieces {
  readonly list: Piece[] = [];
  readonly #project: Project;
  readonly #seen = new Set<Binding>();

  constructor(project: Project, module: Module, expression: Node) {
    this.#project = project;
    this.#take(module, expression, expression, 0, { node: expression, inside: false });
  }

  #take(module: Module, expression: Node, built: Node, depth: number, choice: Choice): void {
    const node = bare(expression);
    if (this.list.length > MAX_PIECES) return;
    const put = (text: string | undefined): void =>
      void this.list.push({ module, node, built, choice: choice.node, text });
    if (depth > MAX_DEPTH) return put(undefined);
    const go = (one: Node, home: Node = built, of: Choice = choice): void =>
      this.#take(module, one, home, depth + 1, of);
    const inside: Choice = { node: choice.node, inside: true };
    const branch = (one: Node): void => go(one, one, choice.inside ? choice : { node: one, inside: false });
    switch (node.type) {
      case "Literal":
        return put(node.value === null ? "" : String(node.value));
      case "TemplateLiteral":
        return node.quasis.forEach((quasi, index) => {
          this.list.push({
            module,
            node: quasi,
            built: node,
            choice: choice.node,
            text: quasi.value.cooked ?? quasi.value.raw,
          });
          const inner = node.expressions[index];
          if (inner !== undefined) go(inner, node, inside);
        });
      case "BinaryExpression":
        if (node.operator !== "+") return put(undefined);
        // A sum of a thousand texts leans to the left a thousand deep.
        return this.#ofSum(module, node, depth, inside);
      case "ConditionalExpression":
        branch(node.consequent);
        return branch(node.alternate);
      case "LogicalExpression":
        branch(node.left);
        return branch(node.right);
      case "AwaitExpression":
        return go(node.argument);
      case "CallExpression":
        return this.#ofCall(module, node, built, depth, inside);
      case "ArrayExpression":
        return node.elements.forEach((one) => {
          if (one !== null) go(one);
        });
      case "Identifier":
        return this.#ofName(module, node, built, depth, choice);
      case "MemberExpression": {
        const meaning = this.#project.meaningOf(module, node);
        if (meaning.kind !== "node" || meaning.node === node || !isText(meaning.node)) return put(undefined);
        return this.#take(meaning.module, meaning.node, built, depth + 1, choice);
      }
      default:
        return put(undefined);
    }
  }

  #ofSum(module: Module, node: Node, depth: number, choice: Choice): void {
    const whole = wholeOf(module, node);
    for (const one of sumOf(node).slice(0, MAX_PIECES)) this.#take(module, one, whole, depth + 1, choice);
  }

  #ofCall(module: Module, node: Node, built: Node, depth: number, choice: Choice): void {
    if (node.type !== "CallExpression") return;
    const callee = bare(node.callee);
    const name = nameOf(callee);
    const isFormat = name === "format" && node.arguments.length > 1;
    if (
      callee.type === "MemberExpression" &&
      /^(?:concat|join|trim|replace)$/.test(name) &&
      !/^path$/.test(nameOf(callee.object))
    ) {
      this.#take(module, callee.object, node, depth + 1, choice);
      if (name === "concat")
        for (const one of node.arguments) this.#take(module, one, node, depth + 1, choice);
    } else if (isFormat && !isQuotingFormat(node.arguments[0]))
      for (const one of node.arguments) this.#take(module, one, node, depth + 1, choice);
    else this.list.push({ module, node, built, choice: choice.node, text: undefined });
  }

  #ofName(module: Module, node: Node, built: Node, depth: number, choice: Choice): void {
    const binding = node.type === "Identifier" ? module.scopes.bindingOf(node) : undefined;
    const init = binding?.node.type === "VariableDeclarator" ? binding.node.init : null;
    if (
      binding === undefined ||
      init === null ||
      this.#seen.has(binding) ||
      !(isText(bare(init)) || isList(bare(init)))
    ) {
      const meaning = this.#project.meaningOf(module, node);
      if (meaning.kind === "node" && meaning.module !== module && isText(meaning.node))
        return this.#take(meaning.module, meaning.node, built, depth + 1, choice);
      return void this.list.push({ module, node, built, choice: choice.node, text: undefined });
    }
    this.#seen.add(binding);
    const of = (one: Node): Choice => (choice.inside ? choice : { node: one, inside: false });
    this.#take(module, init, init, depth + 1, of(init));
    for (const reference of binding.references) {
      const parent = module.parents.get(reference);
      if (parent?.type === "AssignmentExpression" && parent.left === reference)
        this.#take(module, parent.right, parent.right, depth + 1, of(parent.right));
      const call = parent === undefined ? undefined : module.parents.get(parent);
      if (parent?.type === "MemberExpression" && call?.type === "CallExpression" && nameOf(parent) === "push")
        for (const one of call.arguments) this.#take(module, one, one, depth + 1, of(one));
    }
  }
}

/** pg-format: `%I` and `%L` are quoted by it, `%s` is not. */
const isQuotingFormat = (first: Node | undefined): boolean =>
  first?.type === "Literal" && /%[IL]/.test(String(first.value)) && !/%s/.test(String(first.value));

const isList = (node: Node): boolean => node.type === "ArrayExpression";
const isText = (node: Node): boolean =>
  node.type === "TemplateLiteral" ||
  (node.type === "BinaryExpression" && node.operator === "+") ||
  (node.type === "Literal" && typeof node.value === "string") ||
  node.type === "ConditionalExpression" ||
  (node.type === "CallExpression" && /^(?:concat|join|format)$/.test(nameOf(node.callee)));

/** The summands, from left to right. */
export function sumOf(node: Node): Node[] {
  const found: Node[] = [];
  let left: Node = node;
  while (left.type === "BinaryExpression" && left.operator === "+") {
    found.push(left.right);
    left = bare(left.left);
  }
  found.push(left);
  return found.toReversed();
}

/** The outermost sum around a sum. */
export function wholeOf(module: Module, node: Node): Node {
  let whole = node;
  for (
    let parent = module.parents.get(whole);
    parent?.type === "BinaryExpression" && parent.operator === "+";
    parent = module.parents.get(whole)
  )
    whole = parent;
  return whole;
}

/** A text that is put together, looked at once: the outermost of a sum, a template that no tag takes. */
export function isBuilt(module: Module, node: Node): boolean {
  const parent = module.parents.get(node);
  if (node.type === "TemplateLiteral")
    return (
      node.expressions.length > 0 &&
      (parent?.type !== "TaggedTemplateExpression" || nameOf(parent.tag) === "raw") &&
      !(parent?.type === "BinaryExpression" && parent.operator === "+")
    );
  // Only the parent is asked: to climb from each of ten thousand summands would take a hundred million steps.
  if (node.type === "BinaryExpression")
    return node.operator === "+" && !(parent?.type === "BinaryExpression" && parent.operator === "+");
  return node.type === "CallExpression" && /^(?:concat|format)$/.test(nameOf(node.callee));
}
