/** axios sends cookies to another origin only with `withCredentials`: per instance, as a default, by an interceptor or per call. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module } from "../source/parse.ts";
import { type Axios, type AxiosCall, axiosCallOf, axiosOf, optionOf } from "./clients.ts";
import { foreign, unknownTarget } from "./fetch.ts";
import type { Run, Work } from "./finding.ts";
import { isRight, type OptionState, stateOf, WITH_CREDENTIALS } from "./options.ts";
import { isShared } from "./shared.ts";
import { type Target, targetOf } from "./url.ts";

/** What is set for all requests of axios itself or of one instance. */
interface Defaults {
  credentials?: boolean;
  /** Where it is switched off, or to something that cannot be read. */
  other?: { readonly module: Module; readonly node: Node };
  base?: { readonly module: Module; readonly node: Node };
}

const ROOT = "root";
type Key = Node | typeof ROOT;
const keyOf = (axios: Axios): Key => (axios.kind === "root" ? ROOT : axios.create);

export function findAxios(run: Run): void {
  const defaults = collectDefaults(run);
  const of = (key: Key): Defaults => defaults.get(key) ?? {};
  for (const module of run.project.modules.values())
    for (const node of module.nodes)
      if (isCreate(run, module, node)) instance(run, run.workOf(module), node, of(node), of(ROOT));
  for (const { module, node } of [...defaults.values()].flatMap(({ other }) =>
    other === undefined ? [] : [other],
  ))
    run.workOf(module).report(node, {
      rule: "credentials",
      what: "withCredentials is set to something else than true",
      confidence: "manual",
    });
  for (const module of run.project.modules.values())
    for (const node of module.nodes) {
      const call = axiosCallOf(run.project, module, node);
      if (call === undefined) continue;
      const key = keyOf(call.axios);
      const isCovered = key !== ROOT || of(ROOT).credentials === true;
      request(run, run.workOf(module), node, call, isCovered, of(ROOT));
    }
}

function isCreate({ project }: Run, module: Module, node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = bare(node.callee);
  return (
    callee.type === "MemberExpression" &&
    project.memberName(module, callee) === "create" &&
    axiosOf(project, module, callee.object) !== undefined
  );
}

/** `x.defaults.withCredentials = true`, `x.defaults.baseURL = ...`, and interceptors that set it in every request. */
function collectDefaults({ project }: Run): Map<Key, Defaults> {
  const all = new Map<Key, Defaults>();
  const entry = (axios: Axios): Defaults => {
    const known = all.get(keyOf(axios)) ?? {};
    all.set(keyOf(axios), known);
    return known;
  };
  for (const module of project.modules.values())
    for (const node of module.nodes) {
      if (node.type === "AssignmentExpression" && node.left.type === "MemberExpression") {
        const name = project.memberName(module, node.left);
        const owner = bare(node.left.object);
        if (owner.type !== "MemberExpression" || project.memberName(module, owner) !== "defaults") continue;
        const axios = axiosOf(project, module, owner.object);
        if (axios === undefined) continue;
        if (name === "baseURL") entry(axios).base = { module, node: node.right };
        if (name !== "withCredentials") continue;
        if (isRight(project, module, node.right, WITH_CREDENTIALS)) entry(axios).credentials = true;
        else entry(axios).other = { module, node };
      } else if (node.type === "CallExpression" && setsInInterceptor(module, node)) {
        const use = bare(node.callee);
        const ofRequests = use.type === "MemberExpression" ? bare(use.object) : use;
        const interceptors = ofRequests.type === "MemberExpression" ? bare(ofRequests.object) : ofRequests;
        if (
          project.memberName(module, interceptors) !== "interceptors" ||
          interceptors.type !== "MemberExpression"
        )
          continue;
        const axios = axiosOf(project, module, interceptors.object);
        if (axios !== undefined) entry(axios).credentials = true;
      }
    }
  return all;
}

/** `...request.use((config) => { config.withCredentials = true; ... })`, without a condition. */
function setsInInterceptor(module: Module, call: Node): boolean {
  if (call.type !== "CallExpression") return false;
  const callee = bare(call.callee);
  const [handler] = call.arguments;
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return false;
  if (callee.property.name !== "use" || handler === undefined || !isFunction(handler)) return false;
  return module.nodes.some((node) => {
    if (node.type !== "AssignmentExpression" || node.left.type !== "MemberExpression") return false;
    const { property, object } = node.left;
    if (property.type !== "Identifier" || property.name !== "withCredentials") return false;
    if (object.type !== "Identifier" || module.scopes.bindingOf(object)?.node !== handler) return false;
    const block = module.parents.get(module.parents.get(node) ?? node);
    return (
      node.right.type === "Literal" &&
      node.right.value === true &&
      block?.type === "BlockStatement" &&
      module.parents.get(block) === handler
    );
  });
}

/** Its requests carry cookies afterwards, or a finding says at its making that they do not. */
function instance(run: Run, work: Work, create: Node, own: Defaults, root: Defaults): void {
  const { project, module } = work;
  if (create.type !== "CallExpression") return;
  if (own.credentials === true || own.other !== undefined || work.isTest || work.isIgnored(create)) return;
  const [config] = create.arguments;
  const base = baseOf(run, work, config, own, root);
  const state = config === undefined ? undefined : stateOf(project, module, config, WITH_CREDENTIALS);
  if (base.kind === "foreign") return foreign(work, create, "axios instance", base, state?.kind === "right");
  if (state?.kind === "right") return;
  if (base.kind === "unknown" && (state === undefined || state.kind === "missing"))
    unknownTarget(work, create, "axios instance", base.expression, WITH_CREDENTIALS.text);
  else add(run, work, create, state, "axios instance", 0, base.kind === "own" && base.sure);
}

