/** Headers that say who is calling. The session says so now, and the server believes nothing else (TEN-1). */
import type { Node } from "oxc-parser";
import { around, bare, type Module, sourceOf } from "../source/parse.ts";
import type { Part } from "../source/project.ts";
import { isIdentity, quoted, type MigrateOptions, type Run, type Work } from "./finding.ts";
import { contextOf, isHeaderish, type HeaderContext } from "./header-context.ts";
import { isPure } from "./removals.ts";
import { acts, isNoText, isWrittenOut } from "./values.ts";
import { xhrTarget } from "./xhr.ts";

const SETTERS = new Set(["set", "append", "setRequestHeader"]);

export function findIdentity(run: Run, module: Module): void {
  const work = run.workOf(module);
  for (const node of module.nodes) {
    if (node.type === "Property") property(run, work, node);
    else if (node.type === "AssignmentExpression") assignment(work, node);
    else if (node.type === "CallExpression") setter(run, work, node);
    else if (node.type === "ArrayExpression") pair(run, work, node);
    else if (node.type === "SpreadElement") spread(run, work, node);
  }
}

interface Found {
  readonly node: Node;
  readonly removal: Node | undefined;
  readonly name: string;
  /** Where the name stands, if it is an expression. */
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  readonly context: HeaderContext;
}

function settle(
  { project, module, report, removals, isTest, isIgnored }: Work,
  { node, removal, name, key, value, context }: Found,
): void {
  if (isIgnored(node)) return;
  const what = (why: string): string => `sends ${quoted(name)}${why}`;
  const manual = (why: string): void =>
    report(node, { rule: "identity-header", what: what(why), confidence: "manual" });
  if (isTest) return manual(" in a test: on purpose?");
  if (context.kind === "foreign")
    return manual(` to another server (${quoted(context.origin)}), which may ask for it`);
  if (context.kind === "unclear" || (value !== undefined && isNoText(value)))
    return report(node, {
      rule: "identity-header",
      what: `has ${quoted(name)} in something that may be headers`,
      confidence: "manual",
    });
  if (key !== undefined && !isWrittenOut(project, module, key))
    return manual(", a name that is put together");
  if (removal === undefined) return manual(" in the middle of an expression");
  if (value !== undefined && acts(module, value))
    return manual("; its value does something that would be lost");
  const likely = context.kind === "likely" || (value !== undefined && !isPure(value));
  report(node, { rule: "identity-header", what: what(""), confidence: likely ? "likely" : "certain" });
  removals.add(removal);
}

function property(run: Run, work: Work, node: Node): void {
  const { project, module, options } = work;
  const object = module.parents.get(node);
  if (node.type !== "Property" || object?.type !== "ObjectExpression") return;
  const name = project.keyOf(module, node);
  if (name === undefined) {
    if (node.computed && mayBe(options, project.partsOf(module, node.key)))
      dynamic(work, node, node.key, contextOf(run, module, object));
    return;
  }
  if (!isIdentity(options, name)) return;
  const context = contextOf(run, module, object);
  const removal = node.kind === "init" && !node.method ? node : undefined;
  settle(work, {
    node,
    removal,
    name,
    key: node.computed ? node.key : undefined,
    value: node.value,
    context,
  });
}

/** `headers["X-User-ID"] = id` */
function assignment(work: Work, node: Node): void {
  const { project, module, options } = work;
  if (node.type !== "AssignmentExpression" || node.left.type !== "MemberExpression") return;
  const { left } = node;
  const name = project.memberName(module, left);
  const context = isHeaderish(work, left.object);
  if (name === undefined) {
    if (left.computed && mayBe(options, project.partsOf(module, left.property)))
      dynamic(work, node, left.property, context);
    return;
  }
  if (!isIdentity(options, name)) return;
  const key = left.computed ? left.property : undefined;
  settle(work, { node, removal: removable(module, node), name, key, value: node.right, context });
}

/** The statement around it, also behind `id && (...)`. */
function removable(module: Module, node: Node): Node | undefined {
  let inner = node;
  let outer = module.parents.get(node);
  while (outer !== undefined && (bare(outer) === bare(inner) || isGuard(outer, inner)))
    [inner, outer] = [outer, module.parents.get(outer)];
  return outer?.type === "ExpressionStatement" ? outer : undefined;
}

const isGuard = (outer: Node, inner: Node): boolean =>
  outer.type === "LogicalExpression" &&
  outer.operator === "&&" &&
  outer.right === inner &&
  isPure(outer.left);

