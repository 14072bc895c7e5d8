/** Applications and routers of Express and Fastify: which is which, and what stands before their routes. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module, sourceOf } from "../../source/parse.ts";
import type { Project } from "../../source/project.ts";
import { apiOf, nameOf, ownerOf } from "../read.ts";
import type { Scene } from "../rule.ts";

export interface Receiver {
  readonly kind: "express" | "fastify";
  /** What it was made by, or the function that is given it. */
  readonly home: Node;
  /** Of `router.route("/x").all(guard)`. */
  readonly path: string | undefined;
  readonly guards: readonly Node[];
}

const AUTH =
  /auth|log(?:ged)?-?in|signed|user|permission|role|guard|jwt|protect|ensure|require[A-Z_]|verify|passport|acl|\bcan[A-Z]|allow|admin|member|owner|api_?key|secur|principal|access/i;
const NO_AUTH =
  /^(?:session|cookieSession|initialize|json|urlencoded|bodyParser|multer|upload\w*|validate\w*|requireBody|requireJson|userAgent|requireHttps)$/i;
const ASKS =
  /\b(?:req|request|ctx|c)\.(?:user|session|auth|principal|account|jwtVerify|isAuthenticated|currentUser|member)\b|\b40[13]\b|jwt\w*\.verify|\bverify(?:Token|Jwt|Session|Auth|Signature)|isAuthenticated|authoriz|authenticate|getSession|currentUser|requireUser/i;
const HOOKS = /^(?:onRequest|preParsing|preValidation|preHandler)$/;
const MAX_TEXT = 20_000;

const authWord = (name: string): boolean => AUTH.test(name) && !NO_AUTH.test(name);

/** Whether what stands before a handler asks who is there: by its name, or by what it does. */
export function isAuthName(module: Module, node: Node): boolean {
  const inner = bare(node);
  if (isFunction(inner)) return ASKS.test(sourceOf(module, inner).slice(0, MAX_TEXT));
  if (inner.type === "ArrayExpression")
    return inner.elements.some((one) => one !== null && isAuthName(module, one));
  const owner = ownerOf(inner.type === "CallExpression" ? inner.callee : inner);
  const name = nameOf(inner);
  if (NO_AUTH.test(name)) return false;
  return (
    authWord(name) || (owner !== undefined && inner.type !== "ObjectExpression" && authWord(nameOf(owner)))
  );
}

export function asksWho({ project, module }: Scene, handler: Node): boolean {
  const meaning = project.meaningOf(module, handler);
  if (meaning.kind !== "node" || !isFunction(meaning.node)) return isAuthName(module, handler);
  return ASKS.test(sourceOf(meaning.module, meaning.node).slice(0, MAX_TEXT));
}

/** What `app` in `app.post(...)` is. */
export function receiverOf(
  scene: Pick<Scene, "project" | "module">,
  owner: Node,
  depth = 0,
): Receiver | undefined {
  const { project, module } = scene;
  const node = bare(owner);
  if (depth > 8) return undefined;
  if (node.type === "CallExpression") {
    const name = nameOf(node.callee);
    const inner = ownerOf(node.callee);
    if (inner !== undefined && /^(?:route|all|get|post|put|patch|delete|use)$/.test(name)) {
      const before = receiverOf(scene, inner, depth + 1);
      if (before === undefined) return undefined;
      const [first] = node.arguments;
      const path = name === "route" && first !== undefined ? project.textOf(module, first) : before.path;
      return {
        ...before,
        path,
        guards: name === "all" ? [...before.guards, ...node.arguments] : before.guards,
      };
    }
    const made = madeBy(project, module, node);
    return made === undefined ? undefined : { kind: made, home: node, path: undefined, guards: [] };
  }
  if (node.type !== "Identifier") return undefined;
  const meaning = project.meaningOf(module, node);
  if (meaning.kind === "node" && meaning.node.type === "CallExpression") {
    const made = madeBy(project, meaning.module, meaning.node);
    if (made !== undefined) return { kind: made, home: meaning.node, path: undefined, guards: [] };
  }
  const binding = module.scopes.bindingOf(node);
  if (binding?.kind !== "parameter") return undefined;
  const type =
    binding.identifier.type === "Identifier" && binding.identifier.typeAnnotation
      ? sourceOf(module, binding.identifier.typeAnnotation)
      : "";
  const kind =
    /Fastify/.test(type) || (type === "" && node.name === "fastify")
      ? "fastify"
      : /\b(?:Express|Application|Router|IRouter)\b/.test(type)
        ? "express"
        : undefined;
  return kind === undefined ? undefined : { kind, home: binding.node, path: undefined, guards: [] };
}

function madeBy(project: Project, module: Module, call: Node): Receiver["kind"] | undefined {
  if (call.type !== "CallExpression") return undefined;
  const api = apiOf(project, module, call.callee);
  if (api === undefined) return undefined;
  if (
    /^express$|^express-promise-router$|^Router$/.test(api.source) &&
    /^(?:Router|default|)$/.test(api.name)
  )
    return "express";
  return /^fastify$/i.test(api.source) && /^(?:fastify|)$/i.test(api.name) ? "fastify" : undefined;
}

