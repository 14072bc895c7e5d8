/**
 * fetch sends cookies to the page's own origin by itself, and to another only with `credentials: "include"`.
 * The option is put in for both, so that the calls go on working on the day when the API gets a host of its own.
 */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";
import { isFetch, isNew } from "./clients.ts";
import { quoted, type Run, type Work } from "./finding.ts";
import { CREDENTIALS, type Option, stateOf } from "./options.ts";
import { isShared } from "./shared.ts";
import { type Target, targetOf } from "./url.ts";

export function findFetch(run: Run, module: Module, quote: string): void {
  const { project } = run;
  const work = run.workOf(module);
  const option: Option = { ...CREDENTIALS, text: `credentials: ${quote}include${quote}` };
  for (const node of module.nodes) {
    if (node.type === "CallExpression" && isFetch(project, module, node.callee)) {
      const [request] = node.arguments;
      if (node.arguments.length === 1 && request !== undefined && isRequest(work, request)) continue;
      requestTo(run, work, node, option, "fetch");
    } else if (isNew(project, module, node, "Request")) requestTo(run, work, node, option, "Request");
  }
}

/** Its options are those that it was made with, and are looked at there. */
function isRequest({ project, module }: Work, node: Node): boolean {
  const meaning = project.meaningOf(module, node);
  return meaning.kind === "node" && isNew(project, meaning.module, meaning.node, "Request");
}

function requestTo(run: Run, work: Work, call: Node, option: Option, name: string): void {
  const { project, module, options, report } = work;
  if (call.type !== "CallExpression" && call.type !== "NewExpression") return;
  const [url, init] = call.arguments;
  if (url === undefined || work.isIgnored(call)) return;
  if (call.arguments.some((one) => one.type === "SpreadElement"))
    return report(call, {
      rule: "credentials",
      what: `${name} gets its arguments by a spread; give it ${option.text}`,
      confidence: "manual",
    });
  const target = targetOf(project, module, url, options);
  if (target.kind === "local") return;
  const state = init === undefined ? undefined : stateOf(project, module, init, option);
  if (target.kind === "foreign") return foreign(work, call, name, target, state?.kind === "right");
  if (state?.kind === "right") return;
  if (state?.kind === "other")
    return report(state.node === call ? call : firstIn(module, state.node, call), {
      rule: "credentials",
      what: `${name} has credentials ${state.value}; the session cookie needs "include"`,
      confidence: "manual",
    });
  if (target.kind === "unknown") return unknownTarget(work, call, name, target.expression, option.text);
  if (state?.kind === "unreadable")
    return report(call, {
      rule: "credentials",
      what: `${name} without credentials, as far as can be read: ${state.why}`,
      confidence: "manual",
    });
  const what = `${name} without ${option.text}`;
  if (state === undefined) {
    report(call, { rule: "credentials", what, confidence: target.sure ? "certain" : "likely" });
    return void work.insertions.push({ kind: "argument", call, text: option.text, position: 1 });
  }
  if (isShared(run, state.module, state.insertion))
    return report(call, {
      rule: "credentials",
      what: `${what}; its options are used elsewhere too`,
      confidence: "manual",
    });
  report(call, { rule: "credentials", what, confidence: target.sure && state.sure ? "certain" : "likely" });
  const { insertions } = run.workOf(state.module);
  if (!insertions.some((one) => isSame(one, state.insertion))) insertions.push(state.insertion);
}

const isSame = (one: Work["insertions"][number], other: Work["insertions"][number]): boolean =>
  one.kind === "property" && other.kind === "property" && one.object === other.object;

/** In another file the option is named at the call that misses it. */
const firstIn = (module: Module, node: Node, call: Node): Node => (module.nodes.includes(node) ? node : call);

export function foreign(
  { report }: Work,
  call: Node,
  name: string,
  target: Extract<Target, { kind: "foreign" }>,
  sendsCookies: boolean,
): void {
  if (sendsCookies)
    report(call, {
      rule: "third-party",
      what: `${name} sends cookies to ${quoted(target.origin)}, which is not among the --api origins`,
      confidence: "manual",
    });
  else
    report(call, {
      rule: "third-party",
      what: `${name} to ${quoted(target.origin)} is left without credentials; if it is your API, name it with --api`,
      confidence: "certain",
      note: true,
    });
}

export function unknownTarget(
  { report }: Work,
  call: Node,
  name: string,
  expression: string,
  text: string,
): void {
  report(call, {
    rule: "credentials",
    what: `${name} to ${quoted(expression)}: only the running program knows where; if it is your API, add ${text}, or name the expression with --api-base`,
    confidence: "manual",
  });
}