/** `headers.set("X-User-ID", id)`, `xhr.setRequestHeader("X-User-ID", id)` */
function setter(run: Run, work: Work, node: Node): void {
  const { project, module, options } = work;
  if (node.type !== "CallExpression") return;
  const callee = bare(node.callee);
  const [key, value] = node.arguments;
  if (callee.type !== "MemberExpression" || key === undefined || value === undefined) return;
  const method = project.memberName(module, callee);
  if (method === undefined || !SETTERS.has(method)) return;
  const isXhr = method === "setRequestHeader";
  const target = isXhr ? xhrTarget(run, module, callee.object) : undefined;
  const context: HeaderContext =
    target?.kind === "foreign"
      ? { kind: "foreign", origin: target.origin }
      : isXhr
        ? { kind: "certain" }
        : isHeaderish(work, callee.object);
  const name = project.textOf(module, key);
  if (name === undefined) {
    if (mayBe(options, project.partsOf(module, key))) dynamic(work, node, key, context);
    return;
  }
  if (!isIdentity(options, name)) return;
  const parent = module.parents.get(node);
  // `(xhr) => xhr.setRequestHeader(...)` gives back nothing before and after.
  const isBody = isXhr && parent?.type === "ArrowFunctionExpression" && parent.body === node;
  const removal = isBody ? node : removable(module, node);
  settle(work, { node, removal, name, key, value, context });
}

/** `[["X-User-ID", id]]` */
function pair(run: Run, work: Work, node: Node): void {
  const { project, module, options } = work;
  const list = module.parents.get(node);
  if (node.type !== "ArrayExpression" || list?.type !== "ArrayExpression" || node.elements.length !== 2)
    return;
  const [key, value] = node.elements;
  if (key === null || key === undefined || value === null || value === undefined) return;
  const name = project.textOf(module, key);
  if (name === undefined || !isIdentity(options, name)) return;
  settle(work, { node, removal: node, name, key, value, context: contextOf(run, module, list) });
}

/** A name that may be one of them, where headers are set. */
function dynamic({ report, module }: Work, node: Node, key: Node, context: HeaderContext): void {
  if (context.kind !== "certain" && context.kind !== "likely") return;
  report(node, {
    rule: "identity-header",
    what: `sets a header whose name is computed: ${quoted(sourceOf(module, key))}`,
    confidence: "manual",
  });
}

/** Whether a name with unknown parts could come out as one of the headers. */
function mayBe(options: MigrateOptions, parts: readonly Part[]): boolean {
  const pattern = parts
    .map((part) => ("text" in part ? part.text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : ".*"))
    .join("");
  if (!parts.some((part) => !("text" in part))) return false;
  const regex = new RegExp(`^${pattern.replaceAll(/(?:\.\*)+/g, ".*")}$`, "i");
  return options.headers.some((name) => regex.test(name));
}

/** Headers that are made where nobody looks: in a package, or by something that cannot be followed. */
function spread(run: Run, work: Work, node: Node): void {
  const { module, report } = work;
  const object = module.parents.get(node);
  if (node.type !== "SpreadElement" || object?.type !== "ObjectExpression") return;
  const context = contextOf(run, module, object);
  if (context.kind !== "certain" && context.kind !== "likely") return;
  if (isReadable(run, module, node.argument)) return;
  report(node, {
    rule: "identity-header",
    what: `sends the headers of ${quoted(sourceOf(module, node.argument))}, which cannot be read`,
    confidence: "manual",
  });
}

/** Literals, parameters (their callers are looked at), and calls of functions that were scanned. */
function isReadable(run: Pick<Run, "project">, module: Module, argument: Node): boolean {
  const node = bare(argument);
  const { project } = run;
  switch (node.type) {
    case "LogicalExpression":
      return (
        isReadable(run, module, node.right) && (node.operator === "&&" || isReadable(run, module, node.left))
      );
    case "ConditionalExpression":
      return isReadable(run, module, node.consequent) && isReadable(run, module, node.alternate);
    case "AwaitExpression":
      return isReadable(run, module, node.argument);
    case "ObjectExpression":
    case "ArrayExpression":
    case "Literal":
      return true;
    case "CallExpression": {
      const meaning = project.meaningOf(module, node.callee);
      if (meaning.kind === "node")
        return meaning.node !== bare(node.callee) || isOwnMethod(module, meaning.node);
      return false;
    }
    default:
      return isLocal(run, module, node);
  }
}

const isOwnMethod = (module: Module, callee: Node): boolean =>
  callee.type === "MemberExpression" &&
  callee.object.type === "ThisExpression" &&
  around(module, callee, ({ type }) => type === "ClassBody" || type === "ObjectExpression") !== undefined;

function isLocal({ project }: Pick<Run, "project">, module: Module, node: Node): boolean {
  let root = node;
  while (root.type === "MemberExpression") root = bare(root.object);
  if (root.type === "ThisExpression") return true;
  if (root.type !== "Identifier") return false;
  const binding = module.scopes.bindingOf(root);
  if (binding === undefined) return root.name === "undefined";
  if (binding.kind === "import") return project.meaningOf(module, node).kind === "node";
  if (binding.kind === "parameter") return true;
  const { node: declarator } = binding;
  if (declarator.type !== "VariableDeclarator" || declarator.init === null) return true;
  const init = bare(declarator.init);
  return init.type !== "CallExpression" || isReadable({ project }, module, init);
}
