/** Hashes that are too weak for what they keep. */
import type { Node } from "oxc-parser";
import { isFunction, type Module } from "../../source/parse.ts";
import { isPasswordName, isSecretName, wordsOf } from "../names.ts";
import { apiOf, literalOf, nameOf } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const BROKEN = /^(?:md4|md5|sha-?1|ripemd(?:160)?|rsa-(?:md5|sha1))$/i;
const FAST = /^(?:sha-?(?:224|256|384|512)|sha3-\d+|sha512-\d+|blake2\w*)$/i;
/** What is hashed to find it again, and not to keep it from anybody. */
const HARMLESS =
  /\b(?:etag|cache|cached|checksum|gravatar|avatar|file|content|asset|bundle|fingerprint|dedupe|integrity|revision|shard|bucket|color|colour|prefix|range|breach|pwned|hibp|totp|hotp|websocket|ws|accept)\b/;
const PURPOSE = /\b(?:session|sid|signature|sign|hmac|auth|credential|otp|csrf|reset|invite|remember)\b/;
const PACKAGES: Readonly<Record<string, string>> = {
  md5: "md5",
  sha1: "sha1",
  "js-md5": "md5",
  "js-sha1": "sha1",
  "blueimp-md5": "md5",
};
const MIN_ITERATIONS = 100_000;

export const weakHash: Rule = {
  id: "weak-hash",
  claim: "Secrets are hashed with SHA-256 or better, passwords with a function made for them.",
  cwe: 328,
  asvs: "v5.0.0-11.4.1",
  severity: "high",
  advice: {
    symptom: "Stolen hashes are turned back into passwords; signatures are made up.",
    cause: "MD5 and SHA-1 are broken, and any fast hash lets passwords be guessed by the billion.",
    fix: "Passwords: argon2id (`aegis` does it). Tokens of 128 random bits and more, signatures: SHA-256.",
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const { project, module, report } = scene;
    const name = nameOf(node.callee);
    if (/^pbkdf2(?:Sync)?$/.test(name)) return pbkdf2(scene, node);
    const [first] = node.arguments;
    if (/^create(?:Hash|Hmac|Sign|Verify)$/.test(name) && first !== undefined) {
      const algorithm = literalOf(project, module, first);
      if (typeof algorithm !== "string") return;
      const words = wordsAround(module, node);
      if (BROKEN.test(algorithm)) {
        // HMAC-SHA-1 still holds, and one-time passwords are defined by it.
        if (name === "createHmac" && !/md[45]/i.test(algorithm)) return;
        if (name !== "createHash" || isSecret(words)) report(node, `${algorithm} keeps a secret here`);
      } else if (FAST.test(algorithm) && name === "createHash" && isPassword(words, module, node))
        report(node, `${algorithm} is too fast for a password`);
      return;
    }
    const api = apiOf(project, module, node.callee);
    const broken = api === undefined ? undefined : PACKAGES[api.source];
    if (broken !== undefined && isSecret(wordsAround(module, node)))
      report(node, `${broken} keeps a secret here`);
    if (
      api?.source === "crypto-js" &&
      /^(?:MD5|SHA1|HmacMD5)$/.test(api.name) &&
      isSecret(wordsAround(module, node))
    )
      report(node, `${api.name} keeps a secret here`);
  },
};

function pbkdf2({ project, module, report }: Scene, node: Node): void {
  if (node.type !== "CallExpression") return;
  const [, , rounds, , digest] = node.arguments;
  const count = literalOf(project, module, rounds);
  const number = typeof count === "string" ? Number(count) : count;
  const algorithm = literalOf(project, module, digest);
  if (typeof number === "number" && number < MIN_ITERATIONS) report(node, `PBKDF2 runs ${number} times only`);
  else if (typeof algorithm === "string" && /^md5$/i.test(algorithm)) report(node, "PBKDF2 uses MD5");
}

interface Around {
  /** Names in the statement, and of the function around it. */
  readonly names: readonly string[];
  readonly home: string;
}

/** Bounded: what stands near in the same statement says what a hash is for. */
function wordsAround(module: Module, node: Node): Around {
  let statement: Node = node;
  let home = "";
  for (let one = module.parents.get(node); one !== undefined; one = module.parents.get(one)) {
    if (/Statement$|Declaration$/.test(one.type) && statement === node && one.type !== "FunctionDeclaration")
      statement = one;
    if (isFunction(one)) {
      const parent = module.parents.get(one);
      const name =
        "id" in one && one.id !== null && one.id.type === "Identifier"
          ? one.id.name
          : parent?.type === "VariableDeclarator" && parent.id.type === "Identifier"
            ? parent.id.name
            : parent?.type === "AssignmentExpression"
              ? nameOf(parent.left)
              : (parent?.type === "Property" || parent?.type === "MethodDefinition") &&
                  parent.key.type === "Identifier"
                ? parent.key.name
                : "";
      home ||= name;
      if (name !== "") break;
    }
  }
  const names =
    module.text
      .slice(statement.start, Math.min(statement.end, statement.start + 600))
      .match(/[A-Za-z_$][\w$]*/g) ?? [];
  return { names, home };
}

const said = ({ names, home }: Around): string => [...names, home].flatMap(wordsOf).join(" ");

function isSecret(around: Around): boolean {
  const text = said(around);
  if (HARMLESS.test(text)) return false;
  return (
    around.names.some((name) => isSecretName(name) || isPasswordName(name)) ||
    isSecretName(around.home) ||
    isPasswordName(around.home) ||
    PURPOSE.test(text)
  );
}

function isPassword(around: Around, module: Module, node: Node): boolean {
  const text = said(around);
  if (HARMLESS.test(text) || /\b(?:token|key|totp|code)\b/.test(text)) return false;
  // What is put into the hash, or what its result is called.
  const chain = module.text.slice(node.start, Math.min(module.text.length, node.end + 120));
  const update = /\.update\(([^;]{0,100})/.exec(chain)?.[1] ?? "";
  return (update.match(/[A-Za-z_$][\w$]*/g) ?? []).some(isPasswordName);
}
