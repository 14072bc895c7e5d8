/** Statements that are put together of texts. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { atLeast } from "../origin.ts";
import { isBuilt, Pieces } from "../pieces.ts";
import { nameOf, optionsOf, ownerOf, shown } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

/** A text that is a statement and nothing else. */
const STATEMENT =
  /^\s*\(?\s*(?:select\b[\s\S]{0,2000}?\bfrom\b|insert\s+(?:ignore\s+)?into\b|update\b[\s\S]{0,400}?\bset\b|delete\s+from\b|replace\s+into\b|merge\s+into\b|with\s+(?:recursive\s+)?\w+\s+as\s*\(|(?:create|alter|drop|truncate)\s+(?:table|role|user|schema|database|view|index)\b)/i;
/** What may be a piece of one, where it is handed to a database. */
const PIECE =
  /\b(?:select|insert\s+into|update|delete\s+from|where|order\s+by|group\s+by|limit|values|set|from|join)\b/i;
/** Of a builder: what it takes is SQL, whatever it says. */
const ANYTHING = /\S/;
const SINKS =
  /^(?:query|execute|raw|unsafe|prepare|exec|run|all|get|each|\$?(?:query|execute)RawUnsafe|literal|\w*[a-z]Raw)$/;
/** Words to a person, whatever they begin with. */
const TALK = /^(?:log|info|warn|error|debug|trace|write|print|tell|t|describe|it|test|\w*Error)$/;

export const sqlInjection: Rule = {
  id: "sql-injection",
  claim: "SQL is written down whole; values reach it as parameters.",
  cwe: 89,
  asvs: "v5.0.0-1.2.4",
  severity: "high",
  advice: {
    symptom: "Whoever sends a quote changes the statement: reads, changes or deletes what is not theirs.",
    cause: "A value is put into the text of a statement.",
    fix: "Pass it as a parameter (`$1`, `?`); take names of columns and tables from a closed list.",
  },
  of: ["TemplateLiteral", "BinaryExpression", "CallExpression"],
  look: (scene, node) => {
    if (isBuilt(scene.module, node) && !isTalk(scene, node)) judge(scene, node, STATEMENT);
    if (node.type !== "CallExpression" || !SINKS.test(nameOf(node.callee))) return;
    const owner = ownerOf(node.callee);
    const [first] = node.arguments;
    if (owner === undefined || first === undefined || isFileOrShell(scene, node)) return;
    const options = optionsOf(scene.project, scene.module, first)?.values;
    const text = options?.get("text") ?? options?.get("sql") ?? options?.get("query");
    if (text !== undefined) judge({ ...scene, module: text.module }, text.node, PIECE);
    else judge(scene, first, nameOf(node.callee).endsWith("Raw") ? ANYTHING : PIECE);
  },
};

/** `express.get("/from/" + x)`, `axios.get(...)`, `exec("tar ...")` are no databases. */
function isFileOrShell({ project, module }: Scene, call: Node): boolean {
  if (call.type !== "CallExpression") return true;
  const [first] = call.arguments;
  const text = first === undefined ? "" : (new Pieces(project, module, first).list[0]?.text ?? "");
  return (
    /^(?:\/|https?:|[./])/.test(text) || (/^(?:get|all)$/.test(nameOf(call.callee)) && !STATEMENT.test(text))
  );
}

function judge({ project, module, flow, report }: Scene, node: Node, form: RegExp): void {
  const { list } = new Pieces(project, module, node);
  const open = list.filter(({ text }) => text === undefined);
  if (open.length === 0 || open.length === list.length) return;
  // What is put in stands as one word: `from ${x} where` reads as a statement.
  if (!form.test(list.map(({ text }) => text ?? " x ").join(""))) return;
  for (const piece of open) {
    const origin = flow.of(piece.module, piece.node);
    if (!atLeast(origin, "unknown") || piece.module !== module) continue;
    report(
      piece.built,
      `${shown(piece.module, piece.node)} is put into SQL${origin === "request" ? ", and comes from the request" : ""}`,
    );
    return;
  }
}

function isTalk({ module }: Scene, node: Node): boolean {
  const parent = module.parents.get(node);
  return (
    (parent?.type === "CallExpression" || parent?.type === "NewExpression") &&
    bare(parent.callee) !== node &&
    TALK.test(nameOf(parent.callee))
  );
}
