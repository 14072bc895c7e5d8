/** Whether a name was looked at before it was used: `if (!ALLOWED.has(x)) throw ...`, `isLocal(x) ? x : "/"`. */
import type { Node } from "oxc-parser";
import { bare, type Module, sourceOf } from "../source/parse.ts";
import type { Binding } from "../source/scope.ts";
import { nameOf } from "./read.ts";

const GUARD =
  /^(?:has|includes|test|startsWith|hasOwn|hasOwnProperty|indexOf|match|some|is[A-Z]\w*|(?:valid|assert|check|ensure|safe|allow|verify)\w*)$/;
/** Enough for any test that a person wrote. */
const MAX_CLIMB = 12;

/** Does the expression ask a question whose answer bounds what `text` may be? */
export function asks(module: Module, test: Node, text: string): boolean {
  const inside = (node: Node): boolean => node.start >= test.start && node.end <= test.end;
  return module.scopes.bindingOf(test) === undefined && text.length < 200
    ? guardCalls(module).some(({ call, said }) => inside(call) && said.includes(text))
    : false;
}

interface GuardCall {
  readonly call: Node;
  /** Source texts of its arguments, and of what it is called on. */
  readonly said: readonly string[];
}
const calls = new WeakMap<Module, readonly GuardCall[]>();

function guardCalls(module: Module): readonly GuardCall[] {
  const known = calls.get(module);
  if (known !== undefined) return known;
  const found: GuardCall[] = [];
  for (const call of module.nodes) {
    if (call.type !== "CallExpression" || !GUARD.test(nameOf(call.callee))) continue;
    const callee = bare(call.callee);
    const said = call.arguments.map((one) => sourceOf(module, one).slice(0, 200));
    if (callee.type === "MemberExpression") said.push(sourceOf(module, bare(callee.object)).slice(0, 200));
    found.push({ call, said });
  }
  calls.set(module, found);
  return found;
}

/** So many statements before a place are looked at. */
const MAX_BEFORE = 50;

/** Inside an `if` or a choice that asks about the very expression, or behind one that leaves. */
export function isAskedAbout(module: Module, node: Node): boolean {
  const text = sourceOf(module, node);
  let inner = node;
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one)) {
    if (one.type === "IfStatement" || one.type === "ConditionalExpression") {
      if (one.test !== inner && asks(module, one.test, text)) return true;
    } else if (one.type === "BlockStatement" || one.type === "Program") {
      const place = placeIn(one.body, inner);
      const before = one.body.slice(Math.max(0, place - MAX_BEFORE), Math.max(0, place));
      for (const statement of before)
        if (
          statement.type === "IfStatement" &&
          leaves(statement.consequent) &&
          asks(module, statement.test, text)
        )
          return true;
    }
    inner = one;
  }
  return false;
}

/** By halves: a file may be one list of ten thousand statements. */
function placeIn(body: readonly Node[], statement: Node): number {
  let [low, high] = [0, body.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((body[middle]?.start ?? 0) < statement.start) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Guard {
  readonly reference: Node;
  readonly statement: Node;
}
const guards = new WeakMap<Binding, readonly Guard[]>();

/** Found once for a name: it may be used ten thousand times. */
function guardsOf(module: Module, binding: Binding): readonly Guard[] {
  const known = guards.get(binding);
  if (known !== undefined) return known;
  const found: Guard[] = [];
  for (const reference of binding.references) {
    const test = testOf(module, reference);
    const statement = test === undefined ? undefined : module.parents.get(test);
    if (statement !== undefined) found.push({ reference, statement });
  }
  guards.set(binding, found);
  return found;
}

/** So many questions before a use are looked at, from the nearest. */
const MAX_GUARDS = 200;

export function isGuarded(module: Module, use: Node, binding: Binding): boolean {
  const all = guardsOf(module, binding);
  let place = countBefore(all, use.start) - 1;
  for (let steps = 0; place >= 0 && steps < MAX_GUARDS; steps += 1, place -= 1) {
    const statement = all[place]?.statement;
    if (statement === undefined) continue;
    if (statement.type === "ConditionalExpression" || statement.type === "LogicalExpression") {
      if (use.end <= statement.end) return true;
    } else if (statement.type === "IfStatement") {
      const { consequent } = statement;
      if (use.start >= consequent.start && use.end <= statement.end) return true;
      if (use.start > statement.end && leaves(consequent)) return true;
    }
  }
  return false;
}

/** References stand in the order of the text. */
function countBefore(all: readonly Guard[], start: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((all[middle]?.reference.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The whole test that a name is asked about in. */
function testOf(module: Module, reference: Node): Node | undefined {
  let asked = false;
  let node = reference;
  for (let steps = 0; steps < MAX_CLIMB; steps += 1) {
    const parent = module.parents.get(node);
    if (parent === undefined) return undefined;
    asked ||= parent.type === "CallExpression" && GUARD.test(nameOf(parent.callee));
    asked ||= parent.type === "BinaryExpression" && (parent.operator === "in" || isLiteralTest(parent));
    if (
      ((parent.type === "IfStatement" || parent.type === "ConditionalExpression") && parent.test === node) ||
      (parent.type === "LogicalExpression" && parent.operator === "&&" && parent.left === node)
    ) {
      if (asked && parent.type !== "LogicalExpression") return node;
      if (asked && module.parents.get(parent)?.type !== "IfStatement") return node;
    }
    if (/Statement$|Function|Program/.test(parent.type)) return undefined;
    node = parent;
  }
  return undefined;
}

/** `kind === "a"`: what passes is a word of the program's own. */
const isLiteralTest = (node: Node): boolean =>
  node.type === "BinaryExpression" &&
  /^[!=]==?$/.test(node.operator) &&
  [node.left, node.right].some(
    (side) => side.type === "Literal" && typeof side.value === "string" && side.value !== "",
  );

export function leaves(statement: Node): boolean {
  if (statement.type === "BlockStatement") {
    const last = statement.body.at(-1);
    return last !== undefined && leaves(last);
  }
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(statement.type);
}
