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
  /** Undefined: only a running program knows. */
  readonly text: string | undefined;
}

const MAX_PIECES = 400;
const MAX_DEPTH = 12;

export class Pieces {
  readonly list: Piece[] = [];
  readonly #project: Project;
  readonly #seen = new Set<Binding>();

  constructor(project: Project, module: Module, expression: Node) {
    this.#project = project;
    this.#take(module, expression, expression, 0);
  }

  #take(module: Module, expression: Node, built: Node, depth: number): void {
    const node = bare(expression);
    if (this.list.length > MAX_PIECES) return;
    const put = (text: string | undefined): void => void this.list.push({ module, node, built, text });
    if (depth > MAX_DEPTH) return put(undefined);
    const go = (one: Node, home: Node = built): void => this.#take(module, one, home, depth + 1);
    switch (node.type) {
      case "Literal":
        return put(node.value === null ? "" : String(node.value));
      case "TemplateLiteral":
        return node.quasis.forEach((quasi, index) => {
          this.list.push({ module, node: quasi, built: node, text: quasi.value.cooked ?? quasi.value.raw });
          const inner = node.expressions[index];
          if (inner !== undefined) go(inner, node);
        });
      case "BinaryExpression":
        if (node.operator !== "+") return put(undefined);
        // A sum of a thousand texts leans to the left a thousand deep.
        return sumOf(node).forEach((one) => go(one, wholeOf(module, node)));
      case "ConditionalExpression":
        go(node.consequent);
        return go(node.alternate);
      case "LogicalExpression":
        go(node.left);
        return go(node.right);
      case "AwaitExpression":
        return go(node.argument);
      case "CallExpression":
        return this.#ofCall(module, node, built, depth);
      case "ArrayExpression":
        return node.elements.forEach((one) => {
          if (one !== null) go(one);
        });
      case "Identifier":
        return this.#ofName(module, node, built, depth);
      case "MemberExpression": {
        const meaning = this.#project.meaningOf(module, node);
        if (meaning.kind !== "node" || meaning.node === node || !isText(meaning.node)) return put(undefined);
        return this.#take(meaning.module, meaning.node, built, depth + 1);
      }
      default:
        return put(undefined);
    }
  }

  #ofCall(module: Module, node: Node, built: Node, depth: number): void {
    if (node.type !== "CallExpression") return;
    const callee = bare(node.callee);
    const name = nameOf(callee);
    const isFormat = name === "format" && node.arguments.length > 1;
    if (
      callee.type === "MemberExpression" &&
      /^(?:concat|join|trim|replace)$/.test(name) &&
      !/^path$/.test(nameOf(callee.object))
    ) {
      this.#take(module, callee.object, node, depth + 1);
      if (name === "concat") for (const one of node.arguments) this.#take(module, one, node, depth + 1);
    } else if (isFormat) for (const one of node.arguments) this.#take(module, one, node, depth + 1);
    else this.list.push({ module, node, built, text: undefined });
  }

  #ofName(module: Module, node: Node, built: Node, depth: number): void {
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
        return this.#take(meaning.module, meaning.node, built, depth + 1);
      return void this.list.push({ module, node, built, text: undefined });
    }
    this.#seen.add(binding);
    this.#take(module, init, init, depth + 1);
    for (const reference of binding.references) {
      const parent = module.parents.get(reference);
      if (parent?.type === "AssignmentExpression" && parent.left === reference)
        this.#take(module, parent.right, parent.right, depth + 1);
      const call = parent === undefined ? undefined : module.parents.get(parent);
      if (parent?.type === "MemberExpression" && call?.type === "CallExpression" && nameOf(parent) === "push")
        for (const one of call.arguments) this.#take(module, one, one, depth + 1);
    }
  }
}

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
  if (node.type === "BinaryExpression") return node.operator === "+" && wholeOf(module, node) === node;
  return node.type === "CallExpression" && /^(?:concat|format)$/.test(nameOf(node.callee));
}
