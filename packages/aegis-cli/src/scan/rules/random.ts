/** Secrets that can be guessed, because of how they were made. */
import type { Node } from "oxc-parser";
import { isFunction, type Module } from "../../source/parse.ts";
import { isPasswordName, isSecretName, wordsOf } from "../names.ts";
import { nameOf, ownerOf } from "../read.ts";
import type { Rule } from "../rule.ts";

/** What somebody must not be able to guess, by the words of its name. */
const SECRET =
  /\b(?:otp|pin|nonce|salt|csrf|xsrf|verification code|verify code|security code|reset code|confirmation code|login code|invite code|invitation code|voucher|coupon|session|session id|sid|api key|access key|secret key|private key|temporary password|verifier)\b/;
const HARMLESS =
  /\b(?:delay|jitter|color|colour|element|mock|sample|shuffle|sort|retry|backoff|animation|seed|simulat\w*|dom|key frame|placeholder|demo)\b/;
const MAX_CLIMB = 40;
const MAX_REFERENCES = 200;

export const weakRandom: Rule = {
  id: "weak-random",
  claim: "What must not be guessed comes from the system's random source.",
  cwe: 338,
  asvs: "v5.0.0-11.5.1",
  severity: "high",
  advice: {
    symptom: "Whoever has seen a few values, or the clock, knows the next.",
    cause: "`Math.random` and the time can be computed.",
    fix: "Use `crypto.randomBytes(32)`, `crypto.randomInt` or `crypto.randomUUID`.",
  },
  of: ["CallExpression"],
  look: ({ project, module, report }, node) => {
    if (node.type !== "CallExpression") return;
    const name = nameOf(node.callee);
    const owner = ownerOf(node.callee);
    if (name === "pseudoRandomBytes") return report(node, "pseudoRandomBytes may be guessed");
    const isRandom =
      name === "random" &&
      owner !== undefined &&
      project.meaningOf(module, owner).kind === "global" &&
      nameOf(owner) === "Math";
    const isClock = name === "now" && owner !== undefined && nameOf(owner) === "Date";
    if (!isRandom && !isClock) return;
    const purpose = purposeOf(module, node, isRandom);
    if (purpose !== undefined) report(node, `${isRandom ? "Math.random" : "the time"} makes ${purpose}`);
  },
};

const isSecret = (name: string): boolean => {
  const text = wordsOf(name).join(" ");
  return (
    !HARMLESS.test(text) &&
    (isSecretName(name) ||
      SECRET.test(text) ||
      (isPasswordName(name) && !/\b(?:length|strength)\b/.test(text)))
  );
};

/** What the number ends up as: a variable, a property, an argument, the result of a function. */
function purposeOf(module: Module, from: Node, isRandom: boolean): string | undefined {
  let node = from;
  let hashed = false;
  for (let steps = 0; steps < MAX_CLIMB; steps += 1) {
    const parent = module.parents.get(node);
    if (parent === undefined) return undefined;
    const name = nameIn(parent, node);
    if (name !== undefined) {
      if (isSecret(name)) return isRandom || hashed ? name : undefined;
      if (
        parent.type === "VariableDeclarator" &&
        isRandom &&
        /^(?:code|pass|id|value|result|text|out|str|chars?|number)$/.test(name)
      )
        return laterUse(module, parent, name);
      if (parent.type !== "AssignmentExpression" && parent.type !== "VariableDeclarator") return undefined;
    }
    if (
      parent.type === "CallExpression" &&
      /^(?:createHash|createHmac|update|digest|md5|sha1|sha256|btoa)$/.test(nameOf(parent.callee))
    )
      hashed = true;
    // The time beside something else (`expires > Date.now()`) is no secret.
    if (!isRandom && parent.type === "BinaryExpression" && parent.operator !== "+") return undefined;
    if (isFunction(parent)) {
      const home = functionName(module, parent);
      if (home === "") {
        node = parent;
        continue;
      }
      return isRandom && isSecret(home) ? `what ${home} gives back` : undefined;
    }
    node = parent;
  }
  return undefined;
}

function nameIn(parent: Node, node: Node): string | undefined {
  if (parent.type === "VariableDeclarator" && parent.init === node)
    return parent.id.type === "Identifier" ? parent.id.name : "";
  if (parent.type === "AssignmentExpression" && parent.right === node) {
    const name = nameOf(parent.left);
    return name === "id" && parent.left.type === "MemberExpression"
      ? `${nameOf(parent.left.object)}_id`
      : name;
  }
  if (parent.type === "Property" && parent.value === node)
    return parent.key.type === "Identifier"
      ? parent.key.name
      : parent.key.type === "Literal"
        ? String(parent.key.value)
        : "";
  if (parent.type === "PropertyDefinition" && parent.value === node) return nameOf(parent.key);
  return undefined;
}

export function functionName(module: Module, of: Node): string {
  if (of.type === "FunctionDeclaration" || of.type === "FunctionExpression")
    if (of.id !== null) return of.id.name;
  const parent = module.parents.get(of);
  if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") return parent.id.name;
  if (parent?.type === "AssignmentExpression") return nameOf(parent.left);
  if (
    parent?.type === "Property" ||
    parent?.type === "MethodDefinition" ||
    parent?.type === "PropertyDefinition"
  )
    return nameOf(parent.key);
  return "";
}

/** A `code` that is sent to somebody, a `result` that a function gives back. */
function laterUse(module: Module, declarator: Node, name: string): string | undefined {
  let home: Node | undefined = declarator;
  while (home !== undefined && !isFunction(home)) home = module.parents.get(home);
  const title = home === undefined ? "" : functionName(module, home);
  if (title !== "" && isSecret(title)) return `what ${title} gives back`;
  const binding =
    declarator.type === "VariableDeclarator" ? module.scopes.bindingOf(declarator.id) : undefined;
  for (const reference of (binding?.references ?? []).slice(0, MAX_REFERENCES)) {
    let node: Node | undefined = reference;
    for (let steps = 0; node !== undefined && steps < 8; steps += 1) {
      node = module.parents.get(node);
      if (
        node?.type === "CallExpression" &&
        /sms|mail|send|verif|otp|reset/i.test(nameOf(node.callee)) &&
        name === "code"
      )
        return "a code that is sent to somebody";
    }
  }
  return undefined;
}
