/** Cookies that scripts read, or that travel in the clear. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { Pieces } from "../pieces.ts";
import { wordsOf } from "../names.ts";
import { literalOf, nameOf, optionsOf, ownerOf, type Options } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

/** Cookies that prove who somebody is. */
const PROOF = /\b(?:session|sess|sid|sessid|token|auth|jwt|remember|login|identity|credential|csrf|user)\b/;
const HARMLESS = /\b(?:csrf|xsrf)\b/;

export const cookieFlags: Rule = {
  id: "cookie-flags",
  claim: "A cookie that proves who somebody is, is Secure and HttpOnly.",
  cwe: 614,
  asvs: "v5.0.0-3.3.1",
  severity: "medium",
  advice: {
    symptom: "A script in the page, or whoever listens to a request over HTTP, takes the session.",
    cause: "The cookie was set without `Secure` or `HttpOnly`.",
    fix: 'Set `{ httpOnly: true, secure: true, sameSite: "lax" }`, and a name that begins with `__Host-`.',
  },
  of: ["CallExpression", "AssignmentExpression"],
  look: (scene, node) => {
    if (node.type === "AssignmentExpression") documentCookie(scene, node);
    else if (node.type === "CallExpression") inCall(scene, node);
  },
};

const isProof = (name: string): boolean => PROOF.test(wordsOf(name).join(" "));

function documentCookie({ project, module, report }: Scene, node: Node): void {
  if (node.type !== "AssignmentExpression") return;
  const target = bare(node.left);
  if (
    target.type !== "MemberExpression" ||
    nameOf(target) !== "cookie" ||
    nameOf(target.object) !== "document"
  )
    return;
  const [first] = new Pieces(project, module, node.right).list;
  const name = /^\s*([^=;\s]{1,100})=/.exec(first?.text ?? "")?.[1] ?? "";
  if (isProof(name) && !HARMLESS.test(wordsOf(name).join(" ")))
    report(node, `a script sets ${name}, so scripts can read it`);
}

function inCall(scene: Scene, node: Node): void {
  if (node.type !== "CallExpression") return;
  const { project, module, report } = scene;
  const name = nameOf(node.callee);
  const owner = ownerOf(node.callee);
  const [first, second, third] = node.arguments;
  if (/^(?:session|cookieSession)$/.test(name) && first !== undefined) return sessions(scene, node, first);
  if (owner === undefined || first === undefined) return;
  if (
    /^(?:setHeader|header|set|append)$/.test(name) &&
    /^set-cookie$/i.test(String(literalOf(project, module, first)))
  ) {
    if (second === undefined) return;
    const text = new Pieces(project, module, second).list.map((one) => one.text ?? "\u0000").join("");
    const cookie = /^\s*([^=;\s\u0000]{1,100})=/.exec(text)?.[1] ?? "";
    const missing = ["HttpOnly", "Secure"].filter((flag) => !new RegExp(`;\\s*${flag}\\b`, "i").test(text));
    // What ends in a value may end in flags.
    if (isProof(cookie) && missing.length > 0 && !text.endsWith("\u0000"))
      report(node, `${cookie} is set without ${missing.join(" and ")}`);
    return;
  }
  const isSetter =
    name === "setCookie" ||
    (name === "cookie" && /^(?:res|response|reply)$/.test(rootName(owner))) ||
    (name === "set" && nameOf(owner) === "cookies" && owner.type !== "Identifier");
  if (!isSetter || second === undefined) return;
  const cookie = project.textOf(module, first) ?? nameOf(first);
  if (!isProof(cookie)) return;
  if (third === undefined) {
    if (name === "set" && nameOf(owner) === "cookies" && node.arguments.length < 2) return;
    return report(node, `${cookie} is set without HttpOnly and Secure`);
  }
  const options = optionsOf(project, module, third);
  if (options === undefined) return;
  const bad = missingIn(scene, options, HARMLESS.test(wordsOf(cookie).join(" ")));
  if (bad !== undefined) report(node, `${cookie} is set ${bad}`);
}

const rootName = (node: Node): string => {
  const inner = bare(node);
  return inner.type === "CallExpression" ? rootName(ownerOf(inner.callee) ?? inner.callee) : nameOf(inner);
};

/** What is off, or missing where all that is said can be read. */
function missingIn({ project }: Scene, options: Options, isForScripts: boolean): string | undefined {
  const off = (flag: string): boolean => {
    const given = options.values.get(flag);
    if (given === undefined) return options.whole;
    return literalOf(project, given.module, given.node) === false;
  };
  const flags = [...(isForScripts ? [] : [["httpOnly", "HttpOnly"]]), ["secure", "Secure"]];
  const missing = flags.filter(([flag = ""]) => off(flag)).map(([, word]) => word);
  return missing.length > 0 ? `without ${missing.join(" and ")}` : undefined;
}

/** express-session: HttpOnly unless it is switched off; Secure only if it is switched on. */
function sessions({ project, module, report }: Scene, node: Node, given: Node): void {
  const options = optionsOf(project, module, given);
  const cookie = options?.values.get("cookie");
  const values = cookie === undefined ? undefined : optionsOf(project, cookie.module, cookie.node)?.values;
  const is = (flag: string): unknown => {
    const one = values?.get(flag);
    return one === undefined ? undefined : literalOf(project, one.module, one.node);
  };
  const off = ["secure", "httpOnly"].filter((flag) => is(flag) === false);
  if (off.length > 0)
    report(node, `the session cookie has ${off.map((flag) => `${flag} false`).join(" and ")}`);
}
