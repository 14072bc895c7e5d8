/** Places that name an identity header and send nothing: constants, types, reads. A list to go through by hand. */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";
import { type MigrateOptions, quoted, type Run } from "./finding.ts";

const HARMLESS = new Set(["delete", "has"]);
/** A text as long as this is no code; a name in it would be found by searching for it. */
const MAX_TEXT_LENGTH = 4096;

export function mentionsOf(options: MigrateOptions): RegExp {
  const names = options.headers.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`(?<![\\w-])(?:${names.join("|")})(?![\\w-])`, "i");
}

/** Every other place that names one of them. */
export function findMentions({ workOf }: Run, module: Module, seen: ReadonlySet<Node>): void {
  const { options, report, removals } = workOf(module);
  const mention = mentionsOf(options);
  for (const node of module.nodes) {
    const text =
      node.type === "Literal" && typeof node.value === "string"
        ? node.value
        : node.type === "TemplateElement"
          ? (node.value.cooked ?? node.value.raw)
          : undefined;
    if (text === undefined || text.length > MAX_TEXT_LENGTH) continue;
    const found = mention.exec(text)?.[0];
    if (found === undefined) continue;
    const inside = (set: ReadonlySet<Node>): boolean => {
      for (let one: Node | undefined = node; one !== undefined; one = module.parents.get(one))
        if (set.has(one)) return true;
      return false;
    };
    const parent = module.parents.get(node);
    if (inside(removals) || isSeen(module, node, seen) || isHarmless(module, node)) continue;
    report(node, {
      rule: "identity-header",
      what: `${mentionOf(parent)} ${quoted(found)}`,
      confidence: "manual",
    });
  }
}

/** Part of what was reported: the key of a property, the target of an assignment, the first argument. */
function isSeen(module: Module, node: Node, seen: ReadonlySet<Node>): boolean {
  let [inner, outer] = [node, module.parents.get(node)];
  for (let steps = 0; outer !== undefined && steps < 3; steps += 1) {
    if (seen.has(inner) || (seen.has(outer) && outer.type !== "CallExpression")) return true;
    if (outer.type === "CallExpression") return seen.has(outer) && outer.arguments[0] === inner;
    [inner, outer] = [outer, module.parents.get(outer)];
  }
  return false;
}

/** To take such a header away, or to ask whether it is there, is no way to send it. */
function isHarmless(module: Module, node: Node): boolean {
  const parent = module.parents.get(node);
  if (parent?.type === "MemberExpression") {
    const outer = module.parents.get(parent);
    return outer?.type === "UnaryExpression" && outer.operator === "delete";
  }
  if (parent?.type !== "CallExpression" || parent.callee.type !== "MemberExpression") return false;
  const { property: method } = parent.callee;
  return method.type === "Identifier" && HARMLESS.has(method.name);
}

function mentionOf(parent: Node | undefined): string {
  if (parent?.type === "VariableDeclarator" || parent?.type === "TSEnumMember" || parent?.type === "Property")
    return "has a constant for";
  if (parent?.type === "MemberExpression") return "reads";
  if (parent?.type === "TSPropertySignature" || parent?.type === "TSLiteralType")
    return "has a type that names";
  return "names";
}
