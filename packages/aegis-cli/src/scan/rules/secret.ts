/** Secrets that stand in the source, and secrets that everybody knows. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../../source/parse.ts";
import { isPasswordName, isSecretName, wordsOf } from "../names.ts";
import { nameOf, ownerOf } from "../read.ts";
import type { Rule } from "../rule.ts";
import { isDefault, isLikeSecret, knownForm } from "./secret-value.ts";

export const hardCodedSecret: Rule = {
  id: "hard-coded-secret",
  claim: "No secret stands in the source.",
  cwe: 798,
  asvs: "v5.0.0-13.3.1",
  severity: "high",
  advice: {
    symptom: "Whoever reads the source, its history or a bundle made of it, has the secret.",
    cause: "A key, a token or a password was written down where it is used.",
    fix: "Replace the secret where it is valid, then read the new one from the environment or a secrets manager (`aegis/secrets`).",
  },
  of: ["Literal", "TemplateLiteral"],
  look: ({ module, report }, node) => {
    const value = textOf(node);
    if (value === undefined || value.length < 6) return;
    const form = knownForm(value);
    const name = nameFor(module, node);
    if (form !== undefined) return report(node, `${form} is written down`, `${form} ${name}`);
    if (name === "" || isLabel(module, node)) return;
    const isPassword = isPasswordName(name) && isSecretName(name);
    const isSecret =
      isPassword || isSecretName(name) || /^(?:authorization|x-api-key|signing|sign|verify)$/i.test(name);
    if (isSecret && !isDefault(value, name) && isLikeSecret(value, isPassword))
      report(node, `a value named ${name} is written down (${value.length} characters)`, `named ${name}`);
  },
};

export const defaultSecret: Rule = {
  id: "default-secret",
  claim: "Without its secret nothing starts; there is no default that everybody knows.",
  cwe: 1392,
  asvs: "v5.0.0-13.2.3",
  severity: "high",
  advice: {
    symptom: "Where the variable is missing, everybody can sign sessions or come in as administrator.",
    cause: "A word that stands in examples serves as a secret.",
    fix: "Refuse to start without the secret; let the first administrator choose a password.",
  },
  of: ["Literal", "TemplateLiteral"],
  look: ({ module, report }, node) => {
    const value = textOf(node);
    if (value === undefined || value === "" || value.length > 200) return;
    if (isFallback(module, node)) {
      const name = fallbackName(module, node);
      if (isSecretName(name) || isPasswordName(name))
        report(node, `${name} has a default that is written down`, `default ${name}`);
      return;
    }
    const name = nameFor(module, node);
    if (
      name !== "" &&
      isSecretName(name) &&
      isDefault(value, name) &&
      !isLabel(module, node) &&
      isUsed(module, node)
    )
      report(node, `${name} is a word that everybody tries first`, `default ${name}`);
  },
};

const textOf = (node: Node): string | undefined =>
  node.type === "Literal" && typeof node.value === "string"
    ? node.value
    : node.type === "TemplateLiteral" && node.expressions.length === 0
      ? (node.quasis[0]?.value.cooked ?? undefined)
      : undefined;

/** `process.env.X || "..."`, `{ PASSWORD = "..." } = process.env`. */
function isFallback(module: Module, node: Node): boolean {
  const parent = module.parents.get(node);
  if (parent?.type === "LogicalExpression" && parent.operator !== "&&" && parent.right === node)
    return isSetting(parent.left);
  return parent?.type === "AssignmentPattern" && parent.right === node && parent.left.type === "Identifier";
}

const isSetting = (node: Node): boolean => {
  const inner = bare(node);
  return inner.type === "MemberExpression" || inner.type === "Identifier" || inner.type === "CallExpression";
};

function fallbackName(module: Module, node: Node): string {
  const parent = module.parents.get(node);
  if (parent?.type === "AssignmentPattern") return nameOf(parent.left);
  if (parent?.type !== "LogicalExpression") return "";
  const left = bare(parent.left);
  const argument = left.type === "CallExpression" ? left.arguments[0] : undefined;
  return argument?.type === "Literal" ? String(argument.value) : nameOf(left);
}

/** What a text is called: its variable, property, parameter, header, or the function that takes it as a key. */
function nameFor(module: Module, node: Node): string {
  const parent = module.parents.get(node);
  switch (parent?.type) {
    case "VariableDeclarator":
      return parent.id.type === "Identifier" ? parent.id.name : "";
    case "AssignmentExpression":
      return parent.right === node ? nameOf(parent.left) : "";
    case "Property":
      return parent.value !== node || module.parents.get(parent)?.type !== "ObjectExpression"
        ? ""
        : parent.key.type === "Literal"
          ? String(parent.key.value)
          : nameOf(parent.key);
    case "PropertyDefinition":
      return parent.value === node ? nameOf(parent.key) : "";
    case "TSAsExpression":
    case "TSSatisfiesExpression":
      return nameFor(module, parent);
    case "BinaryExpression": {
      if (!/^[!=]==?$/.test(parent.operator)) return "";
      const name = nameOf(parent.left === node ? parent.right : parent.left);
      return isPasswordName(name) ? name : "";
    }
    case "CallExpression":
      return nameInCall(parent, node);
    default:
      return "";
  }
}

function nameInCall(call: Node, node: Node): string {
  if (call.type !== "CallExpression") return "";
  const name = nameOf(call.callee);
  const owner = ownerOf(call.callee);
  const place = call.arguments.findIndex((one) => one === node);
  if (
    place === 1 &&
    /^(?:sign|verify)$/.test(name) &&
    owner !== undefined &&
    /jwt|jsonwebtoken/i.test(nameOf(owner))
  )
    return "jwtSecret";
  if (place === 1 && /^create(?:Hmac|Cipheriv|Decipheriv)$/.test(name)) return "secretKey";
  if (place === 1 && /^(?:set|setHeader|append|header)$/.test(name)) {
    const [first] = call.arguments;
    return first?.type === "Literal" ? String(first.value) : "";
  }
  if (place === 0 && name === "cookieParser") return "cookieSecret";
  return "";
}

/** Texts for people: labels, messages, schemas; their keys only look like those of secrets. */
function isLabel(module: Module, node: Node): boolean {
  for (
    let [one, steps] = [module.parents.get(node), 0] as [Node | undefined, number];
    one !== undefined && steps < 8;
    steps += 1
  ) {
    if (one.type === "VariableDeclarator" && one.id.type === "Identifier" && steps > 0)
      return /\b(?:labels?|messages?|texts?|titles?|strings|translations?|i18n|locale|names?|errors?|hints?|types?|routes?|paths?|keys|fields?|columns?|headers?|cookies?|words?)\b/.test(
        wordsOf(one.id.name).join(" "),
      );
    one = module.parents.get(one);
  }
  return false;
}

/** A call takes it: a configuration, a record; a table of words is not one. */
function isUsed(module: Module, node: Node): boolean {
  const parent = module.parents.get(node);
  if (parent?.type !== "Property")
    return /^(?:VariableDeclarator|AssignmentExpression|CallExpression)$/.test(parent?.type ?? "");
  const object = module.parents.get(parent);
  for (
    let [one, steps] = [object, 0] as [Node | undefined, number];
    one !== undefined && steps < 6;
    steps += 1
  ) {
    if (one.type === "CallExpression" || one.type === "NewExpression") return true;
    if (/Declarator$|AssignmentExpression|ExportDefault/.test(one.type)) return true;
    one = module.parents.get(one);
  }
  return false;
}
