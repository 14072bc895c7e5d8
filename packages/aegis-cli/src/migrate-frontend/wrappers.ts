/** Packages that wrap fetch, and clients that a framework puts into scope: reported, because what they pass on is theirs to say. */
import type { Node } from "oxc-parser";
import { bare, type Module, sourceOf } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import { WRAPPERS } from "./clients.ts";
import { quoted, type Run } from "./finding.ts";
import { CREDENTIALS, isRight, WITH_CREDENTIALS } from "./options.ts";
import { targetOf } from "./url.ts";

/** jQuery, and what Nuxt brings into scope without an import. */
const GLOBALS = new Set(["$fetch", "useFetch", "useLazyFetch"]);
const JQUERY_CALLS = new Set(["ajax", "get", "post", "getJSON", "ajaxSetup"]);
/** `this.$http.get(...)`: a plug-in's axios, made who knows where. */
const PLUGIN = /^(?:this|vm|app)\.\$(?:http|axios|api)(?:\.(?:get|post|put|patch|delete|request))?$/;

export function findWrappers(run: Run, module: Module): void {
  const { project } = run;
  const work = run.workOf(module);
  for (const node of module.nodes) {
    if (node.type !== "CallExpression" && node.type !== "NewExpression") continue;
    const name = wrapperName(project, module, bare(node.callee));
    if (name === undefined || sendsCredentials(run, module, node)) continue;
    const [url] = node.arguments;
    if (url !== undefined && url.type !== "ObjectExpression") {
      const target = targetOf(project, module, url, run.options);
      if (target.kind === "foreign" || target.kind === "local") continue;
    }
    work.report(node, {
      rule: "wrapper",
      what: `${quoted(name)} sends requests of its own: see that it is set to include credentials`,
      confidence: "manual",
    });
  }
}

/** Its name as it is called, where it is one of them. */
function wrapperName(project: Project, module: Module, callee: Node): string | undefined {
  const text = sourceOf(module, callee);
  if (callee.type === "Identifier") {
    if (module.scopes.bindingOf(callee) === undefined) return GLOBALS.has(callee.name) ? text : undefined;
    return isWrapper(project, module, callee) ? text : undefined;
  }
  if (callee.type !== "MemberExpression") return undefined;
  if (PLUGIN.test(text)) return text;
  const { object } = callee;
  if (object.type !== "Identifier") return undefined;
  const name = project.memberName(module, callee);
  const isJquery =
    (object.name === "$" || object.name === "jQuery") && name !== undefined && JQUERY_CALLS.has(name);
  if (isJquery) return isJqueryItself(project, module, object) ? text : undefined;
  return isWrapper(project, module, object) ? text : undefined;
}

function isJqueryItself(project: Project, module: Module, object: Node): boolean {
  const meaning = project.meaningOf(module, object);
  return meaning.kind === "global" || (meaning.kind === "package" && meaning.source === "jquery");
}

function isWrapper(project: Project, module: Module, node: Node): boolean {
  const meaning = project.meaningOf(module, node);
  if (meaning.kind !== "package" || !Object.hasOwn(WRAPPERS, meaning.source)) return false;
  const names = WRAPPERS[meaning.source];
  return names === "all" || (names?.includes(meaning.name) ?? false);
}

function sendsCredentials({ project }: Run, module: Module, call: Node): boolean {
  return module.nodes.some(
    (node) =>
      node.type === "Property" &&
      node.start > call.start &&
      node.end < call.end &&
      ((project.keyOf(module, node) === "credentials" && isRight(project, module, node.value, CREDENTIALS)) ||
        (project.keyOf(module, node) === "withCredentials" &&
          isRight(project, module, node.value, WITH_CREDENTIALS))),
  );
}
