/** Which declaration a name means: enough of the language's scopes to tell one `fetch` from another. */
import type { Node } from "oxc-parser";

export type BindingKind = "const" | "let" | "parameter" | "import" | "function" | "other";

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  /** The declarator, import specifier, function, class or enum; of a parameter its function. */
  readonly node: Node;
  readonly identifier: Node;
  readonly references: Node[];
  written: boolean;
}

export interface Scopes {
  /** Undefined: nobody in this file declares it, so it is a global. */
  readonly bindingOf: (identifier: Node) => Binding | undefined;
  readonly bindingNamed: (scope: Node, name: string) => Binding | undefined;
}

type Parents = ReadonlyMap<Node, Node>;

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const SCOPES = new Set([
  ...FUNCTIONS,
  "Program",
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "CatchClause",
  "SwitchStatement",
  "StaticBlock",
  "TSModuleBlock",
  "ClassExpression",
]);
/** Where `var` and functions live. */
const HOISTING = new Set([...FUNCTIONS, "Program", "StaticBlock", "TSModuleBlock"]);

/** The names that a pattern binds. */
export function patternNames(pattern: Node): Node[] {
  const names: Node[] = [];
  const stack: Node[] = [pattern];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.type === "Identifier") names.push(node);
    else if (node.type === "AssignmentPattern") stack.push(node.left);
    else if (node.type === "RestElement") stack.push(node.argument);
    else if (node.type === "TSParameterProperty") stack.push(node.parameter);
    else if (node.type === "ArrayPattern") {
      for (const one of node.elements) if (one !== null) stack.push(one);
    } else if (node.type === "ObjectPattern")
      for (const one of node.properties) stack.push(one.type === "RestElement" ? one : one.value);
  }
  return names;
}

export function scopesOf(nodes: readonly Node[], parents: Parents): Scopes {
  const scopes = new Map<Node, Map<string, Binding>>();
  const declared = new Map<Node, Binding>();
  const climb = (from: Node, kinds: ReadonlySet<string>): Node => {
    let node = parents.get(from) ?? from;
    while (!kinds.has(node.type) && parents.has(node)) node = parents.get(node) ?? node;
    return node;
  };
  const declare = (scope: Node, identifier: Node, kind: BindingKind, node: Node): void => {
    if (identifier.type !== "Identifier") return;
    const names = scopes.get(scope) ?? new Map<string, Binding>();
    scopes.set(scope, names);
    const known = names.get(identifier.name);
    // Declared twice (`var`, overloads): whichever is meant, it is no constant.
    if (known !== undefined) known.written ||= known.kind !== "function";
    const binding = known ?? {
      name: identifier.name,
      kind,
      node,
      identifier,
      references: [],
      written: false,
    };
    names.set(identifier.name, binding);
    declared.set(identifier, binding);
  };

  for (const node of nodes) declarationsOf(node, declare, climb);

  // From scope to scope: a sum of fifty thousand names is fifty thousand nodes deep, and each of them would be climbed by each.
  const homes = new Map<Node, Node>();
  for (const node of nodes) {
    const outer = parents.get(node);
    const home = scopes.has(node) ? node : outer === undefined ? undefined : homes.get(outer);
    if (home !== undefined) homes.set(node, home);
  }
  const find = (from: Node, name: string): Binding | undefined => {
    let scope = homes.get(from);
    while (scope !== undefined) {
      const binding = scopes.get(scope)?.get(name);
      if (binding !== undefined) return binding;
      const outer = parents.get(scope);
      scope = outer === undefined ? undefined : homes.get(outer);
    }
    return undefined;
  };
  const used = new Map<Node, Binding>();
  for (const node of nodes) {
    if (node.type !== "Identifier" || declared.has(node) || !isReference(node, parents)) continue;
    const binding = find(node, node.name);
    if (binding === undefined) continue;
    used.set(node, binding);
    binding.references.push(node);
    if (isWritten(node, parents)) binding.written = true;
  }
  return {
    bindingOf: (identifier) => used.get(identifier) ?? declared.get(identifier),
    bindingNamed: (scope, name) => scopes.get(scope)?.get(name),
  };
}

function declarationsOf(
  node: Node,
  declare: (scope: Node, identifier: Node, kind: BindingKind, node: Node) => void,
  climb: (from: Node, kinds: ReadonlySet<string>) => Node,
): void {
  if (node.type === "VariableDeclaration") {
    const scope = climb(node, node.kind === "var" ? HOISTING : SCOPES);
    for (const one of node.declarations)
      for (const name of patternNames(one.id))
        declare(scope, name, node.kind === "const" ? "const" : "let", one);
  } else if (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  ) {
    if (node.type !== "ArrowFunctionExpression" && node.id !== null)
      declare(node.type === "FunctionDeclaration" ? climb(node, SCOPES) : node, node.id, "function", node);
    for (const parameter of node.params)
      for (const name of patternNames(parameter)) declare(node, name, "parameter", node);
  } else if (node.type === "ClassDeclaration" && node.id !== null)
    declare(climb(node, SCOPES), node.id, "other", node);
  else if (node.type === "TSEnumDeclaration") declare(climb(node, SCOPES), node.id, "const", node);
  else if (
    node.type === "ImportSpecifier" ||
    node.type === "ImportDefaultSpecifier" ||
    node.type === "ImportNamespaceSpecifier"
  )
    declare(climb(node, SCOPES), node.local, "import", node);
  else if (node.type === "CatchClause" && node.param !== null)
    for (const name of patternNames(node.param)) declare(node, name, "other", node);
}

function isReference(node: Node, parents: Parents): boolean {
  const parent = parents.get(node);
  if (parent === undefined) return false;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.value === node || parent.computed;
    case "ExportSpecifier":
      return parent.local === node;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "TSPropertySignature":
    case "TSEnumMember":
    case "TSQualifiedName":
    case "ExportAllDeclaration":
      return false;
    default:
      return true;
  }
}

/** A target of an assignment, also inside a pattern. */
function isWritten(node: Node, parents: Parents): boolean {
  let [inner, outer] = [node, parents.get(node)];
  while (
    outer !== undefined &&
    (outer.type === "ArrayPattern" ||
      outer.type === "ObjectPattern" ||
      outer.type === "RestElement" ||
      (outer.type === "AssignmentPattern" && outer.left === inner) ||
      (outer.type === "Property" && outer.value === inner && parents.get(outer)?.type === "ObjectPattern"))
  )
    [inner, outer] = [outer, parents.get(outer)];
  if (outer === undefined) return false;
  if (outer.type === "AssignmentExpression") return outer.left === inner;
  if (outer.type === "ForInStatement" || outer.type === "ForOfStatement") return outer.left === inner;
  return outer.type === "UpdateExpression";
}
