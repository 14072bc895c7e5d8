/** Connections that believe anybody. */
import type { Node } from "oxc-parser";
import { bare, isFunction, type Module } from "../../source/parse.ts";
import { returnsOf } from "../callers.ts";
import { literalOf, nameOf } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const OFF = new Map<string, (value: unknown) => boolean>([
  ["rejectUnauthorized", (value) => value === false || value === 0],
  ["strictSSL", (value) => value === false],
  ["sslValidate", (value) => value === false],
  ["tlsAllowInvalidCertificates", (value) => value === true],
  ["tlsInsecure", (value) => value === true],
  ["insecureSkipVerify", (value) => value === true],
  ["ignoreHTTPSErrors", (value) => value === true],
  ["secureProtocol", (value) => typeof value === "string" && /^(?:SSLv|TLSv1(?:_1)?_)/.test(value)],
  ["minVersion", (value) => value === "TLSv1" || value === "TLSv1.1"],
  ["NODE_TLS_REJECT_UNAUTHORIZED", (value) => value === "0" || value === 0],
]);

export const tlsOff: Rule = {
  id: "tls-off",
  claim: "Whoever is connected to over TLS shows a certificate that is checked.",
  cwe: 295,
  asvs: "v5.0.0-12.3.2",
  severity: "high",
  advice: {
    symptom: "Whoever sits on the way reads and changes everything, and nothing warns.",
    cause: "The check of certificates is switched off, or the protocol is one that is broken.",
    fix: 'Trust the authority in question instead: `ca: readFileSync("ca.pem")`, or NODE_EXTRA_CA_CERTS.',
  },
  of: ["Property", "AssignmentExpression"],
  look: ({ project, module, report }: Scene, node) => {
    if (node.type === "Property") {
      if (module.parents.get(node)?.type !== "ObjectExpression") return;
      const name = project.keyOf(module, node);
      if (name !== undefined) judge(project, module, node, name, node.value, report);
    } else if (node.type === "AssignmentExpression" && node.operator === "=") {
      const name = nameOf(node.left);
      if (bare(node.left).type === "MemberExpression") judge(project, module, node, name, node.right, report);
    }
  },
};

function judge(
  project: Scene["project"],
  module: Module,
  at: Node,
  name: string,
  value: Node,
  report: Scene["report"],
): void {
  if (name === "checkServerIdentity") {
    const work = bare(value);
    if (isFunction(work) && believes(module, work)) report(at, "checkServerIdentity believes everybody");
    return;
  }
  const isOff = OFF.get(name);
  if (isOff === undefined) return;
  const literal = literalOf(project, module, value);
  const read = name === "NODE_TLS_REJECT_UNAUTHORIZED" || typeof literal !== "string" ? literal : literal;
  if (isOff(read)) report(at, `${name} is ${JSON.stringify(read)}`);
}

/** It gives back nothing, whoever it is. */
function believes(module: Module, work: Node): boolean {
  const returned = returnsOf(module, work);
  if (work.type !== "ArrowFunctionExpression" && work.type !== "FunctionExpression") return false;
  const body = work.body;
  if (
    body !== null &&
    body.type === "BlockStatement" &&
    body.body.some(({ type }) => type !== "ReturnStatement")
  )
    return false;
  return returned.every((one) => {
    const value = bare(one);
    return (
      (value.type === "Identifier" && value.name === "undefined") ||
      (value.type === "Literal" && value.value === null) ||
      (value.type === "UnaryExpression" && value.operator === "void")
    );
  });
}
