/** A source file as a tree. Positions are those of the text that was given, byte order mark and all. */
import { extname } from "node:path";
import { type Comment, type Node, parseSync, type Program, visitorKeys } from "oxc-parser";
import { type Scopes, scopesOf } from "./scope.ts";
import { type ScriptLanguage, vueScripts } from "./vue.ts";

export interface Module {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** Every node, parents before their children. */
  readonly nodes: readonly Node[];
  readonly parents: ReadonlyMap<Node, Node>;
  readonly scopes: Scopes;
}

export class UnparsableError extends Error {
  override readonly name = "UnparsableError";
}

const LANGUAGES: Readonly<Record<string, ScriptLanguage>> = {
  ".js": "jsx",
  ".mjs": "jsx",
  ".cjs": "jsx",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
};
export const SOURCE_EXTENSIONS: readonly string[] = [...Object.keys(LANGUAGES), ".vue"];

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const key of visitorKeys[node.type] ?? []) {
    const value: unknown = Reflect.get(node, key);
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) children.push(one);
  }
  return children;
}

/** Only the tree: what a process that may die of it does first (`probe.ts`). */
export function parseTree(path: string, text: string): { program: Program; comments: readonly Comment[] } {
  const vue = extname(path) === ".vue" ? vueScripts(text) : undefined;
  if (extname(path) === ".vue" && vue === undefined)
    throw new UnparsableError("its script has a language that is not read");
  const lang = vue?.language ?? LANGUAGES[extname(path)];
  if (lang === undefined) throw new UnparsableError("it is no source file");
  const parse = (sourceType: "module" | "script") =>
    parseSync(path, vue?.text ?? text, { lang, sourceType, preserveParens: false });
  let result = parse("module");
  // Old scripts may say what a module may not: `with`, octal numbers, `await` as a name.
  if (result.errors.length > 0 && /\.c?js$/.test(path)) result = parse("script");
  const [error] = result.errors;
  if (error !== undefined) throw new UnparsableError(error.message.slice(0, 200));
  return { program: result.program, comments: result.comments };
}

export function parseModule(path: string, text: string): Module {
  const { program, comments } = parseTree(path, text);
  const nodes: Node[] = [];
  const parents = new Map<Node, Node>();
  // A stack of its own: a chain of ten thousand calls is as deep as it is long.
  const stack: Node[] = [program];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    nodes.push(node);
    const children = childrenOf(node);
    for (const child of children) parents.set(child, node);
    stack.push(...children.toReversed());
  }
  return { path, text, program, comments, nodes, parents, scopes: scopesOf(nodes, parents) };
}

/** Without what types and optional chains wrap around an expression. */
export function bare(node: Node): Node {
  let inner = node;
  while (
    inner.type === "TSAsExpression" ||
    inner.type === "TSSatisfiesExpression" ||
    inner.type === "TSNonNullExpression" ||
    inner.type === "TSTypeAssertion" ||
    inner.type === "TSInstantiationExpression" ||
    inner.type === "ChainExpression" ||
    inner.type === "ParenthesizedExpression"
  )
    inner = inner.expression;
  return inner;
}

export const sourceOf = (module: Module, node: Node): string => module.text.slice(node.start, node.end);

/** The nearest node around it, itself left out, that passes. */
export function around(module: Module, node: Node, passes: (one: Node) => boolean): Node | undefined {
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one))
    if (passes(one)) return one;
  return undefined;
}

export const isFunction = (node: Node): boolean =>
  node.type === "FunctionDeclaration" ||
  node.type === "FunctionExpression" ||
  node.type === "ArrowFunctionExpression";
