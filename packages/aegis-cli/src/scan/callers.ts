/** Who calls a function, in all files; read once. */
import type { Node } from "oxc-parser";
import { isFunction, type Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";

export interface Caller {
  readonly module: Module;
  readonly call: Extract<Node, { type: "CallExpression" }>;
}

export function callersIn(project: Project): ReadonlyMap<Node, readonly Caller[]> {
  const all = new Map<Node, Caller[]>();
  for (const module of project.modules.values())
    for (const call of module.nodes) {
      if (call.type !== "CallExpression" || call.callee.type === "Super") continue;
      if (call.callee.type !== "Identifier" && call.callee.type !== "MemberExpression") continue;
      const meaning = project.meaningOf(module, call.callee);
      if (meaning.kind !== "node" || !isFunction(meaning.node)) continue;
      const known = all.get(meaning.node);
      if (known === undefined) all.set(meaning.node, [{ module, call }]);
      else known.push({ module, call });
    }
  return all;
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
