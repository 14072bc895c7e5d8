/** What is for developers, and meets everybody. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module, sourceOf } from "../../source/parse.ts";
import { apiOf, literalOf, nameOf, ownerOf } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const OPTIONS = new Map<string, unknown>([
  ["includeStacktraceInErrorResponses", true],
  ["exposeStack", true],
  ["showStack", true],
  ["showStackError", true],
]);
const ANSWER = /^(?:res|response|reply|ctx|c)$/;

export const debugOn: Rule = {
  id: "debug-on",
  claim: "Whoever gets an answer learns nothing of how the program is made.",
  cwe: 489,
  asvs: "v5.0.0-13.4.2",
  severity: "medium",
  advice: {
    symptom: "Answers show paths, versions and pieces of the program.",
    cause: "Stack traces are sent, or a helper for developers is on for everybody.",
    fix: "Log the error, answer with a number that it can be found by; switch helpers on only where NODE_ENV is development.",
  },
  of: ["DebuggerStatement", "CallExpression", "Property", "AssignmentExpression"],
  look: (whole, node) => {
    const { project, module } = whole;
    // Asked last: it climbs, and little is found.
    const report: Scene["report"] = (at, observed) => {
      if (node.type === "DebuggerStatement" || !isForDevelopers(module, node)) whole.report(at, observed);
    };
    const scene = { ...whole, report };
    if (node.type === "DebuggerStatement") return report(node, "the program stops here for a debugger");
    if (node.type === "CallExpression") inCall(scene, node);
    else if (node.type === "AssignmentExpression") {
      if (
        nameOf(node.left) === "body" &&
        ANSWER.test(nameOf(ownerOf(node.left) ?? node.left)) &&
        showsStack(module, node.right)
      )
        report(node, "a stack trace is sent");
    } else if (node.type === "Property" && module.parents.get(node)?.type === "ObjectExpression") {
      const name = project.keyOf(module, node) ?? "";
      if (OPTIONS.has(name) && literalOf(project, module, node.value) === OPTIONS.get(name))
        report(node, `${name} is on`);
    }
  },
};

function inCall({ project, module, report }: Scene, node: Node): void {
  if (node.type !== "CallExpression") return;
  const api = apiOf(project, module, node.callee);
  if (
    api !== undefined &&
    /^(?:errorhandler|express-error-handler|youch|pretty-error)$/.test(api.source) &&
    api.name === ""
  )
    return report(node, `${api.source} shows errors to everybody`);
  const name = nameOf(node.callee);
  const owner = ownerOf(node.callee);
  if (owner === undefined || !/^(?:send|json|end|render|write)$/.test(name)) return;
  if (!isAnswer(owner)) return;
  if (node.arguments.some((one) => showsStack(module, one))) report(node, "a stack trace is sent");
}

/** `res`, `reply.code(500)`, `res.status(500).type("json")`. */
function isAnswer(owner: Node): boolean {
  let node: Node | undefined = owner;
  for (let steps = 0; node !== undefined && steps < 6; steps += 1) {
    if (node.type === "Identifier") return ANSWER.test(node.name);
    node = node.type === "CallExpression" ? ownerOf(node.callee) : undefined;
  }
  return false;
}

function showsStack(module: Module, value: Node): boolean {
  const node = bare(value);
  if (node.type === "MemberExpression")
    return (
      nameOf(node) === "stack" && /^(?:e|er|err|error|ex|exception|cause|reason)$/i.test(nameOf(node.object))
    );
  if (node.type === "TemplateLiteral") return node.expressions.some((one) => showsStack(module, one));
  if (node.type === "BinaryExpression")
    return showsStack(module, node.left) || showsStack(module, node.right);
  if (node.type === "LogicalExpression")
    return node.operator !== "&&" && (showsStack(module, node.left) || showsStack(module, node.right));
  if (node.type === "ObjectExpression")
    return node.properties.some(
      (one) =>
        one.type === "Property" &&
        (showsStack(module, one.value) ||
          (one.value.type === "ObjectExpression" && showsStack(module, one.value))),
    );
  return false;
}

const DEVELOPMENT = /NODE_ENV|isDev|isProd|development|production|DEBUG|debug/;

/** Only under a question about the environment. */
function isForDevelopers(module: Module, node: Node): boolean {
  let inner = node;
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one)) {
    const test =
      one.type === "IfStatement" || one.type === "ConditionalExpression"
        ? one.test
        : one.type === "LogicalExpression"
          ? one.left
          : undefined;
    if (test !== undefined && test !== inner && DEVELOPMENT.test(sourceOf(module, test).slice(0, 300)))
      return true;
    if (isFunction(one) && module.parents.get(one)?.type !== "CallExpression") return false;
    inner = one;
  }
  return false;
}
