/**
 * Where a value comes from, as far as the sources say; a light flow over names, calls and files that runs nothing.
 * It errs towards `unknown`: what was not followed is neither believed to be harmless nor said to come from a stranger.
 */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module, sourceOf } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import type { Binding } from "../source/scope.ts";
import { type Caller, callersIn, ELEMENTS, ownMethod, returnsOf } from "./callers.ts";
import { asks, isAskedAbout, isGuarded } from "./guards.ts";
import { type Origin, worst, atLeast } from "./origin.ts";
import { patternPath } from "./patterns.ts";
import { nameOf } from "./read.ts";
import { isRequestCall, isRequestName, isRequestPart, REQUEST_PARTS } from "./request.ts";
import { isClosedName } from "./types.ts";

const MAX_DEPTH = 40;
const MAX_STEPS = 4000;
const MAX_CALLERS = 50;
/** Methods of routers, whose functions are given a request. */
const HANDLERS = /^(?:get|post|put|patch|delete|del|all|use|options|head)$/;
/** Functions whose result is a number, a truth, or free of what its sink would read as more than text. */
const CLOSING =
  /^(?:Number|parseInt|parseFloat|Boolean|BigInt|isNaN|now|random|floor|round|ceil|min|max|abs|trunc|toFixed|toISOString|getTime|includes|indexOf|lastIndexOf|has|test|some|every|startsWith|endsWith|isArray|randomUUID|randomInt|randomBytes|digest|basename|localeCompare|charCodeAt)$/;
const CLEANING =
  /escape|sanit|purif|encode|slug|quote|(?:identifier|literal)$|^(?:hash|digest|sha\d+|md5|h|html|css|clean)$/i;
const PASSING =
  /^(?:String|decodeURIComponent|decodeURI|concat|format|join|resolve|normalize|from|parse|stringify|assign|freeze|fromEntries|entries|keys|values|unescape|atob)$/;
const GLOBALS = new Set(["undefined", "NaN", "Infinity", "__dirname", "__filename"]);

export class Flow {
  readonly #project: Project;
  readonly #known = new Map<Node, Origin>();
  #callers: ReadonlyMap<Node, readonly Caller[]> | undefined;
  #steps = 0;

  constructor(project: Project) {
    this.#project = project;
  }

  of(module: Module, node: Node): Origin {
    this.#steps = 0;
    return this.#of(module, node, 0);
  }

  #of(module: Module, expression: Node, depth: number): Origin {
    const node = bare(expression);
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    this.#steps += 1;
    if (depth > MAX_DEPTH || this.#steps > MAX_STEPS) return "unknown";
    // Something that is made of itself is as bad as what else it is made of.
    this.#known.set(node, "constant");
    const origin = this.#find(module, node, depth + 1);
    this.#known.set(node, origin);
    return origin;
  }

