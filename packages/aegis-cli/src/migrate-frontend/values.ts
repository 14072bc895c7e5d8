/** What stands behind the name of a header: a text, something that does more than look, or no header at all. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";

/** A schema, a table, a switch: nothing that goes into a header. */
export function isNoText(value: Node): boolean {
  const node = bare(value);
  if (node.type === "ObjectExpression" || node.type === "ArrayExpression" || isFunction(node)) return true;
  if (node.type === "Literal") return typeof node.value === "boolean" || node.value === null;
  if (node.type !== "CallExpression") return false;
  const callee = bare(node.callee);
  return (
    callee.type === "MemberExpression" &&
    callee.property.type === "Identifier" &&
    SCHEMA.test(callee.property.name)
  );
}

/** `z.string()`, `Joi.string().required()`, `Type.String()` */
const SCHEMA = /^(?:string|String|number|Number|uuid|optional|Optional|required|min|max|regex|pattern)$/;

/** A string, a template without substitutions, or a constant that is one. */
export function isWrittenOut(project: Project, module: Module, key: Node): boolean {
  const meaning = project.meaningOf(module, key);
  return (
    meaning.kind === "node" &&
    (meaning.node.type === "Literal" ||
      (meaning.node.type === "TemplateLiteral" && meaning.node.expressions.length === 0))
  );
}

/** By their names they do more than look. */
const DOES =
  /^(?:next|push|pop|shift|unshift|splice|set|add|delete|remove|run|send|post|put|patch|fetch|request|forEach|map|dispatch|commit|emit|create|save|write|increment|refresh|log|track|call|apply)(?![a-z])/;

/** A line without a semicolon that goes on in the next, which was hardly meant to be its value. */
const goesOn = (module: Module, inner: Node, outer: Node): boolean =>
  /^\s*\n\s*[([]/.test(module.text.slice(inner.end, outer.end));

/** Calls look something up; these change something or wait. */
export function acts(module: Module, value: Node): boolean {
  const stack: Node[] = [value];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (
      ["AwaitExpression", "YieldExpression", "AssignmentExpression", "UpdateExpression"].includes(node.type)
    )
      return true;
    if (node.type === "UnaryExpression" && node.operator === "delete") return true;
    if (node.type === "CallExpression") {
      const callee = bare(node.callee);
      const name = callee.type === "MemberExpression" ? callee.property : callee;
      if (name.type === "Identifier" && DOES.test(name.name)) return true;
      if (goesOn(module, callee, node) || node.arguments.some(isFunction)) return true;
      stack.push(callee, ...node.arguments);
    } else if (node.type === "MemberExpression") {
      if (goesOn(module, node.object, node)) return true;
      stack.push(node.object);
    } else if (node.type === "LogicalExpression" || node.type === "BinaryExpression")
      stack.push(node.left, node.right);
    else if (node.type === "ConditionalExpression") stack.push(node.test, node.consequent, node.alternate);
    else if (node.type === "TemplateLiteral") stack.push(...node.expressions);
    else if (bare(node) !== node) stack.push(bare(node));
    else if (node.type === "SequenceExpression") stack.push(...node.expressions);
  }
  return false;
}
