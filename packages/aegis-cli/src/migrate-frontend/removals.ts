/** Takes properties, list elements and statements out, with their comma, their line and an `if` that has become empty. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../source/parse.ts";
import { type Edit, endOfLine, isLineEnd, lineStart, skipTrivia } from "./edits.ts";

export function editsOfRemovals(module: Module, chosen: ReadonlySet<Node>): readonly Edit[] {
  const removals = widened(module, chosen);
  const edits: Edit[] = [];
  for (const node of module.nodes) {
    if (insideOf(module, node, removals)) continue;
    if (node.type === "ObjectExpression") edits.push(...fromList(module, node, node.properties, removals));
    else if (node.type === "ArrayExpression")
      edits.push(
        ...fromList(
          module,
          node,
          node.elements.filter((one) => one !== null),
          removals,
        ),
      );
    else if (node.type === "ExpressionStatement" || node.type === "IfStatement") {
      if (removals.has(node)) edits.push(statement(module, node));
    } else if (node.type === "ArrowFunctionExpression" && removals.has(node.body))
      edits.push({ start: node.body.start, end: node.body.end, text: "{}" });
  }
  return edits;
}

/** What is inside something that goes needs no edit of its own. */
function insideOf(module: Module, node: Node, removals: ReadonlySet<Node>): boolean {
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one))
    if (removals.has(one)) return true;
  return false;
}

/** An `if` around nothing, or a spread of nothing, goes too, where its condition does nothing but look. */
function widened(module: Module, chosen: ReadonlySet<Node>): ReadonlySet<Node> {
  const all = new Set(chosen);
  // Children first, so that an `if` in an `if` is seen after the inner one.
  for (const node of module.nodes.toReversed()) {
    if (node.type === "IfStatement" && node.alternate === null && isPure(node.test)) {
      const { consequent } = node;
      const body = consequent.type === "BlockStatement" ? consequent.body : [consequent];
      if (body.length > 0 && body.every((one) => all.has(one)) && isStatement(module, node)) {
        const kept = module.comments.some(
          (one) =>
            one.start > consequent.start &&
            one.end < consequent.end &&
            !body.some((gone) => one.start >= gone.start && lineStart(module.text, one.start) <= gone.end),
        );
        if (!kept) all.add(node);
      }
    } else if (node.type === "SpreadElement" && module.parents.get(node)?.type === "ObjectExpression") {
      const object = conditionalObject(node.argument);
      if (object !== undefined && object.length > 0 && object.every((one) => all.has(one))) all.add(node);
    }
  }
  return all;
}

const isStatement = (module: Module, node: Node): boolean => {
  const parent = module.parents.get(node)?.type;
  return parent === "BlockStatement" || parent === "Program" || parent === "StaticBlock";
};

/** The properties of `...(test && {...})` and `...(test ? {...} : {})`. */
function conditionalObject(argument: Node): readonly Node[] | undefined {
  const node = bare(argument);
  if (node.type === "LogicalExpression" && node.operator === "&&" && isPure(node.left)) {
    const right = bare(node.right);
    return right.type === "ObjectExpression" ? right.properties : undefined;
  }
  if (node.type !== "ConditionalExpression" || !isPure(node.test)) return undefined;
  const [yes, no] = [bare(node.consequent), bare(node.alternate)];
  const isNothing = (one: Node): boolean =>
    (one.type === "ObjectExpression" && one.properties.length === 0) ||
    (one.type === "Identifier" && one.name === "undefined") ||
    (one.type === "Literal" && one.value === null);
  if (yes.type === "ObjectExpression" && isNothing(no)) return yes.properties;
  return no.type === "ObjectExpression" && isNothing(yes) ? no.properties : undefined;
}

