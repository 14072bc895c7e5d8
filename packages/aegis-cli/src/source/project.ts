/** What names mean across files: imports, re-exports, constants. Never runs anything of what it reads. */
import { posix } from "node:path";
import type { Node } from "oxc-parser";
import { fieldValue } from "./fields.ts";
import { bare, type Module, SOURCE_EXTENSIONS, sourceOf } from "./parse.ts";
import type { Binding } from "./scope.ts";

/** What an expression is, as far as its sources say. */
export type Meaning =
  | { readonly kind: "node"; readonly module: Module; readonly node: Node }
  | { readonly kind: "package"; readonly source: string; readonly name: string }
  | { readonly kind: "global"; readonly name: string };

/** A text as it is written: known, or what only a running program knows. */
export type Part = { readonly text: string } | { readonly unknown: string; readonly node: Node };

/** Cycles and towers of re-exports end here. */
const MAX_DEPTH = 24;
const MAX_PARTS = 64;
/** A constant made of two, each made of two: a few lines that stand for millions of pieces. */
const MAX_STEPS = 5000;
const GLOBAL_OBJECTS = new Set(["window", "globalThis", "self"]);

export class Project {
  readonly modules: ReadonlyMap<string, Module>;
  #steps = 0;
  readonly #exports = new Map<string, Meaning | undefined>();

  /** Paths are relative to the folder, with "/". */
  constructor(modules: ReadonlyMap<string, Module>) {
    this.modules = modules;
  }

  /** Follows names, members of constants and imports to what was written down first. */
  meaningOf(module: Module, expression: Node, depth = 0): Meaning {
    const node = bare(expression);
    const itself: Meaning = { kind: "node", module, node };
    if (depth === 0) this.#steps = 0;
    if (depth > MAX_DEPTH) return itself;
    if (node.type === "Identifier") {
      const binding = module.scopes.bindingOf(node);
      return binding === undefined
        ? { kind: "global", name: node.name }
        : (this.#ofBinding(module, binding, depth + 1) ?? itself);
    }
    if (node.type === "MemberExpression") {
      const name = this.memberName(module, node, depth + 1);
      return name === undefined ? itself : (this.#ofMember(module, node.object, name, depth + 1) ?? itself);
    }
    if (node.type === "CallExpression") return this.#ofCall(module, node, depth + 1) ?? itself;
    return itself;
  }

  /** The name of a property: `a.name`, `a["name"]`, `a[NAME]`. */
  memberName(module: Module, node: Node, depth = 0): string | undefined {
    if (node.type !== "MemberExpression") return undefined;
    if (node.computed) return this.textOf(module, node.property, depth + 1);
    return node.property.type === "Identifier" ? node.property.name : undefined;
  }

  /** The name of a property of an object literal. */
  keyOf(module: Module, property: Node, depth = 0): string | undefined {
    if (property.type !== "Property") return undefined;
    if (property.computed) return this.textOf(module, property.key, depth);
    if (property.key.type === "Identifier") return property.key.name;
    return property.key.type === "Literal" && typeof property.key.value === "string"
      ? property.key.value
      : undefined;
  }

  textOf(module: Module, node: Node, depth = 0): string | undefined {
    const [part, ...rest] = this.partsOf(module, node, depth);
    return part !== undefined && "text" in part && rest.length === 0 ? part.text : undefined;
  }

  /** Neighbouring texts are one part; an empty text is one part too. */
  partsOf(module: Module, node: Node, depth = 0): readonly Part[] {
    const parts: Part[] = [];
    if (depth === 0) this.#steps = 0;
    for (const part of this.#rawParts(module, node, depth)) {
      const last = parts.at(-1);
      if ("text" in part && last !== undefined && "text" in last)
        parts[parts.length - 1] = { text: last.text + part.text };
      else if (!("text" in part) || part.text !== "" || parts.length === 0) parts.push(part);
    }
    return parts.length > 1 && "text" in (parts[0] ?? {}) && parts[0] !== undefined && isEmpty(parts[0])
      ? parts.slice(1)
      : parts.slice(0, MAX_PARTS);
  }

  #rawParts(module: Module, expression: Node, depth: number): readonly Part[] {
    const node = bare(expression);
    const unknown: Part = { unknown: sourceOf(module, node), node };
    this.#steps += 1;
    if (depth > MAX_DEPTH || this.#steps > MAX_STEPS) return [unknown];
    if (node.type === "Literal")
      return typeof node.value === "string" || typeof node.value === "number"
        ? [{ text: String(node.value) }]
        : [unknown];
    if (node.type === "TemplateLiteral")
      return node.quasis.flatMap((quasi, index): Part[] => {
        const inner = node.expressions[index];
        return [
          { text: quasi.value.cooked ?? quasi.value.raw },
          ...(inner === undefined ? [] : this.partsOf(module, inner, depth + 1)),
        ];
      });
    if (node.type === "BinaryExpression" && node.operator === "+")
      return [...this.partsOf(module, node.left, depth + 1), ...this.partsOf(module, node.right, depth + 1)];
    if (node.type === "LogicalExpression" && node.operator !== "&&")
      return this.partsOf(module, node.left, depth + 1);
    if (node.type === "Identifier" || node.type === "MemberExpression") {
      const meaning = this.meaningOf(module, node, depth + 1);
      if (meaning.kind === "node" && meaning.node !== node)
        return this.partsOf(meaning.module, meaning.node, depth + 1);
    }
    return [unknown];
  }

  #ofBinding(module: Module, binding: Binding, depth: number): Meaning | undefined {
    const { node, kind } = binding;
    if (kind === "import") return this.#ofImport(module, node, depth);
    if (binding.written) return undefined;
    if (node.type === "VariableDeclarator")
      return node.id.type === "Identifier" && node.init !== null
        ? this.meaningOf(module, node.init, depth)
        : this.#ofPattern(module, node, binding.name, depth);
    return kind === "function" || node.type === "TSEnumDeclaration"
      ? { kind: "node", module, node }
      : undefined;
  }

  /** `const { create } = axios`, `const { NAME } = CONSTANTS`. */
  #ofPattern(module: Module, declarator: Node, name: string, depth: number): Meaning | undefined {
    if (declarator.type !== "VariableDeclarator" || declarator.id.type !== "ObjectPattern") return undefined;
    if (declarator.init === null) return undefined;
    for (const one of declarator.id.properties)
      if (one.type === "Property" && one.value.type === "Identifier" && one.value.name === name) {
        const key = !one.computed && one.key.type === "Identifier" ? one.key.name : undefined;
        return key === undefined ? undefined : this.#ofMember(module, declarator.init, key, depth);
      }
    return undefined;
  }

