/** XMLHttpRequest sends cookies to another origin only with `withCredentials`, set on the same object. */
import type { Node } from "oxc-parser";
import { around, bare, isFunction, type Module, sourceOf } from "../source/parse.ts";
import { isNew } from "./clients.ts";
import { foreign, unknownTarget } from "./fetch.ts";
import type { Run } from "./finding.ts";
import { isRight, WITH_CREDENTIALS } from "./options.ts";
import { type Target, targetOf } from "./url.ts";

interface Open {
  readonly call: Node;
  readonly receiver: string;
  readonly url: Node;
}

/** Every `x.open(method, url)` on something that is an XMLHttpRequest. */
function opensOf({ project }: Run, module: Module): readonly Open[] {
  const receivers = new Set<string>();
  for (const node of module.nodes) {
    if (!isNew(project, module, node, "XMLHttpRequest")) continue;
    const holder = module.parents.get(node);
    if (holder?.type === "VariableDeclarator")
      receivers.add(sourceOf(module, holder.id).replace(/[\s:!].*$/s, ""));
    else if (holder?.type === "AssignmentExpression") receivers.add(sourceOf(module, holder.left));
    else if (holder?.type === "PropertyDefinition" && holder.key.type === "Identifier")
      receivers.add(`this.${holder.key.name}`);
  }
  return module.nodes.flatMap((call): Open[] => {
    if (call.type !== "CallExpression") return [];
    const callee = bare(call.callee);
    if (callee.type !== "MemberExpression" || project.memberName(module, callee) !== "open") return [];
    const receiver = sourceOf(module, callee.object);
    const [, url] = call.arguments;
    return receivers.has(receiver) && url !== undefined ? [{ call, receiver, url }] : [];
  });
}

/** The function that an object lives in: two functions may both call theirs `xhr`. */
const homeOf = (module: Module, node: Node, receiver: string): Node =>
  (receiver.startsWith("this.")
    ? around(module, node, ({ type }) => type === "ClassBody")
    : outermost(module, node, receiver)) ?? module.program;

/** The block that declares the name. */
function outermost(module: Module, node: Node, receiver: string): Node | undefined {
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one)) {
    const binding = module.scopes.bindingNamed(one, receiver);
    if (binding !== undefined) return one;
  }
  return around(module, node, isFunction);
}

export function findXhr(run: Run, module: Module): void {
  const { project } = run;
  const work = run.workOf(module);
  const opens = opensOf(run, module);
  for (const { call, receiver, url } of opens) {
    if (work.isIgnored(call)) continue;
    const home = homeOf(module, call, receiver);
    const target = targetOf(project, module, url, run.options);
    if (target.kind === "local") continue;
    const set = module.nodes.find(
      (node) =>
        node.type === "AssignmentExpression" &&
        node.left.type === "MemberExpression" &&
        project.memberName(module, node.left) === "withCredentials" &&
        sourceOf(module, node.left.object) === receiver &&
        homeOf(module, node, receiver) === home,
    );
    const value = set?.type === "AssignmentExpression" ? set.right : undefined;
    const isSet = value !== undefined && isRight(project, module, value, WITH_CREDENTIALS);
    if (target.kind === "foreign") {
      foreign(work, call, "XMLHttpRequest", target, isSet);
      continue;
    }
    if (isSet) continue;
    if (value !== undefined)
      work.report(set ?? call, {
        rule: "credentials",
        what: `XMLHttpRequest has withCredentials ${sourceOf(module, value).slice(0, 40)}; the session cookie needs true`,
        confidence: "manual",
      });
    else missing(run, module, { call, receiver, url }, target, opens);
  }
}

function missing(run: Run, module: Module, open: Open, target: Target, opens: readonly Open[]): void {
  const work = run.workOf(module);
  const text = `${open.receiver}.withCredentials = true`;
  if (target.kind === "unknown")
    return unknownTarget(work, open.call, "XMLHttpRequest", target.expression, text);
  const statement = module.parents.get(open.call);
  const list = statement === undefined ? undefined : module.parents.get(statement)?.type;
  const isStatement =
    statement?.type === "ExpressionStatement" &&
    (list === "BlockStatement" || list === "Program" || list === "SwitchCase");
  const home = homeOf(module, open.call, open.receiver);
  // Reused for another server, the object would keep the setting.
  const isReused = opens.some(
    (other) =>
      other.receiver === open.receiver &&
      homeOf(module, other.call, other.receiver) === home &&
      targetOf(run.project, module, other.url, run.options).kind !== "own",
  );
  const rewrites = isStatement && !isReused;
  work.report(open.call, {
    rule: "credentials",
    what: `XMLHttpRequest without withCredentials = true${isReused ? "; the object is used for another server too" : ""}`,
    confidence: !rewrites ? "manual" : target.kind === "own" && target.sure ? "certain" : "likely",
  });
  if (rewrites) work.insertions.push({ kind: "statement", after: statement, text });
}

/** Whose server a request object goes to, for the headers that are set on it. */
export function xhrTarget(run: Run, module: Module, receiver: Node): Target | undefined {
  const name = sourceOf(module, receiver);
  const home = homeOf(module, receiver, name);
  const open = opensOf(run, module).find(
    (one) => one.receiver === name && homeOf(module, one.call, name) === home,
  );
  return open === undefined ? undefined : targetOf(run.project, module, open.url, run.options);
}