/** Looks at values and does nothing else. */
export function isPure(expression: Node): boolean {
  const node = bare(expression);
  switch (node.type) {
    case "Identifier":
    case "Literal":
    case "ThisExpression":
    case "MetaProperty":
      return true;
    case "MemberExpression":
      return isPure(node.object) && (!node.computed || isPure(node.property));
    case "UnaryExpression":
      return node.operator !== "delete" && isPure(node.argument);
    case "LogicalExpression":
    case "BinaryExpression":
      return isPure(node.left) && isPure(node.right);
    case "TemplateLiteral":
      return node.expressions.every(isPure);
    case "ConditionalExpression":
      return isPure(node.test) && isPure(node.consequent) && isPure(node.alternate);
    default:
      return false;
  }
}

function statement(module: Module, node: Node): Edit {
  if (!isStatement(module, node) && module.parents.get(node)?.type !== "SwitchCase")
    return { start: node.start, end: node.end, text: "{}" };
  const next = skipTrivia(module, node.end);
  const before = module.text.slice(0, node.start).trimEnd().at(-1) ?? ";";
  // Without semicolons the line before would go on in the line behind.
  const joins = !";{".includes(before) && "([`+-/".includes(module.text[next] ?? " ");
  if (joins) return { start: node.start, end: node.end, text: ";" };
  return (
    wholeLines(module, node.start, node.end) ?? {
      start: node.start,
      end: spaceEnd(module.text, node.end),
      text: "",
    }
  );
}

const spaceEnd = (text: string, from: number): number => {
  let end = from;
  while (text[end] === " " || text[end] === "\t") end += 1;
  return end;
};

/** The lines themselves, where nothing else but a comment behind it stands on them. */
function wholeLines(module: Module, start: number, end: number): Edit | undefined {
  const { text } = module;
  const first = lineStart(text, start);
  if (!/^[ \t]*$/.test(text.slice(first, start))) return undefined;
  const last = endOfLine(text, end);
  if (!isLineEnd(module, end) || last === text.length) return undefined;
  const newline = text.indexOf("\n", last);
  return { start: first, end: newline + 1, text: "" };
}

function fromList(
  module: Module,
  list: Node,
  elements: readonly Node[],
  removals: ReadonlySet<Node>,
): Edit[] {
  const edits: Edit[] = [];
  for (let index = 0; index < elements.length; index += 1) {
    const first = elements[index];
    if (first === undefined || !removals.has(first)) continue;
    let last = first;
    const previous = elements[index - 1];
    for (
      let next = elements[index + 1];
      next !== undefined && removals.has(next);
      next = elements[index + 1]
    ) {
      last = next;
      index += 1;
    }
    edits.push(...run(module, list, { previous, first, last, next: elements[index + 1] }));
  }
  return edits;
}

interface Stretch {
  readonly previous: Node | undefined;
  readonly first: Node;
  readonly last: Node;
  readonly next: Node | undefined;
}

function run(module: Module, list: Node, { previous, first, last, next }: Stretch): Edit[] {
  const { text } = module;
  const comma = skipTrivia(module, last.end);
  const hasComma = text[comma] === ",";
  const end = hasComma ? comma + 1 : last.end;
  if (previous === undefined && next === undefined) {
    const [inside, outside] = [text.slice(list.start + 1, first.start), text.slice(end, list.end - 1)];
    if ((inside + outside).trim() === "") return [{ start: list.start + 1, end: list.end - 1, text: "" }];
  }
  const lines = wholeLines(module, first.start, end);
  const behind = previous === undefined ? undefined : skipTrivia(module, previous.end);
  const earlier = behind !== undefined && text[behind] === "," ? behind : undefined;
  const dangling =
    next === undefined && !hasComma && earlier !== undefined
      ? [{ start: earlier, end: earlier + 1, text: "" }]
      : [];
  if (lines !== undefined) return [...dangling, lines];
  if (next !== undefined) {
    const stop = spaceEnd(text, end);
    return [{ start: first.start, end: stop >= next.start ? next.start : stop, text: "" }];
  }
  if (previous === undefined || earlier === undefined) return [{ start: first.start, end, text: "" }];
  // From the comma before to the end of the last; the comma behind, if there is one, stays the list's own.
  const stays = text.slice(earlier + 1, first.start);
  return stays.trim() === ""
    ? [{ start: earlier, end: last.end, text: "" }]
    : [...dangling, { start: first.start, end, text: "" }];
}