  #find(module: Module, node: Node, depth: number): Origin {
    const of = (one: Node): Origin => this.#of(module, one, depth);
    const all = (list: readonly (Node | null)[]): Origin =>
      worst(...list.map((one) => (one === null ? "constant" : of(one))));
    switch (node.type) {
      case "Literal":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
      case "FunctionDeclaration":
      case "TSEnumDeclaration":
        return "constant";
      case "TemplateLiteral":
        return all(node.expressions);
      case "TaggedTemplateExpression":
        return nameOf(node.tag) === "raw" ? of(node.quasi) : "closed";
      case "BinaryExpression":
        return node.operator === "+" ? worst(of(node.left), of(node.right)) : "closed";
      case "UnaryExpression":
      case "UpdateExpression":
        return "closed";
      case "ConditionalExpression":
        return worst(
          asks(module, node.test, sourceOf(module, node.consequent)) ? "closed" : of(node.consequent),
          asks(module, node.test, sourceOf(module, node.alternate)) ? "closed" : of(node.alternate),
        );
      case "LogicalExpression":
        return node.operator === "&&" ? of(node.right) : worst(of(node.left), of(node.right));
      case "AssignmentExpression":
        return of(node.right);
      case "SequenceExpression":
        return all(node.expressions.slice(-1));
      case "AwaitExpression":
      case "SpreadElement":
        return of(node.argument);
      case "ArrayExpression":
        return all(node.elements);
      case "ObjectExpression":
        return all(node.properties.map((one) => (one.type === "Property" ? one.value : one)));
      case "Identifier":
        return this.#ofName(module, node, depth);
      case "MemberExpression":
        return this.#ofMember(module, node, depth);
      case "CallExpression":
        return this.#ofCall(module, node, depth);
      case "NewExpression":
        if (nameOf(node.callee) === "Date") return "closed";
        return /^(?:URL|URLSearchParams|String|Set|Map|Function)$/.test(nameOf(node.callee))
          ? all(node.arguments)
          : "unknown";
      default:
        return "unknown";
    }
  }

  #ofName(module: Module, node: Node, depth: number): Origin {
    if (node.type !== "Identifier") return "unknown";
    if (GLOBALS.has(node.name)) return "constant";
    const binding = module.scopes.bindingOf(node);
    if (binding === undefined) return isAskedAbout(module, node) ? "closed" : "unknown";
    const origin = this.#ofBinding(module, binding, depth);
    return atLeast(origin, "unknown") && isGuarded(module, node, binding) ? "closed" : origin;
  }

  #ofBinding(module: Module, binding: Binding, depth: number): Origin {
    const known = this.#known.get(binding.identifier);
    if (known !== undefined) return known;
    this.#known.set(binding.identifier, "constant");
    const origin = isClosedName(module, binding.identifier)
      ? "closed"
      : worst(this.#declared(module, binding, depth), this.#written(module, binding, depth));
    this.#known.set(binding.identifier, origin);
    return origin;
  }

  #declared(module: Module, binding: Binding, depth: number): Origin {
    const { node, kind, identifier } = binding;
    if (kind === "import") {
      const meaning = this.#project.meaningOf(module, identifier);
      return meaning.kind === "node" && meaning.node !== identifier
        ? this.#of(meaning.module, meaning.node, depth)
        : "unknown";
    }
    if (kind === "function") return "constant";
    if (kind === "parameter") return this.#ofParameter(module, binding, depth);
    if (node.type !== "VariableDeclarator") return "unknown";
    const { init } = node;
    if (init === null) {
      // `for (const one of list)`; otherwise nothing until it is assigned.
      const loop = module.parents.get(module.parents.get(node) ?? node);
      return loop?.type === "ForOfStatement" ? this.#of(module, loop.right, depth) : "constant";
    }
    if (node.id.type === "Identifier") return this.#of(module, init, depth);
    const { path, fallback } = patternPath(node.id, identifier);
    const value = bare(init);
    const [first] = path;
    if (value.type === "Identifier" && isRequestName(value.name) && REQUEST_PARTS.has(first ?? ""))
      return "request";
    const constant = this.#project.meaningOf(module, identifier);
    if (constant.kind === "node" && constant.node !== identifier && constant.node.type !== "Identifier")
      return this.#of(constant.module, constant.node, depth);
    const origin = this.#of(module, init, depth);
    if (fallback === undefined) return origin;
    // What is a number by default is one, unless a stranger says otherwise.
    return origin === "unknown" && this.#isNumber(module, fallback)
      ? "closed"
      : worst(origin, this.#of(module, fallback, depth));
  }

  #isNumber(module: Module, node: Node): boolean {
    const meaning = this.#project.meaningOf(module, node);
    return (
      meaning.kind === "node" &&
      meaning.node.type === "Literal" &&
      /^(?:number|boolean)$/.test(typeof meaning.node.value)
    );
  }

  /** What is assigned or added to it later. */
  #written(module: Module, binding: Binding, depth: number): Origin {
    const found: Origin[] = [];
    for (const reference of binding.references) {
      const parent = module.parents.get(reference);
      if (parent?.type === "AssignmentExpression" && parent.left === reference)
        found.push(this.#of(module, parent.right, depth));
      if (parent?.type !== "MemberExpression" || parent.object !== reference) continue;
      const call = module.parents.get(parent);
      if (
        call?.type === "CallExpression" &&
        call.callee === parent &&
        /^(?:push|unshift|add)$/.test(nameOf(parent))
      )
        found.push(...call.arguments.map((one) => this.#of(module, one, depth)));
    }
    return worst("constant", ...found);
  }

  #ofParameter(module: Module, binding: Binding, depth: number): Origin {
    const { node: home, identifier } = binding;
    if (!("params" in home) || !Array.isArray(home.params)) return "unknown";
    const place = home.params.findIndex((one) => one.start <= identifier.start && identifier.end <= one.end);
    const pattern = home.params[place];
    if (pattern === undefined) return "unknown";
    const { path } = patternPath(pattern, identifier);
    const call = module.parents.get(home);
    if (call?.type === "CallExpression" && call.callee !== home) {
      const name = nameOf(call.callee);
      const callee = bare(call.callee);
      if (ELEMENTS.test(name) && callee.type === "MemberExpression")
        return place === 0 ? this.#of(module, callee.object, depth) : "closed";
      if (path[0] !== undefined && place === 0 && REQUEST_PARTS.has(path[0]) && HANDLERS.test(name))
        return "request";
    }
    const callers = (this.#callers ??= callersIn(this.#project)).get(home) ?? [];
    if (callers.length === 0) return "unknown";
    return worst(
      ...callers.slice(0, MAX_CALLERS).map((one): Origin => {
        const given = one.given(place);
        if (given === "other") return "unknown";
        return given === undefined ? "constant" : this.#of(one.module, given, depth);
      }),
      pattern.type === "AssignmentPattern" ? this.#of(module, pattern.right, depth) : "constant",
    );
  }

  #ofMember(module: Module, node: Node, depth: number): Origin {
    if (node.type !== "MemberExpression") return "unknown";
    if (isRequestPart(module, node)) return isAskedAbout(module, node) ? "closed" : "request";
    const name = nameOf(node);
    if (!node.computed && /^(?:length|size|rowCount)$/.test(name)) return "closed";
    if (nameOf(node.object) === "env" || nameOf(node) === "env" || name === "execPath") return "setting";
    const meaning = this.#project.meaningOf(module, node);
    if (meaning.kind === "node" && meaning.node !== node)
      return this.#of(meaning.module, meaning.node, depth);
    if (bare(node.object).type === "ThisExpression") return "unknown";
    const result = this.#ofResult(module, node.object, name, depth);
    if (result !== undefined) return result;
    const owner = this.#of(module, node.object, depth);
    if (owner === "request") return isAskedAbout(module, node) ? "closed" : "request";
    return owner === "constant" || owner === "setting" ? owner : "unknown";
  }

  /** `keyset.where`, where a function gave back an object that is written down. */
  #ofResult(module: Module, object: Node, name: string, depth: number): Origin | undefined {
    const made = this.#project.meaningOf(module, object);
    if (made.kind !== "node" || made.node.type !== "CallExpression") return undefined;
    const called = this.#project.meaningOf(made.module, made.node.callee);
    if (called.kind !== "node" || !isFunction(called.node)) return undefined;
    const found: Origin[] = [];
    for (const one of returnsOf(called.module, called.node)) {
      const value = bare(one);
      if (value.type !== "ObjectExpression") return undefined;
      const property = value.properties.find((each) => this.#project.keyOf(called.module, each) === name);
      if (property?.type !== "Property") return undefined;
      found.push(this.#of(called.module, property.value, depth));
    }
    return found.length === 0 ? undefined : worst(...found);
  }

  #ofCall(module: Module, node: Node, depth: number): Origin {
    if (node.type !== "CallExpression") return "unknown";
    if (isRequestCall(node)) return "request";
    const name = nameOf(node.callee);
    const callee = bare(node.callee);
    const given = (): readonly Origin[] => node.arguments.map((one) => this.#of(module, one, depth));
    const own = ownMethod(module, callee);
    const meaning =
      own === undefined
        ? this.#project.meaningOf(module, node.callee)
        : { kind: "node" as const, module, node: own };
    if (meaning.kind === "node" && isFunction(meaning.node))
      return CLEANING.test(name)
        ? "closed"
        : worst(
            ...returnsOf(meaning.module, meaning.node).map((one) => this.#of(meaning.module, one, depth)),
          );
    if (CLOSING.test(name) || CLEANING.test(name)) return "closed";
    if (callee.type !== "MemberExpression") return PASSING.test(name) ? worst(...given()) : "unknown";
    if (name === "map" || name === "flatMap") {
      const [work] = node.arguments;
      if (work === undefined || CLEANING.test(nameOf(work))) return work === undefined ? "unknown" : "closed";
      if (nameOf(work) === "String") return this.#of(module, callee.object, depth);
      const handed = this.#project.meaningOf(module, work);
      return handed.kind === "node" && isFunction(handed.node)
        ? worst(...returnsOf(handed.module, handed.node).map((one) => this.#of(handed.module, one, depth)))
        : "unknown";
    }
    const owner = this.#of(module, callee.object, depth);
    if (PASSING.test(name))
      return worst(
        /^[A-Z]/.test(nameOf(callee.object)) || /^(?:path|util|qs)$/.test(nameOf(callee.object))
          ? "constant"
          : owner,
        ...given(),
      );
    // A method of a text or a list gives back what it is called on, or what it is given.
    if (owner === "request") return "request";
    return owner === "unknown" ? "unknown" : worst(owner, ...given());
  }
}
