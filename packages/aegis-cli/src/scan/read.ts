/** Reading calls and options: which function of which package is called, and with what. */
import type { Node } from "oxc-parser";
import { bare, type Module, sourceOf } from "../source/parse.ts";
import type { Project } from "../source/project.ts";

export interface Api {
  /** A package, or the name of a global; without "node:". */
  readonly source: string;
  readonly name: string;
}

const plain = (source: string): string => source.replace(/^node:/, "");

/** What a callee is of: `createHash` of crypto, however it was imported, required, taken apart or promisified. */
export function apiOf(project: Project, module: Module, expression: Node, depth = 0): Api | undefined {
  const node = bare(expression);
  if (depth > 6) return undefined;
  if (node.type === "Identifier") {
    const binding = module.scopes.bindingOf(node);
    if (binding === undefined) return { source: node.name, name: "" };
    const declarator = binding.node;
    if (declarator.type === "VariableDeclarator" && declarator.init !== null) {
      const home = apiOf(project, module, declarator.init, depth + 1);
      if (declarator.id.type === "Identifier") return home;
      if (home === undefined || declarator.id.type !== "ObjectPattern") return undefined;
      for (const one of declarator.id.properties)
        if (one.type === "Property" && one.key.type === "Identifier" && holds(one.value, node.name))
          return { source: home.source, name: one.key.name };
      return undefined;
    }
    const meaning = project.meaningOf(module, node);
    if (meaning.kind === "package")
      return {
        source: plain(meaning.source),
        name: /^(?:default|\*)$/.test(meaning.name) ? "" : meaning.name,
      };
    return meaning.kind === "node" && meaning.node !== node && meaning.node.type === "CallExpression"
      ? apiOf(project, meaning.module, meaning.node, depth + 1)
      : undefined;
  }
  if (node.type === "MemberExpression") {
    const home = apiOf(project, module, node.object, depth + 1);
    const name = project.memberName(module, node);
    return home === undefined || name === undefined || name === "prototype"
      ? undefined
      : { source: home.source, name };
  }
  if (node.type === "AwaitExpression") return apiOf(project, module, node.argument, depth + 1);
  if (node.type === "ImportExpression") {
    const source = project.textOf(module, node.source);
    return source === undefined ? undefined : { source: plain(source), name: "" };
  }
  if (node.type !== "CallExpression") return undefined;
  const [first] = node.arguments;
  if (first === undefined) return undefined;
  const name = nameOf(node.callee);
  if (name === "require" && first.type === "Literal" && typeof first.value === "string")
    return /^[./]/.test(first.value) ? undefined : { source: plain(first.value), name: "" };
  return name === "promisify" ? apiOf(project, module, first, depth + 1) : undefined;
}

const holds = (value: Node, name: string): boolean =>
  value.type === "Identifier"
    ? value.name === name
    : value.type === "AssignmentPattern" && value.left.type === "Identifier" && value.left.name === name;

/** The last name of an expression: of `a.b.c` and of `a.b.c()` it is c. */
export function nameOf(expression: Node): string {
  const node = bare(expression);
  if (node.type === "Identifier") return node.name;
  if (node.type === "PrivateIdentifier") return node.name;
  if (node.type === "CallExpression") return nameOf(node.callee);
  if (node.type === "AwaitExpression") return nameOf(node.argument);
  if (node.type !== "MemberExpression") return "";
  if (!node.computed) return nameOf(node.property);
  return node.property.type === "Literal" && typeof node.property.value === "string"
    ? node.property.value
    : "";
}

/** What a method is called on. */
export const ownerOf = (callee: Node): Node | undefined => {
  const node = bare(callee);
  return node.type === "MemberExpression" ? bare(node.object) : undefined;
};

/** The object literal that an expression stands for. */
export function objectOf(
  project: Project,
  module: Module,
  node: Node | undefined,
): { readonly module: Module; readonly node: Extract<Node, { type: "ObjectExpression" }> } | undefined {
  if (node === undefined) return undefined;
  const meaning = project.meaningOf(module, node);
  return meaning.kind === "node" && meaning.node.type === "ObjectExpression"
    ? { module: meaning.module, node: meaning.node }
    : undefined;
}

export interface Options {
  /** By name, the last one written. */
  readonly values: ReadonlyMap<string, { readonly module: Module; readonly node: Node }>;
  /** False where something is spread in that cannot be read. */
  readonly whole: boolean;
}

/** The properties of an options object, spread ones too; undefined where it is no literal. */
export function optionsOf(
  project: Project,
  module: Module,
  node: Node | undefined,
  depth = 0,
): Options | undefined {
  const object = objectOf(project, module, node);
  if (object === undefined || depth > 6) return undefined;
  const values = new Map<string, { module: Module; node: Node }>();
  let whole = true;
  for (const one of object.node.properties)
    if (one.type === "SpreadElement") {
      const inner = optionsOf(project, object.module, one.argument, depth + 1);
      if (inner === undefined) whole = false;
      else for (const [name, value] of inner.values) values.set(name, value);
      whole &&= inner?.whole ?? false;
    } else {
      const name = project.keyOf(object.module, one) ?? "";
      values.set(name, { module: object.module, node: bare(one.value) });
    }
  return { values, whole };
}

/** The literal that an expression is: true, false, a number, a text. */
export function literalOf(project: Project, module: Module, node: Node | undefined): unknown {
  if (node === undefined) return undefined;
  const meaning = project.meaningOf(module, node);
  const inner = meaning.kind === "node" ? meaning.node : undefined;
  if (inner?.type === "Literal") return inner.value;
  if (inner?.type === "UnaryExpression" && inner.operator === "!" && inner.argument.type === "Literal")
    return inner.argument.value === 0 ? true : inner.argument.value === 1 ? false : undefined;
  return project.textOf(module, node);
}

/** One line, short enough for a report. */
export function shown(module: Module, node: Node): string {
  const text = sourceOf(module, node).slice(0, 400).replaceAll(/\s+/g, " ");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
