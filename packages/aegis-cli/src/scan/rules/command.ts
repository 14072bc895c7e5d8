/** Programs that are started with words of others. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { atLeast } from "../origin.ts";
import { Pieces } from "../pieces.ts";
import { apiOf, literalOf, nameOf, optionsOf, shown } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const PROCESS = /^(?:child_process|execa|shelljs|cross-spawn|zx|child-process-promise)$/;
const SHELL = /^(?:exec|execSync|execaCommand|execaCommandSync|command|commandSync)$/;
const PROGRAM = /^(?:spawn|spawnSync|execFile|execFileSync|execa|execaSync|fork|sync)?$/;
const INTERPRETERS = /(?:^|\/)(?:ba|z|da|k)?sh$|^(?:cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh)$/i;

export const commandInjection: Rule = {
  id: "command-injection",
  claim: "No command line is put together of values, and nobody else names a program.",
  cwe: 78,
  asvs: "v5.0.0-1.2.5",
  severity: "high",
  advice: {
    symptom: "Whoever sends `; rm -rf .` runs it with the rights of the server.",
    cause: "A shell reads a line that holds a value.",
    fix: "Use `execFile(program, [arguments])` without a shell; put `--` before what could begin with a dash.",
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const { project, module } = scene;
    const api = apiOf(project, module, node.callee);
    if (api === undefined || !PROCESS.test(api.source)) return;
    const [first, second] = node.arguments;
    if (first === undefined) return;
    const options = node.arguments
      .map((one) => optionsOf(project, module, one))
      .find((one) => one !== undefined);
    const shell = options?.values.get("shell");
    const hasShell =
      SHELL.test(api.name) || (shell !== undefined && literalOf(project, shell.module, shell.node) !== false);
    if (hasShell) return line(scene, first, second);
    if (!PROGRAM.test(api.name)) return;
    const program = project.textOf(module, first);
    if (program === undefined) return named(scene, first);
    // `sh -c LINE` is a shell too.
    if (!INTERPRETERS.test(program) || second === undefined) return;
    const list = bare(second);
    const flag =
      list.type === "ArrayExpression"
        ? list.elements.findIndex(
            (one) => one !== null && /^(?:-\w*c|\/c|-Command)$/i.test(project.textOf(module, one) ?? ""),
          )
        : -1;
    const command = list.type === "ArrayExpression" ? list.elements[flag + 1] : undefined;
    if (flag >= 0 && command !== undefined && command !== null) line(scene, command, undefined);
  },
};

function line({ project, module, flow, report }: Scene, first: Node, list: Node | undefined): void {
  const open = [first, ...(list === undefined || bare(list).type !== "ArrayExpression" ? [] : [list])]
    .flatMap((one) => new Pieces(project, module, one).list)
    .filter(({ text }) => text === undefined);
  const bad = open.find((piece) => atLeast(flow.of(piece.module, piece.node), "unknown"));
  // A whole line in one name may be the program's own; one of a stranger never is.
  if (bad === undefined || (bad.node === bare(first) && flow.of(module, first) !== "request")) return;
  report(
    bad.module === module ? bad.built : first,
    `${shown(bad.module, bad.node)} is put into a command line`,
  );
}

function named({ module, flow, report }: Scene, program: Node): void {
  if (flow.of(module, program) === "request")
    report(program, `the request names the program: ${shown(module, program)} (${nameOf(program)})`);
}
