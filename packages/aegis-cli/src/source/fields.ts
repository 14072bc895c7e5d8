/** The fields of a class, as far as they are constants. */
import type { Node } from "oxc-parser";
import { around, type Module } from "./parse.ts";

const nameOf = (key: Node): string | undefined =>
  key.type === "Identifier" || key.type === "PrivateIdentifier" ? key.name : undefined;

/** What is assigned to `this.name`, by class and name; collected once for a file. */
const assignments = new WeakMap<Module, ReadonlyMap<Node, ReadonlyMap<string, readonly Node[]>>>();

function assignedIn(module: Module): ReadonlyMap<Node, ReadonlyMap<string, readonly Node[]>> {
  const known = assignments.get(module);
  if (known !== undefined) return known;
  const all = new Map<Node, Map<string, Node[]>>();
  for (const node of module.nodes) {
    if (node.type !== "AssignmentExpression" || node.left.type !== "MemberExpression") continue;
    const { object, property, computed } = node.left;
    const name = computed || object.type !== "ThisExpression" ? undefined : nameOf(property);
    const body = name === undefined ? undefined : around(module, node, ({ type }) => type === "ClassBody");
    if (name === undefined || body === undefined) continue;
    const names = all.get(body) ?? new Map<string, Node[]>();
    all.set(body, names);
    names.set(name, [...(names.get(name) ?? []), node.right]);
  }
  assignments.set(module, all);
  return all;
}

/** What `this.name` is, where the class gives it a value once and nothing assigns another. */
export function fieldValue(module: Module, from: Node, name: string): Node | undefined {
  const body = around(module, from, ({ type }) => type === "ClassBody");
  if (body?.type !== "ClassBody") return undefined;
  const field = body.body.find((one) => one.type === "PropertyDefinition" && nameOf(one.key) === name);
  const [assigned, another] = assignedIn(module).get(body)?.get(name) ?? [];
  const value = field?.type === "PropertyDefinition" ? (field.value ?? undefined) : undefined;
  if (value !== undefined) return assigned === undefined ? value : undefined;
  return another === undefined ? assigned : undefined;
}
