/** Where something is put in: as an option, an argument or a statement, in the style of its surroundings. */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";
import { type Edit, endOfLine, indentAt, isLineEnd, lineStart, newlineOf, skipTrivia } from "./edits.ts";

export type Insertion =
  /** A property of a literal; `before` a spread, where callers may say otherwise. */
  | { readonly kind: "property"; readonly object: Node; readonly text: string; readonly before?: Node }
  /** A literal as one more argument of a call, after `undefined` for those left out. */
  | { readonly kind: "argument"; readonly call: Node; readonly text: string; readonly position: number }
  /** `init` becomes `{ text, ...init }`. */
  | { readonly kind: "wrap"; readonly expression: Node; readonly text: string }
  | { readonly kind: "statement"; readonly after: Node; readonly text: string };

export function editsOfInsertion(module: Module, insertion: Insertion): readonly Edit[] {
  if (insertion.kind === "property") return property(module, insertion);
  if (insertion.kind === "argument") return argument(module, insertion);
  if (insertion.kind === "wrap") {
    const { expression, text } = insertion;
    const [open, close] = expression.type === "Identifier" ? ["", ""] : ["(", ")"];
    return [
      { start: expression.start, end: expression.start, text: `{ ${text}, ...${open}` },
      { start: expression.end, end: expression.end, text: `${close} }` },
    ];
  }
  return [statement(module, insertion.after, insertion.text)];
}

function statement(module: Module, after: Node, text: string): Edit {
  const closed = module.text[after.end - 1] === ";";
  const alone = module.text.slice(lineStart(module.text, after.start), after.start).trim() === "";
  if (!alone || !isLineEnd(module, after.end))
    return { start: after.end, end: after.end, text: closed ? ` ${text};` : `; ${text}` };
  // Without semicolons a line that begins with one of these would continue ours.
  const next = module.text[skipTrivia(module, after.end)];
  const end = closed || (next !== undefined && "([`+-/".includes(next)) ? ";" : "";
  const line = endOfLine(module.text, after.end);
  const gap = `${newlineOf(module.text, after.end)}${indentAt(module.text, after.start)}`;
  return { start: line, end: line, text: `${gap}${text}${end}` };
}

function property(
  module: Module,
  { object, text, before }: Extract<Insertion, { kind: "property" }>,
): Edit[] {
  if (object.type !== "ObjectExpression") return [];
  const at = (position: number, inserted: string): Edit => ({
    start: position,
    end: position,
    text: inserted,
  });
  if (before !== undefined) {
    const alone = module.text.slice(lineStart(module.text, before.start), before.start).trim() === "";
    const gap = alone ? `${newlineOf(module.text, before.start)}${indentAt(module.text, before.start)}` : " ";
    return [at(before.start, `${text},${gap}`)];
  }
  const last = object.properties.at(-1);
  if (last === undefined) {
    const inner = module.text.slice(object.start + 1, object.end - 1);
    return inner.trim() === ""
      ? [{ start: object.start + 1, end: object.end - 1, text: ` ${text} ` }]
      : [at(object.start + 1, ` ${text},${/^\s/.test(inner) ? "" : " "}`)];
  }
  const comma = skipTrivia(module, last.end);
  const hasComma = module.text[comma] === ",";
  const alone = module.text.slice(lineStart(module.text, last.start), last.start).trim() === "";
  if (!alone) return [at(last.end, `, ${text}`)];
  const fresh = `${newlineOf(module.text, last.start)}${indentAt(module.text, last.start)}${text}`;
  const behind = hasComma ? comma + 1 : last.end;
  if (!isLineEnd(module, behind)) return [at(last.end, `,${fresh}`)];
  const line = at(endOfLine(module.text, behind), `${fresh}${hasComma ? "," : ""}`);
  return hasComma ? [line] : [at(last.end, ","), line];
}

function argument(
  module: Module,
  { call, text, position }: Extract<Insertion, { kind: "argument" }>,
): Edit[] {
  if (call.type !== "CallExpression" && call.type !== "NewExpression") return [];
  const missing = "undefined, ".repeat(Math.max(0, position - call.arguments.length));
  const last = call.arguments.at(-1);
  if (last !== undefined) return [{ start: last.end, end: last.end, text: `, ${missing}{ ${text} }` }];
  if (module.text[call.end - 1] !== ")")
    return [{ start: call.end, end: call.end, text: `(${missing}{ ${text} })` }];
  return [{ start: call.end - 1, end: call.end - 1, text: `${missing}{ ${text} }` }];
}
