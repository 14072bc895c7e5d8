/** Options in a variable: what is put in for one request is sent by every other that uses them. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../source/parse.ts";
import { axiosCallOf, isFetch, isNew } from "./clients.ts";
import type { Run } from "./finding.ts";
import type { Insertion } from "./insertions.ts";
import { targetOf } from "./url.ts";

/** True where the literal may reach anything but requests to the application's own servers. */
export function isShared(run: Run, module: Module, insertion: Insertion): boolean {
  if (insertion.kind !== "property") return false;
  let [inner, holder] = [insertion.object, module.parents.get(insertion.object)];
  while (holder !== undefined && bare(holder) === insertion.object)
    [inner, holder] = [holder, module.parents.get(holder)];
  if (holder?.type === "CallExpression" || holder?.type === "NewExpression")
    return !holder.arguments.some((one) => one === inner);
  if (holder?.type !== "VariableDeclarator" || holder.id.type !== "Identifier") return true;
  const declaration = module.parents.get(holder);
  if (declaration === undefined || module.parents.get(declaration)?.type === "ExportNamedDeclaration")
    return true;
  const references = module.scopes.bindingOf(holder.id)?.references ?? [];
  return !references.every((one) => isOwnUse(run, module, one));
}

function isOwnUse(run: Run, module: Module, reference: Node): boolean {
  const { project, options } = run;
  let [inner, outer] = [reference, module.parents.get(reference)];
  while (outer !== undefined && bare(outer) === reference)
    [inner, outer] = [outer, module.parents.get(outer)];
  // `init.cache = ...` hands nothing on.
  if (outer?.type === "MemberExpression") return outer.object === inner;
  if (outer?.type !== "CallExpression" && outer?.type !== "NewExpression") return false;
  const isRequest =
    outer.type === "CallExpression"
      ? isFetch(project, module, outer.callee)
      : isNew(project, module, outer, "Request");
  const url = isRequest ? outer.arguments[0] : axiosCallOf(project, module, outer)?.url;
  const isOptions = isRequest
    ? outer.arguments[1] === inner
    : axiosCallOf(project, module, outer)?.config === inner;
  return isOptions && url !== undefined && targetOf(project, module, url, options).kind === "own";
}