  #ofImport(module: Module, specifier: Node, depth: number): Meaning | undefined {
    const declaration = module.parents.get(specifier);
    if (declaration?.type !== "ImportDeclaration") return undefined;
    const source = declaration.source.value;
    const name =
      specifier.type === "ImportSpecifier"
        ? specifier.imported.type === "Identifier"
          ? specifier.imported.name
          : specifier.imported.value
        : specifier.type === "ImportDefaultSpecifier"
          ? "default"
          : "*";
    const target = this.resolve(module.path, source);
    if (target === undefined)
      return /^[./~#]|^@\//.test(source) ? undefined : { kind: "package", source, name };
    if (name === "*") return { kind: "node", module: target, node: target.program };
    return this.exportOf(target, name, depth + 1);
  }

  exportOf(module: Module, name: string, depth = 0): Meaning | undefined {
    const key = `${module.path}\0${name}`;
    if (this.#exports.has(key)) return this.#exports.get(key);
    if (depth > MAX_DEPTH) return undefined;
    // A circle of re-exports finds nothing, and comes to an end.
    this.#exports.set(key, undefined);
    const meaning = this.#findExport(module, name, depth + 1);
    this.#exports.set(key, meaning);
    return meaning;
  }

  #findExport(module: Module, name: string, depth: number): Meaning | undefined {
    for (const statement of module.program.body) {
      if (statement.type === "ExportDefaultDeclaration" && name === "default")
        return this.meaningOf(module, statement.declaration, depth);
      if (statement.type === "ExportNamedDeclaration") {
        if (statement.declaration !== null) {
          const binding = module.scopes.bindingNamed(module.program, name);
          const home = binding === undefined ? undefined : module.parents.get(binding.node);
          if (
            binding !== undefined &&
            (home === statement || home === statement.declaration || binding.node === statement.declaration)
          )
            return this.#ofBinding(module, binding, depth);
        }
        for (const one of statement.specifiers) {
          const exported = one.exported.type === "Literal" ? one.exported.value : one.exported.name;
          if (exported !== name) continue;
          const local = one.local.type === "Literal" ? one.local.value : one.local.name;
          if (statement.source === null) return this.meaningOf(module, one.local, depth);
          const target = this.resolve(module.path, statement.source.value);
          return target === undefined
            ? { kind: "package", source: statement.source.value, name: local }
            : this.exportOf(target, local, depth);
        }
      }
      if (statement.type === "ExportAllDeclaration" && statement.exported === null && name !== "default") {
        const target = this.resolve(module.path, statement.source.value);
        const found = target === undefined ? undefined : this.exportOf(target, name, depth);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #ofMember(module: Module, object: Node, name: string, depth: number): Meaning | undefined {
    if (bare(object).type === "ThisExpression") return this.#ofField(module, object, name, depth);
    const owner = this.meaningOf(module, object, depth);
    if (owner.kind === "global") return GLOBAL_OBJECTS.has(owner.name) ? { kind: "global", name } : undefined;
    if (owner.kind === "package")
      return owner.name === "*" || (owner.name === "default" && name === "default")
        ? { kind: "package", source: owner.source, name }
        : undefined;
    if (owner.node.type === "Program") return this.exportOf(owner.module, name, depth);
    if (owner.node.type === "ObjectExpression") {
      const property = owner.node.properties.findLast(
        (one) => one.type === "SpreadElement" || this.keyOf(owner.module, one, depth) === name,
      );
      return property?.type === "Property" && !property.method && property.kind === "init"
        ? this.meaningOf(owner.module, property.value, depth)
        : undefined;
    }
    if (owner.node.type !== "TSEnumDeclaration") return undefined;
    const member = owner.node.body.members.find(({ id }) =>
      id.type === "Identifier" ? id.name === name : id.type === "Literal" && id.value === name,
    );
    return member?.initializer === null || member === undefined
      ? undefined
      : { kind: "node", module: owner.module, node: member.initializer };
  }

  /** `this.base`, where the class gives it a value once and nothing assigns another. */
  #ofField(module: Module, from: Node, name: string, depth: number): Meaning | undefined {
    const value = fieldValue(module, from, name);
    return value === undefined ? undefined : this.meaningOf(module, value, depth);
  }

  /** `require("x")`, and calls that give back what they were given. */
  #ofCall(module: Module, node: Node, depth: number): Meaning | undefined {
    if (node.type !== "CallExpression") return undefined;
    const [first] = node.arguments;
    if (first === undefined || first.type === "SpreadElement") return undefined;
    const { callee } = node;
    if (
      callee.type === "Identifier" &&
      callee.name === "require" &&
      module.scopes.bindingOf(callee) === undefined
    ) {
      const source = this.textOf(module, first, depth);
      if (source === undefined) return undefined;
      const target = this.resolve(module.path, source);
      return target === undefined
        ? { kind: "package", source, name: "default" }
        : { kind: "node", module: target, node: target.program };
    }
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
      return undefined;
    const { name } = callee.property;
    if (name === "freeze" && callee.object.type === "Identifier" && callee.object.name === "Object")
      return this.meaningOf(module, first, depth);
    // `fetch.bind(window)` is fetch.
    return name === "bind" ? this.meaningOf(module, callee.object, depth) : undefined;
  }

  /** The scanned file that an import names; undefined for packages and what lies elsewhere. */
  resolve(from: string, source: string): Module | undefined {
    const alias = /^(?:@|~|#)\/(.*)$/.exec(source)?.[1];
    const bases =
      alias === undefined
        ? source.startsWith(".")
          ? [posix.join(posix.dirname(from), source)]
          : []
        : ancestors(from).flatMap((folder) => [posix.join(folder, "src", alias), posix.join(folder, alias)]);
    for (const base of bases) {
      const plain = base.replace(/\.[cm]?jsx?$/, "");
      for (const stem of new Set([base, plain]))
        for (const end of ["", ...SOURCE_EXTENSIONS, ...SOURCE_EXTENSIONS.map((one) => `/index${one}`)]) {
          const found = this.modules.get(`${stem}${end}`);
          if (found !== undefined) return found;
        }
    }
    return undefined;
  }
}

const isEmpty = (part: Part): boolean => "text" in part && part.text === "";

function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
    folders.push(folder);
    if (folder === "." || folder === "/" || folders.length > 64) return folders;
  }
}