function baseOf(
  run: Run,
  { module, project }: Work,
  config: Node | undefined,
  own: Defaults,
  root: Defaults,
): Target {
  const given = optionOf(project, module, config, "baseURL");
  if (given !== undefined) return targetOf(project, module, given, run.options);
  const base = own.base ?? root.base;
  return base === undefined
    ? { kind: "own", sure: false }
    : targetOf(project, base.module, base.node, run.options);
}

function request(
  run: Run,
  work: Work,
  node: Node,
  call: AxiosCall,
  isCovered: boolean,
  root: Defaults,
): void {
  const { project, module, options } = work;
  if (work.isTest || work.isIgnored(node)) return;
  const isRoot = call.axios.kind === "root";
  const url: Target =
    call.url === undefined ? withoutUrl(work, call) : targetOf(project, module, call.url, options);
  if (url.kind === "local") return;
  const state =
    call.config === undefined ? undefined : stateOf(project, module, call.config, WITH_CREDENTIALS);
  if (url.kind === "foreign") {
    const refuses = state?.kind === "other" && state.value === "false";
    return foreign(
      work,
      node,
      "axios",
      url,
      !refuses && ((isCovered && sends(run, call)) || state?.kind === "right"),
    );
  }
  if (state?.kind === "other") return refused(work, node, state);
  if (isCovered || state?.kind === "right") return;
  // A relative address goes to the base that was set for axios as a whole, or in this call.
  const base = optionOf(project, module, call.config, "baseURL") ?? (isRoot ? root.base?.node : undefined);
  const home =
    base === undefined
      ? undefined
      : targetOf(project, root.base?.node === base ? (root.base?.module ?? module) : module, base, options);
  if (home?.kind === "foreign") return foreign(work, node, "axios", home, false);
  const aim = home?.kind === "unknown" ? home : url;
  if (aim.kind === "unknown")
    return unknownTarget(work, node, "axios", aim.expression, WITH_CREDENTIALS.text);
  add(run, work, node, state, "axios call", call.position, aim.kind === "own" && aim.sure);
}

/** Without a url in its options a request goes to the base; options that cannot be read may hold any. */
function withoutUrl({ project, module }: Work, { config, position }: AxiosCall): Target {
  if (config === undefined || position > 0) return { kind: "own", sure: false };
  const meaning = project.meaningOf(module, config);
  return meaning.kind === "node" &&
    meaning.node.type === "ObjectExpression" &&
    meaning.node.properties.every(({ type }) => type === "Property")
    ? { kind: "own", sure: false }
    : { kind: "unknown", expression: "what its options say" };
}

/** An instance that was left alone sends nothing to anybody. */
function sends(run: Run, { axios }: AxiosCall): boolean {
  if (axios.kind === "root") return true;
  const { insertions } = run.workOf(axios.module);
  const [config] = axios.create.type === "CallExpression" ? axios.create.arguments : [];
  if (insertions.some((one) => one.kind === "argument" && one.call === axios.create)) return true;
  if (config === undefined) return false;
  const state = stateOf(run.project, axios.module, config, WITH_CREDENTIALS);
  const { project } = run;
  const meaning = project.meaningOf(axios.module, config);
  return (
    state.kind === "right" ||
    insertions.some(
      (one) => one.kind === "property" && meaning.kind === "node" && one.object === meaning.node,
    )
  );
}

function refused({ report, module }: Work, node: Node, state: Extract<OptionState, { kind: "other" }>): void {
  report(module.nodes.includes(state.node) ? state.node : node, {
    rule: "credentials",
    what: `axios has withCredentials ${state.value}; the session cookie needs true`,
    confidence: "manual",
  });
}

function add(
  run: Run,
  work: Work,
  call: Node,
  state: OptionState | undefined,
  name: string,
  position: number,
  sure: boolean,
): void {
  const { report } = work;
  const what = `${name} without ${WITH_CREDENTIALS.text}`;
  if (state?.kind === "other") return refused(work, call, state);
  if (state?.kind === "unreadable")
    return report(call, {
      rule: "credentials",
      what: `${what}, as far as can be read: ${state.why}`,
      confidence: "manual",
    });
  if (state?.kind === "missing" && isShared(run, state.module, state.insertion))
    return report(call, {
      rule: "credentials",
      what: `${what}; its options are used elsewhere too`,
      confidence: "manual",
    });
  if (state?.kind === "missing") {
    report(call, { rule: "credentials", what, confidence: sure && state.sure ? "certain" : "likely" });
    const { insertions } = run.workOf(state.module);
    const { insertion } = state;
    const known = insertions.some(
      (one) => one.kind === "property" && insertion.kind === "property" && one.object === insertion.object,
    );
    if (!known) insertions.push(insertion);
    return;
  }
  report(call, { rule: "credentials", what, confidence: sure ? "certain" : "likely" });
  work.insertions.push({ kind: "argument", call, text: WITH_CREDENTIALS.text, position });
}
