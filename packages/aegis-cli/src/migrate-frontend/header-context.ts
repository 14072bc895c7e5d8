/** Whether an object is the headers of a request. Many objects have keys that look like one. */
import type { Node } from "oxc-parser";
import { around, bare, isFunction, type Module, sourceOf } from "../source/parse.ts";
import { axiosCallOf, axiosOf, isFetch, isNew, optionOf } from "./clients.ts";
import type { Run, Work } from "./finding.ts";
import { callsOf, targetOf } from "./url.ts";

export type HeaderContext =
  | { readonly kind: "certain" }
  | { readonly kind: "likely" }
  | { readonly kind: "unclear" }
  | { readonly kind: "foreign"; readonly origin: string };

const CERTAIN: HeaderContext = { kind: "certain" };
const LIKELY: HeaderContext = { kind: "likely" };
const UNCLEAR: HeaderContext = { kind: "unclear" };
/** axios keeps headers by method too. */
const GROUPS = new Set(["common", "get", "post", "put", "patch", "delete", "head", "options"]);
const NAME = /headers?$/i;
const MAX_DEPTH = 8;

export function contextOf(run: Run, module: Module, value: Node, depth = 0): HeaderContext {
  const { project } = run;
  const parent = module.parents.get(value);
  if (parent === undefined || depth > MAX_DEPTH) return UNCLEAR;
  if (isExpectation(module, value)) return UNCLEAR;
  const again = (node: Node): HeaderContext => contextOf(run, module, node, depth + 1);
  switch (parent.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ConditionalExpression":
    case "AwaitExpression":
    case "SpreadElement":
      return again(parent);
    case "LogicalExpression":
      return again(parent);
    case "ArrayExpression":
      return again(parent);
    case "ObjectExpression":
      // Spread into it.
      return value.type === "SpreadElement" ? again(parent) : UNCLEAR;
    case "Property": {
      if (parent.value !== value) return UNCLEAR;
      const name = project.keyOf(module, parent) ?? "";
      if (name === "headers") return ofRequest(run, module, parent);
      const outer = module.parents.get(parent);
      if (GROUPS.has(name) && outer !== undefined) return again(outer);
      return NAME.test(name) ? LIKELY : UNCLEAR;
    }
    case "JSXExpressionContainer": {
      // <Upload headers={{...}} />
      const attribute = module.parents.get(parent);
      return attribute?.type === "JSXAttribute" && NAME.test(sourceOf(module, attribute.name))
        ? LIKELY
        : UNCLEAR;
    }
    case "NewExpression":
      return isNew(project, module, parent, "Headers") ? CERTAIN : UNCLEAR;
    case "CallExpression":
      return ofArgument(module, parent, value);
    case "AssignmentExpression":
      return NAME.test(sourceOf(module, parent.left)) ? LIKELY : UNCLEAR;
    case "VariableDeclarator":
      return ofVariable(run, module, parent, depth);
    case "ReturnStatement":
    case "ArrowFunctionExpression": {
      const home = parent.type === "ReturnStatement" ? around(module, parent, isFunction) : parent;
      return home === undefined ? UNCLEAR : ofFunction(run, module, home, depth);
    }
    default:
      return UNCLEAR;
  }
}

/** `Object.assign(headers, {...})` and `Object.fromEntries`. */
function ofArgument(module: Module, call: Node, value: Node): HeaderContext {
  if (call.type !== "CallExpression") return UNCLEAR;
  const [first] = call.arguments;
  const name = sourceOf(module, call.callee);
  if (name === "Object.assign" && first !== undefined && first !== value)
    return NAME.test(sourceOf(module, first)) ? LIKELY : UNCLEAR;
  return UNCLEAR;
}

