/** Pages of others that may read answers. */
import type { Node } from "oxc-parser";
import { bare, isFunction, sourceOf } from "../../source/parse.ts";
import { asks } from "../guards.ts";
import { apiOf, literalOf, nameOf, optionsOf, ownerOf } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const PACKAGES = /^(?:cors|@fastify\/cors|fastify-cors|@koa\/cors|koa2-cors|hono\/cors)$/;

export const corsWildcard: Rule = {
  id: "cors-wildcard",
  claim: "Which pages may read answers is a list.",
  cwe: 942,
  asvs: "v5.0.0-3.4.2",
  severity: "medium",
  advice: {
    symptom: "Any page that somebody visits reads what they may read here.",
    cause: "Every origin is allowed; together with credentials that opens the session to all of them.",
    fix: 'Name the origins: `origin: ["https://app.example"]`; leave CORS out where one page uses the API.',
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const { project, module, report } = scene;
    const [first, second] = node.arguments;
    const name = nameOf(node.callee);
    if (
      /^(?:setHeader|header|set|append)$/.test(name) &&
      ownerOf(node.callee) !== undefined &&
      second !== undefined
    ) {
      if (!/^access-control-allow-origin$/i.test(String(literalOf(project, module, first)))) return;
      if (literalOf(project, module, second) === "*")
        return report(node, "every origin may read this answer");
      if (scene.flow.of(module, second) === "request" && !isAsked(scene, node, second))
        report(node, "whoever asks may read this answer");
      return;
    }
    const isRegistration = name === "register" && first !== undefined && isCors(scene, first);
    if (!isRegistration && !isCors(scene, node.callee)) return;
    judge(scene, node, isRegistration ? second : first, isRegistration);
  },
};

const isCors = ({ project, module }: Scene, callee: Node): boolean => {
  const api = apiOf(project, module, callee);
  return api !== undefined && PACKAGES.test(api.source) && (api.name === "" || api.name === "cors");
};

function judge(scene: Scene, node: Node, given: Node | undefined, isFastify: boolean): void {
  const { project, module, report } = scene;
  // @fastify/cors and cors allow everybody unless they are told.
  if (given === undefined) return report(node, "every origin is allowed, by default");
  const options = optionsOf(project, module, given);
  if (options === undefined) return;
  const origin = options.values.get("origin");
  const credentials = options.values.get("credentials");
  const withCredentials =
    credentials !== undefined && literalOf(project, credentials.module, credentials.node) === true;
  const more = withCredentials ? ", with credentials" : "";
  if (origin === undefined) {
    if (options.whole && !isFastify) report(node, `every origin is allowed, by default${more}`);
    return;
  }
  const value = literalOf(project, origin.module, origin.node);
  if (value === "*" || value === true || isAnyPattern(origin.node))
    report(node, `every origin is allowed${more}`);
  else if (isFunction(origin.node) && saysYes(scene, origin.node))
    report(node, `whoever asks is allowed${more}`);
}

const isAnyPattern = (node: Node): boolean =>
  node.type === "Literal" && "regex" in node && /^(?:\^?\.[*+]\$?)$/.test(node.regex.pattern);

/** `(origin, callback) => callback(null, true)` without a question, and `(origin) => origin`. */
function saysYes({ module }: Scene, work: Node): boolean {
  if (work.type !== "ArrowFunctionExpression" && work.type !== "FunctionExpression") return false;
  const body = sourceOf(module, work.body ?? work);
  const [origin] = work.params;
  if (work.body !== null && bare(work.body).type === "Identifier")
    return origin !== undefined && nameOf(bare(work.body)) === nameOf(origin);
  return (
    /\(\s*(?:null|undefined)\s*,\s*(?:true|origin)\s*\)/.test(body) &&
    !/\b(?:if|includes|has|test|endsWith|startsWith|indexOf|find|some)\b|\?/.test(body)
  );
}

/** Under an `if` that asks about it. */
function isAsked({ module }: Scene, node: Node, value: Node): boolean {
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one))
    if (one.type === "IfStatement" && asks(module, one.test, sourceOf(module, value))) return true;
  return false;
}
