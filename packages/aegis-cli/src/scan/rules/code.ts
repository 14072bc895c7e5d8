/** Texts that are run as code. */
import { atLeast } from "../origin.ts";
import { apiOf, nameOf, ownerOf, shown } from "../read.ts";
import type { Rule } from "../rule.ts";
import { isFunction } from "../../source/parse.ts";
import { isBuilt } from "../pieces.ts";

const VM = /^(?:runInNewContext|runInThisContext|runInContext|Script|compileFunction|SourceTextModule)$/;

export const codeInjection: Rule = {
  id: "code-injection",
  claim: "No text is run as code.",
  cwe: 95,
  asvs: "v5.0.0-1.3.2",
  severity: "high",
  advice: {
    symptom: "Whoever has a say in the text has the process, or the page.",
    cause: "`eval`, `Function`, a timer with a text or `vm` read a value as a program. `vm` is no sandbox.",
    fix: "Read data with `JSON.parse`; choose among functions by name from a closed list.",
  },
  of: ["CallExpression", "NewExpression"],
  look: ({ project, module, flow, report }, node) => {
    if (node.type !== "CallExpression" && node.type !== "NewExpression") return;
    const meaning = project.meaningOf(module, node.callee);
    const name = meaning.kind === "global" ? meaning.name : "";
    const last = node.arguments.at(-1);
    const [first] = node.arguments;
    if (first === undefined || last === undefined) return;
    if (name === "eval" || name === "Function") {
      const code = name === "eval" ? first : last;
      if (atLeast(flow.of(module, code), "setting")) report(node, `${name} runs ${shown(module, code)}`);
    } else if (/^(?:setTimeout|setInterval|setImmediate)$/.test(name)) {
      if (!isFunction(first) && isBuilt(module, first)) report(node, `${name} runs a text`);
    } else if (VM.test(nameOf(node.callee))) {
      const api = apiOf(project, module, node.callee);
      if (
        (api?.source === "vm" || nameOf(ownerOf(node.callee) ?? node.callee) === "vm") &&
        atLeast(flow.of(module, first), "unknown")
      )
        report(node, `vm runs ${shown(module, first)}`);
    }
  },
};