/** `headers: {...}` in the options of a request, of an instance, or of something that passes them on. */
function ofRequest(run: Run, module: Module, property: Node): HeaderContext {
  const { project } = run;
  const object = module.parents.get(property);
  const call = object === undefined ? undefined : module.parents.get(object);
  if (object === undefined || (call?.type !== "CallExpression" && call?.type !== "NewExpression"))
    return LIKELY;
  // What answers is no request.
  if (/Response\b/.test(sourceOf(module, call.callee))) return UNCLEAR;
  const [first] = call.arguments;
  const target = (url: Node | undefined): HeaderContext => {
    const found = url === undefined ? undefined : targetOf(project, module, url, run.options);
    if (found?.kind === "foreign") return { kind: "foreign", origin: found.origin };
    // It may be a server that asks another one behind the scenes.
    return found?.kind === "unknown" ? LIKELY : CERTAIN;
  };
  if (call.type === "NewExpression") return isNew(project, module, call, "Request") ? target(first) : LIKELY;
  if (isFetch(project, module, call.callee)) return target(first);
  const request = axiosCallOf(project, module, call);
  if (request !== undefined) return target(request.url);
  const callee = bare(call.callee);
  if (callee.type === "MemberExpression" && axiosOf(project, module, callee.object) !== undefined)
    return target(optionOf(project, module, object, "baseURL"));
  // A wrapper: what it is called with goes to the same place.
  return first !== undefined && target(first).kind === "foreign" ? target(first) : LIKELY;
}

function ofVariable(run: Run, module: Module, declarator: Node, depth: number): HeaderContext {
  if (declarator.type !== "VariableDeclarator" || declarator.id.type !== "Identifier") return UNCLEAR;
  const binding = module.scopes.bindingOf(declarator.id);
  const contexts = (binding?.references ?? []).map((one) => contextOf(run, module, one, depth + 1));
  const foreign = contexts.find(({ kind }) => kind === "foreign");
  if (foreign !== undefined) return foreign;
  if (contexts.some(({ kind }) => kind === "certain" || kind === "likely")) return LIKELY;
  const shorthand = (binding?.references ?? []).some((one) => {
    const property = module.parents.get(one);
    return property?.type === "Property" && run.project.keyOf(module, property) === "headers";
  });
  return shorthand || NAME.test(declarator.id.name) ? LIKELY : UNCLEAR;
}

/** A function that makes headers, by its name or by where its callers put them. */
function ofFunction(run: Run, module: Module, home: Node, depth: number): HeaderContext {
  const parent = module.parents.get(home);
  const name =
    home.type === "FunctionDeclaration" || home.type === "FunctionExpression"
      ? (home.id?.name ?? keyName(module, parent))
      : keyName(module, parent);
  if (NAME.test(name)) return LIKELY;
  const calls = callsOf(run.project, module, home) ?? [];
  const contexts = calls.map((one) => contextOf(run, one.module, one.node, depth + 1).kind);
  return contexts.some((kind) => kind === "certain" || kind === "likely") ? LIKELY : UNCLEAR;
}

function keyName(module: Module, holder: Node | undefined): string {
  if (holder?.type === "VariableDeclarator") return sourceOf(module, holder.id);
  if (
    holder?.type === "Property" ||
    holder?.type === "MethodDefinition" ||
    holder?.type === "PropertyDefinition"
  )
    return sourceOf(module, holder.key);
  // useMemo(() => ({...}))
  const outer = holder?.type === "CallExpression" ? module.parents.get(holder) : undefined;
  return outer?.type === "VariableDeclarator" ? sourceOf(module, outer.id) : "";
}

/** What a test expects is no request. */
const isExpectation = (module: Module, node: Node): boolean =>
  around(
    module,
    node,
    (one) =>
      one.type === "CallExpression" &&
      /^(?:expect|assert|sinon\.match|toHaveBeen\w*|jest\.|vi\.)/.test(sourceOf(module, one.callee)),
  ) !== undefined;

/** The object whose member is set, or whose `set` is called. */
export function isHeaderish(
  { project, module }: Pick<Work, "project" | "module">,
  receiver: Node,
): HeaderContext {
  const node = bare(receiver);
  const name = node.type === "MemberExpression" ? project.memberName(module, node) : undefined;
  if (node.type === "MemberExpression" && name !== undefined && GROUPS.has(name))
    return isHeaderish({ project, module }, node.object);
  if (name === "headers") {
    const owner = node.type === "MemberExpression" ? sourceOf(module, node.object) : "";
    // A server's answer, or a request that it got.
    return /(?:^|\.)(?:req|res|response|reply|ctx)$|^ctx\./.test(owner) ? UNCLEAR : CERTAIN;
  }
  const meaning = project.meaningOf(module, node);
  if (meaning.kind === "node" && isNew(project, meaning.module, meaning.node, "Headers")) return CERTAIN;
  return NAME.test(name ?? (node.type === "Identifier" ? node.name : "")) ? LIKELY : UNCLEAR;
}
