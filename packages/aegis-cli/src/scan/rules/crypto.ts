/** Ciphers, keys and tokens that hold nobody up. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../../source/parse.ts";
import { atLeast } from "../origin.ts";
import { apiOf, literalOf, nameOf, optionsOf, ownerOf, shown } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const WEAK_CIPHER = /(?:^|[-_])(?:ecb|des|rc4|rc2|bf|blowfish|des3|ede3?)(?:$|[-_])|^(?:des|rc4|rc2|bf)/i;
const MIN_RSA_BITS = 2048;
const MAX_REFERENCES = 200;

export const weakCrypto: Rule = {
  id: "weak-crypto",
  claim: "Ciphers, keys and signatures are such as hold.",
  cwe: 327,
  asvs: "v5.0.0-11.3.1",
  severity: "high",
  advice: {
    symptom: "What was encrypted is read, and what was signed is made up.",
    cause:
      "The cipher or the key is too weak, the first block always the same, or a signature is not looked at.",
    fix: "Use AES-256-GCM with a random 12-byte IV each time, RSA of 3072 bits or ECDSA P-256, and `verify` with the algorithms named.",
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const { project, module, report } = scene;
    const name = nameOf(node.callee);
    const [first, second, third] = node.arguments;
    if (/^createDecipher$|^createCipher$/.test(name))
      return report(node, `${name} makes its key with MD5, and no IV`);
    if (name === "createCipheriv") {
      const cipher = literalOf(project, module, first);
      if (typeof cipher === "string" && WEAK_CIPHER.test(cipher))
        return report(node, `the cipher is ${cipher}`);
      if (third !== undefined && isFixed(scene, third)) report(node, "the IV is the same each time");
    } else if (/^generateKeyPair(?:Sync)?$/.test(name)) {
      const bits = optionsOf(project, module, second)?.values.get("modulusLength");
      const count = bits === undefined ? undefined : literalOf(project, bits.module, bits.node);
      if (Number(count) < MIN_RSA_BITS) report(node, `an RSA key of ${String(count)} bits`);
    } else if (/^(?:verify|sign|jwtVerify)$/.test(name)) algorithmNone(scene, node);
    else if (/^(?:decode|jwt_?[dD]ecode)$/.test(name) && first !== undefined) decoded(scene, node, first);
  },
};

function isFixed({ project, module, flow }: Scene, iv: Node): boolean {
  const value = bare(iv);
  if (value.type === "Literal" && value.value === null) return false;
  const meaning = project.meaningOf(module, value);
  const node = meaning.kind === "node" ? meaning.node : value;
  if (
    node.type === "CallExpression" &&
    /^(?:alloc|from)$/.test(nameOf(node.callee)) &&
    nameOf(ownerOf(node.callee) ?? node) === "Buffer"
  )
    return (
      node.arguments.every((one) => flow.of(module, one) === "constant") && !isFilledLater(module, value)
    );
  return typeof literalOf(project, module, value) === "string";
}

/** `const iv = Buffer.alloc(12); randomFillSync(iv);` */
const isFilledLater = (module: Module, iv: Node): boolean =>
  (module.scopes.bindingOf(iv)?.references ?? []).slice(0, MAX_REFERENCES).some((one) => {
    const parent = module.parents.get(one);
    return (
      (parent?.type === "CallExpression" && /Fill|getRandomValues/.test(nameOf(parent.callee))) ||
      (parent?.type === "MemberExpression" && /^(?:write\w*|set|copy|fill)$/.test(nameOf(parent)))
    );
  });

function algorithmNone({ project, module, report }: Scene, node: Node): void {
  if (node.type !== "CallExpression") return;
  for (const one of node.arguments) {
    const options = optionsOf(project, module, one)?.values;
    const list = options?.get("algorithms") ?? options?.get("algorithm") ?? options?.get("alg");
    if (list === undefined) continue;
    const values = list.node.type === "ArrayExpression" ? list.node.elements : [list.node];
    if (
      values.some((value) => value !== null && /^none$/i.test(String(literalOf(project, list.module, value))))
    )
      report(node, "a token without a signature is accepted or made");
  }
}

const JWT = /^(?:jsonwebtoken|jwt-decode|jwt|jwtDecode|jose)$/;

/** Claims that nobody vouches for, from a request. */
function decoded({ project, module, flow, report }: Scene, node: Node, token: Node): void {
  if (node.type !== "CallExpression") return;
  const api = apiOf(project, module, node.callee);
  const owner = ownerOf(node.callee);
  const isJwt = JWT.test(api?.source ?? "") || JWT.test(owner === undefined ? "" : nameOf(owner));
  if (isJwt && atLeast(flow.of(module, token), "request"))
    report(node, `the claims of ${shown(module, token)} are read, and its signature is not`);
}
