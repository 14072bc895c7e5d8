/** Whose server a request goes to. Cookies are for the application's own. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module, sourceOf } from "../source/parse.ts";
import type { Part, Project } from "../source/project.ts";
import type { Binding } from "../source/scope.ts";
import type { MigrateOptions } from "./finding.ts";

export type Target =
  | { readonly kind: "own"; readonly sure: boolean }
  | { readonly kind: "foreign"; readonly origin: string }
  /** No server at all: `data:`, `blob:`. */
  | { readonly kind: "local" }
  | { readonly kind: "unknown"; readonly expression: string };

const OWN: Target = { kind: "own", sure: true };
/** What a page calls its own origin. */
const PAGE = /^(?:(?:window|document|globalThis|self)\.)?location\.(?:origin|href)$|^document\.baseURI$/;
const MAX_CALLERS = 3;

export function targetOf(
  project: Project,
  module: Module,
  expression: Node,
  options: MigrateOptions,
  depth = 0,
): Target {
  const node = bare(expression);
  if (node.type === "ConditionalExpression")
    return agreed([
      targetOf(project, module, node.consequent, options, depth),
      targetOf(project, module, node.alternate, options, depth),
    ]);
  const meaning = project.meaningOf(module, node);
  if (meaning.kind === "node" && meaning.node.type === "NewExpression") {
    const { callee, arguments: given } = meaning.node;
    const [path, base] = given;
    if (callee.type === "Identifier" && callee.name === "URL" && path !== undefined)
      return ofUrl(project, meaning.module, path, base, options, depth);
  }
  if (
    meaning.kind === "node" &&
    /^(?:window\.)?URL\.createObjectURL\(/.test(sourceOf(meaning.module, meaning.node))
  )
    return { kind: "local" };
  const parts = project.partsOf(module, node);
  const [first] = parts;
  if (first === undefined) return { kind: "unknown", expression: sourceOf(module, node) };
  if ("text" in first) return ofText(first.text, parts.length === 1, options, parts[1]);
  if (isOwnBase(first.unknown, options)) return OWN;
  return (
    ofCallers(project, module, first, options, depth) ?? {
      kind: "unknown",
      expression: first.unknown,
    }
  );
}

export const isOwnBase = (expression: string, { bases }: MigrateOptions): boolean => {
  const plain = expression.replaceAll(/\s|!|\?(?=\.)/g, "").replaceAll(/\[["']([\w$]+)["']\]/g, ".$1");
  return PAGE.test(plain) || bases.has(plain);
};

/** `new URL(path, base)`: an absolute path wins over its base. */
function ofUrl(
  project: Project,
  module: Module,
  path: Node,
  base: Node | undefined,
  options: MigrateOptions,
  depth: number,
): Target {
  const [first] = project.partsOf(module, path);
  if (
    base === undefined ||
    (first !== undefined && "text" in first && /^[a-z][a-z\d+.-]*:|^[/\\]{2}/i.test(first.text))
  )
    return targetOf(project, module, path, options, depth);
  const home = targetOf(project, module, base, options, depth);
  if (first !== undefined && "text" in first && first.text !== "") return home;
  return home.kind === "own" ? { kind: "own", sure: false } : home;
}

/** A browser drops control characters and reads "\" as "/"; so does this, or `ht\ntps://` would be our own. */
function ofText(raw: string, whole: boolean, options: MigrateOptions, next: Part | undefined): Target {
  const text = raw
    .replaceAll(/[\t\n\r]/g, "")
    .replace(/^[\0- ]+/, "")
    .replaceAll("\\", "/");
  const unknown: Target = {
    kind: "unknown",
    expression: next !== undefined && "unknown" in next ? `${raw}\${${next.unknown}}` : raw,
  };
  const absolute = /^(https?:)?\/\/+([^/?#]*)([/?#]?)/i.exec(text);
  if (absolute !== null) {
    const [, scheme = "", authority = "", end] = absolute;
    // "https://api.example" + something may go on as ".evil.example".
    if (!whole && end === "") return unknown;
    const origins = (scheme === "" ? ["https:", "http:"] : [scheme]).flatMap((one) => {
      const url = URL.parse(`${one}//${authority}`);
      return url === null || url.username !== "" || url.password !== "" ? [] : [url.origin];
    });
    const [origin = raw] = origins;
    return origins.some((one) => options.origins.has(one)) ? OWN : { kind: "foreign", origin };
  }
  if (/^(?:data|blob|about|javascript):/i.test(text)) return { kind: "local" };
  if (/^[a-z][a-z\d+.-]*:/i.test(text)) return { kind: "foreign", origin: text.slice(0, 40) };
  if (text.startsWith("/")) return { kind: "own", sure: whole || text.length > 1 };
  return whole || /[/?#]/.test(text) || text === "" ? { kind: "own", sure: whole } : unknown;
}

/** A wrapper's parameter: what every caller in the scanned files passes for it. */
function ofCallers(
  project: Project,
  module: Module,
  first: Part,
  options: MigrateOptions,
  depth: number,
): Target | undefined {
  if (!("node" in first) || first.node.type !== "Identifier" || depth >= MAX_CALLERS) return undefined;
  const binding = module.scopes.bindingOf(first.node);
  if (binding?.kind !== "parameter" || binding.written) return undefined;
  const calls = callsOf(project, module, binding.node);
  const index = parameterIndex(binding);
  if (calls === undefined || calls.length === 0 || index === undefined) return undefined;
  const targets = calls.map((call): Target => {
    const argument = call.node.type === "CallExpression" ? call.node.arguments[index] : undefined;
    if (argument === undefined || argument.type === "SpreadElement")
      return { kind: "unknown", expression: binding.name };
    const target = targetOf(project, call.module, argument, options, depth + 1);
    return target.kind === "own" ? { kind: "own", sure: false } : target;
  });
  return agreed(targets);
}

function agreed(targets: readonly Target[]): Target {
  const [first] = targets;
  const different = targets.find(({ kind }) => kind !== first?.kind);
  if (first === undefined || different !== undefined)
    return { kind: "unknown", expression: "several servers" };
  return first.kind === "own"
    ? { kind: "own", sure: targets.every((one) => one.kind === "own" && one.sure) }
    : first;
}

function parameterIndex({ node, identifier }: Binding): number | undefined {
  if (
    node.type !== "FunctionDeclaration" &&
    node.type !== "FunctionExpression" &&
    node.type !== "ArrowFunctionExpression"
  )
    return undefined;
  const index = node.params.findIndex(
    (one) => one === identifier || (one.type === "AssignmentPattern" && one.left === identifier),
  );
  return index === -1 ? undefined : index;
}

export interface Call {
  readonly module: Module;
  readonly node: Node;
}

/** Every call of a function; undefined where it is handed on, so that nobody can know them all. */
export function callsOf(project: Project, module: Module, declared: Node): readonly Call[] | undefined {
  if (!isFunction(declared)) return undefined;
  const parent = module.parents.get(declared);
  const name =
    declared.type === "FunctionDeclaration"
      ? declared.id
      : parent?.type === "VariableDeclarator" && parent.id.type === "Identifier"
        ? parent.id
        : undefined;
  const binding = name === undefined || name === null ? undefined : module.scopes.bindingOf(name);
  if (binding === undefined || binding.written) return undefined;
  const calls: Call[] = [];
  const take = (home: Module, references: readonly Node[]): boolean =>
    references.every((reference) => {
      const around = home.parents.get(reference);
      if (around?.type === "ExportSpecifier" || around?.type === "ExportDefaultDeclaration") return true;
      if (around?.type !== "CallExpression" || around.callee !== reference) return false;
      calls.push({ module: home, node: around });
      return true;
    });
  if (!take(module, binding.references)) return undefined;
  for (const other of project.modules.values())
    for (const node of other.nodes) {
      if (node.type !== "ImportSpecifier" && node.type !== "ImportDefaultSpecifier") continue;
      const meaning = project.meaningOf(other, node.local);
      if (meaning.kind !== "node" || meaning.node !== declared) continue;
      if (!take(other, other.scopes.bindingOf(node.local)?.references ?? [])) return undefined;
    }
  return calls;
}
