/** One option of a request: whether an options object has it, and where it would go. */
import type { Node } from "oxc-parser";
import { bare, type Module, sourceOf } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import { quoted } from "./finding.ts";
import type { Insertion } from "./insertions.ts";

export type OptionState =
  | { readonly kind: "right" }
  /** Somebody chose another value. */
  | { readonly kind: "other"; readonly node: Node; readonly value: string }
  | {
      readonly kind: "missing";
      readonly module: Module;
      readonly insertion: Insertion;
      readonly sure: boolean;
    }
  | { readonly kind: "unreadable"; readonly why: string };

export interface Option {
  readonly name: string;
  readonly value: string | boolean;
  readonly text: string;
}

export const CREDENTIALS: Option = { name: "credentials", value: "include", text: "" };
export const WITH_CREDENTIALS: Option = {
  name: "withCredentials",
  value: true,
  text: "withCredentials: true",
};

export function stateOf(project: Project, module: Module, options: Node, option: Option): OptionState {
  const node = bare(options);
  if (isParameter(module, node) || isDefaulted(module, node))
    return {
      kind: "missing",
      module,
      insertion: { kind: "wrap", expression: options, text: option.text },
      sure: false,
    };
  const meaning = project.meaningOf(module, node);
  if (meaning.kind !== "node" || meaning.node.type !== "ObjectExpression")
    return { kind: "unreadable", why: `its options are ${quoted(sourceOf(module, node))}` };
  const assigned = assignedLater(module, node, option);
  if (assigned !== undefined)
    return assigned.right ? { kind: "right" } : { kind: "other", node: assigned.node, value: "set later" };
  return ofLiteral(project, meaning.module, meaning.node, option, meaning.node === node);
}

/** `init ?? {}`, `options || DEFAULTS`: what the caller gave, or something else; both are spread behind ours. */
const isDefaulted = (module: Module, node: Node): boolean =>
  node.type === "LogicalExpression" && node.operator !== "&&" && isParameter(module, bare(node.left));

function ofLiteral(
  project: Project,
  module: Module,
  object: Node,
  option: Option,
  isInline: boolean,
): OptionState {
  if (object.type !== "ObjectExpression") return { kind: "unreadable", why: "its options cannot be read" };
  let before: Node | undefined;
  for (const one of object.properties.toReversed()) {
    if (one.type === "SpreadElement") {
      const inner = spreadState(project, module, one.argument, option);
      if (inner === "right") return { kind: "right" };
      if (inner === "unknown")
        return { kind: "unreadable", why: `its options spread ${quoted(sourceOf(module, one.argument))}` };
      if (inner === "caller") before = one;
    } else if (project.keyOf(module, one) === option.name) return ofValue(project, module, one, option);
    else if (one.computed && project.keyOf(module, one) === undefined)
      return {
        kind: "unreadable",
        why: `its options have the computed name ${quoted(sourceOf(module, one.key))}`,
      };
  }
  return {
    kind: "missing",
    module,
    insertion: { kind: "property", object, text: option.text, ...(before === undefined ? {} : { before }) },
    sure: isInline && before === undefined,
  };
}

function ofValue(project: Project, module: Module, property: Node, option: Option): OptionState {
  if (property.type !== "Property") return { kind: "unreadable", why: "its options cannot be read" };
  return isRight(project, module, property.value, option)
    ? { kind: "right" }
    : { kind: "other", node: property, value: quoted(sourceOf(module, property.value)) };
}

export function isRight(project: Project, module: Module, value: Node, option: Option): boolean {
  if (typeof option.value === "string") return project.textOf(module, value) === option.value;
  const meaning = project.meaningOf(module, value);
  return meaning.kind === "node" && meaning.node.type === "Literal" && meaning.node.value === option.value;
}

/** caller: the options of whoever calls the wrapper; they may say otherwise, so ours come before. */
function spreadState(
  project: Project,
  module: Module,
  argument: Node,
  option: Option,
): "right" | "without" | "caller" | "unknown" {
  const node = bare(argument);
  if (node.type === "LogicalExpression" && node.operator !== "&&")
    return spreadState(project, module, node.left, option);
  if (node.type === "LogicalExpression") return spreadState(project, module, node.right, option);
  if (node.type === "ConditionalExpression") {
    const both = [node.consequent, node.alternate].map((one) => spreadState(project, module, one, option));
    return both.includes("unknown")
      ? "unknown"
      : both.includes("caller")
        ? "caller"
        : both.includes("right")
          ? "unknown"
          : "without";
  }
  if (isParameter(module, node)) return "caller";
  const meaning = project.meaningOf(module, node);
  if (meaning.kind !== "node" || meaning.node.type !== "ObjectExpression") return "unknown";
  const state = ofLiteral(project, meaning.module, meaning.node, option, false);
  if (state.kind === "right") return "right";
  if (state.kind !== "missing") return "unknown";
  return state.insertion.kind === "property" && state.insertion.before !== undefined ? "caller" : "without";
}

/** A function's own parameter, or what is left of one: what a wrapper passes on. */
export function isParameter(module: Module, node: Node): boolean {
  if (node.type !== "Identifier") return false;
  const binding = module.scopes.bindingOf(node);
  if (binding === undefined || binding.written) return false;
  if (binding.kind === "parameter") return true;
  // const { headers, ...rest } = init
  const { node: declarator } = binding;
  return (
    declarator.type === "VariableDeclarator" &&
    declarator.id.type === "ObjectPattern" &&
    declarator.id.properties.some(
      (one) =>
        one.type === "RestElement" &&
        one.argument.type === "Identifier" &&
        one.argument.name === binding.name,
    ) &&
    declarator.init !== null &&
    isParameter(module, bare(declarator.init))
  );
}

/** `init.credentials = "include"` somewhere behind `const init = {...}`. */
function assignedLater(
  module: Module,
  node: Node,
  option: Option,
): { readonly node: Node; readonly right: boolean } | undefined {
  if (node.type !== "Identifier") return undefined;
  for (const reference of module.scopes.bindingOf(node)?.references ?? []) {
    const member = module.parents.get(reference);
    if (member?.type !== "MemberExpression" || member.object !== reference) continue;
    const assignment = module.parents.get(member);
    if (assignment?.type !== "AssignmentExpression" || assignment.left !== member) continue;
    if (member.property.type === "Identifier" && member.property.name === option.name)
      return {
        node: assignment,
        right: assignment.right.type === "Literal" && assignment.right.value === option.value,
      };
  }
  return undefined;
}
