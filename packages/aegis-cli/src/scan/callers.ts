/** Who calls a function, in all files; read once. */
import type { Node } from "oxc-parser";
import { around, isFunction, type Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import { nameOf } from "./read.ts";

export interface Caller {
  readonly module: Module;
  /** What it gives for the parameter at a place; `other`: something that is not written down. */
  readonly given: (place: number) => Node | "other" | undefined;
}

/** Methods that hand each element of what they are called on to a function. */
export const ELEMENTS = /^(?:map|flatMap|filter|forEach|find|some|every|reduce|sort|toSorted)$/;

export function callersIn(project: Project): ReadonlyMap<Node, readonly Caller[]> {
  const all = new Map<Node, Caller[]>();
  const put = (of: Node, caller: Caller): void => {
    const known = all.get(of);
    if (known === undefined) all.set(of, [caller]);
    else known.push(caller);
  };
  for (const module of project.modules.values())
    for (const call of module.nodes) {
      if (call.type !== "CallExpression" || call.callee.type === "Super") continue;
      if (call.callee.type !== "Identifier" && call.callee.type !== "MemberExpression") continue;
      const { callee } = call;
      const own = callee.type === "MemberExpression" ? ownMethod(module, callee) : undefined;
      const meaning = own === undefined ? project.meaningOf(module, callee) : undefined;
      const called = own ?? (meaning?.kind === "node" && isFunction(meaning.node) ? meaning.node : undefined);
      if (called !== undefined)
        put(called, {
          module,
          given: (place) =>
            call.arguments.some(({ type }) => type === "SpreadElement") ? "other" : call.arguments[place],
        });
      // `sources.map(textOf)` calls textOf with each source.
      const [work] = call.arguments;
      if (callee.type !== "MemberExpression" || work?.type !== "Identifier" || !ELEMENTS.test(nameOf(callee)))
        continue;
      const handed = project.meaningOf(module, work);
      if (handed.kind === "node" && isFunction(handed.node))
        put(handed.node, { module, given: (place) => (place === 0 ? callee.object : undefined) });
    }
  return all;
}

/** `this.#name`: nobody outside the class can call it, so its callers are all here. */
export function ownMethod(module: Module, callee: Node): Node | undefined {
  if (callee.type !== "MemberExpression" || callee.object.type !== "ThisExpression") return undefined;
  if (callee.property.type !== "PrivateIdentifier") return undefined;
  const body = around(module, callee, ({ type }) => type === "ClassBody");
  if (body?.type !== "ClassBody") return undefined;
  const { name } = callee.property;
  const method = body.body.find(
    (one) => one.type === "MethodDefinition" && one.key.type === "PrivateIdentifier" && one.key.name === name,
  );
  return method?.type === "MethodDefinition" ? method.value : undefined;
}

const returned = new WeakMap<Module, ReadonlyMap<Node, readonly Node[]>>();

/** What a function gives back. */
export function returnsOf(module: Module, of: Node): readonly Node[] {
  if (of.type === "ArrowFunctionExpression" && of.body.type !== "BlockStatement") return [of.body];
  const known = returned.get(module);
  if (known !== undefined) return known.get(of) ?? [];
  const all = new Map<Node, Node[]>();
  for (const node of module.nodes) {
    if (node.type !== "ReturnStatement" || node.argument === null) continue;
    let home: Node | undefined = node;
    while (home !== undefined && !isFunction(home)) home = module.parents.get(home);
    if (home === undefined) continue;
    const list = all.get(home);
    if (list === undefined) all.set(home, [node.argument]);
    else list.push(node.argument);
  }
  returned.set(module, all);
  return all.get(of) ?? [];
}