interface Protection {
  readonly module: Module;
  readonly start: number;
  /** Undefined: all paths. */
  readonly prefix: string | undefined;
}

const built = new WeakMap<Project, Routers>();

/** What stands before routes, in all files; read once. */
export class Routers {
  readonly hasAegis: boolean;
  readonly #protections = new Map<Node, Protection[]>();
  /** What is mounted under something: routers, plug-ins, whole files. */
  readonly #mounts: {
    readonly of: Node;
    readonly under: Node;
    readonly at: Protection;
    readonly guarded: boolean;
  }[] = [];

  static of(project: Project): Routers {
    const known = built.get(project);
    if (known !== undefined) return known;
    const fresh = new Routers(project);
    built.set(project, fresh);
    return fresh;
  }

  private constructor(project: Project) {
    let hasAegis = false;
    for (const module of project.modules.values())
      for (const node of module.nodes) {
        if (node.type === "ImportDeclaration" && /^aegis\/fastify$/.test(node.source.value)) hasAegis = true;
        if (node.type === "CallExpression") this.#take(project, module, node);
      }
    this.hasAegis = hasAegis;
  }

  #take(project: Project, module: Module, node: Node): void {
    if (node.type !== "CallExpression") return;
    const name = nameOf(node.callee);
    const owner = ownerOf(node.callee);
    if (owner === undefined || !/^(?:use|addHook|register)$/.test(name)) return;
    const receiver = receiverOf({ project, module }, owner);
    if (receiver === undefined) return;
    const [first] = node.arguments;
    const text = first === undefined ? undefined : project.textOf(module, first);
    const at: Protection = { module, start: node.start, prefix: name === "use" ? text : undefined };
    if (name === "addHook") {
      const [, hook] = node.arguments;
      if (HOOKS.test(text ?? "") && hook !== undefined && isAuthName(module, hook))
        this.#protect(receiver.home, { ...at, start: -1 });
      return;
    }
    const guarded =
      name === "use" &&
      node.arguments.some(
        (one) =>
          one.type !== "Literal" &&
          isAuthName(module, one) &&
          this.#mountable(project, module, one) === undefined,
      );
    if (guarded) this.#protect(receiver.home, at);
    if (name === "register" && first !== undefined && isAuthName(module, first))
      this.#protect(receiver.home, { ...at, start: -1 });
    for (const one of node.arguments) {
      const of = this.#mountable(project, module, one);
      if (of !== undefined) this.#mounts.push({ of, under: receiver.home, at, guarded });
    }
  }

  #protect(home: Node, protection: Protection): void {
    this.#protections.set(home, [...(this.#protections.get(home) ?? []), protection]);
  }

  /** A router, a plug-in, or a file that is required for one. */
  #mountable(project: Project, module: Module, node: Node): Node | undefined {
    if (node.type === "Literal" || node.type === "SpreadElement") return undefined;
    const meaning = project.meaningOf(module, node);
    if (meaning.kind !== "node") return undefined;
    if (meaning.node.type === "Program") return meaning.node;
    if (meaning.node.type === "CallExpression")
      return madeBy(project, meaning.module, meaning.node) === undefined ? undefined : meaning.node;
    return isFunction(meaning.node) && takesInstance(meaning.module, meaning.node) ? meaning.node : undefined;
  }

  isProtected(
    module: Module,
    receiver: Receiver,
    route: Node,
    path: string,
    seen = new Set<Node>(),
  ): boolean {
    const before = (list: readonly Protection[], home: Module, start: number, url: string): boolean =>
      list.some(
        (one) =>
          (one.module !== home || one.start < start) &&
          (one.prefix === undefined || url.startsWith(one.prefix)),
      );
    if (before(this.#protections.get(receiver.home) ?? [], module, route.start, path)) return true;
    // Routers may be mounted in a circle.
    if (seen.has(receiver.home)) return false;
    seen.add(receiver.home);
    return this.#mounts.some(
      (mount) =>
        (mount.of === receiver.home || mount.of === module.program) &&
        mount.under !== receiver.home &&
        (mount.guarded ||
          before(
            this.#protections.get(mount.under) ?? [],
            mount.at.module,
            mount.at.start,
            mount.at.prefix ?? path,
          ) ||
          this.isProtected(
            mount.at.module,
            { ...receiver, home: mount.under },
            { ...route, start: mount.at.start },
            path,
            seen,
          )),
    );
  }
}

const takesInstance = (module: Module, of: Node): boolean => {
  if (!("params" in of) || !Array.isArray(of.params)) return false;
  const [first] = of.params;
  return (
    first !== undefined && /^(?:app|fastify|server|instance|router)\b|Fastify/.test(sourceOf(module, first))
  );
};
