/** Routes that change something for whoever asks. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { nameOf, optionsOf, ownerOf } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";
import { asksWho, isAuthName, receiverOf, Routers } from "./routers.ts";

const CHANGES = /^(?:post|put|patch|delete|del)$/;
const INNER = /(?:^|\/)(?:admin|internal|backup|export|impersonate|debug|console|manage)(?:\/|$|-)/i;
/** Routes that people have to reach before anybody knows them, or that prove their caller by what is sent. */
const FOR_ANYBODY =
  /log-?in|log-?out|sign-?(?:in|up|out|off)|register|password|forgot|reset|verif|confirm|activate|callback|oauth|oidc|saml|webhook|hook|health|ready|csp|contact|subscri|newsletter|token|refresh|captcha|session|invit|magic|otp|mfa|passkey|webauthn|search|query|feedback|track|beacon|auth/i;

export const missingAuth: Rule = {
  id: "missing-auth",
  claim: "A route that changes something knows who asks.",
  cwe: 306,
  asvs: "v5.0.0-8.3.1",
  severity: "high",
  advice: {
    symptom: "Anybody changes or deletes data without having signed in.",
    cause: "Neither the route nor what stands before it asks who is there.",
    fix: "Put the check before the handler (`app.use(requireUser)`, a `preHandler` hook); with Aegis declare `config: { access }`.",
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const method = nameOf(node.callee);
    const owner = ownerOf(node.callee);
    if (owner === undefined || !/^(?:get|post|put|patch|delete|del|route)$/.test(method)) return;
    const receiver = receiverOf(scene, owner);
    if (receiver === undefined) return;
    const routers = Routers.of(scene.project);
    if (receiver.kind === "fastify" && routers.hasAegis) return;
    const route = method === "route" ? declared(scene, node) : called(scene, node, method, receiver.path);
    if (route === undefined || isFree(route)) return;
    if (route.guards.some((one) => isAuthName(scene.module, one))) return;
    if (receiver.guards.some((one) => isAuthName(scene.module, one))) return;
    if (routers.isProtected(scene.module, receiver, node, route.path)) return;
    if (route.handler !== undefined && asksWho(scene, route.handler)) return;
    scene.report(node, `${route.method.toUpperCase()} ${route.path} is open to anybody`);
  },
};

interface Route {
  readonly method: string;
  readonly path: string;
  readonly guards: readonly Node[];
  readonly handler: Node | undefined;
}

const isFree = ({ method, path }: Route): boolean =>
  FOR_ANYBODY.test(path) || !(CHANGES.test(method) || INNER.test(path));

function called(
  { project, module }: Scene,
  node: Node,
  method: string,
  given: string | undefined,
): Route | undefined {
  if (node.type !== "CallExpression") return undefined;
  const [first, ...rest] = node.arguments;
  if (first === undefined) return undefined;
  const path = given ?? project.textOf(module, first);
  const more = given === undefined ? rest : node.arguments;
  const handler = more.at(-1);
  // `map.delete(key)`, `app.get("setting")` are no routes.
  if (path === undefined || handler === undefined || !/^(?:\/|$|\*|:)/.test(path)) return undefined;
  const options = optionsOf(project, module, more[0])?.values;
  const named = options?.get("handler")?.node;
  const hooks = ["onRequest", "preParsing", "preValidation", "preHandler"].flatMap(
    (one) => options?.get(one)?.node ?? [],
  );
  return {
    method,
    path,
    guards: [...more.slice(0, -1).flatMap(flat), ...hooks.flatMap(flat)],
    handler: named ?? handler,
  };
}

/** `server.route({ method, url, preHandler, handler })`. */
function declared({ project, module }: Scene, node: Node): Route | undefined {
  if (node.type !== "CallExpression") return undefined;
  const options = optionsOf(project, module, node.arguments[0])?.values;
  const [method, url, handler] = ["method", "url", "handler"].map((one) => options?.get(one)?.node);
  const path = url === undefined ? undefined : project.textOf(module, url);
  if (method === undefined || path === undefined) return undefined;
  const methods = method.type === "ArrayExpression" ? method.elements : [method];
  const names = methods.map((one) => (one === null ? "" : (project.textOf(module, one) ?? "").toLowerCase()));
  const hooks = ["onRequest", "preParsing", "preValidation", "preHandler"].flatMap(
    (one) => options?.get(one)?.node ?? [],
  );
  return {
    method: names.find((one) => CHANGES.test(one)) ?? names[0] ?? "get",
    path,
    guards: hooks.flatMap(flat),
    handler,
  };
}

const flat = (node: Node): Node[] => {
  const inner = bare(node);
  return inner.type === "ArrayExpression"
    ? inner.elements.flatMap((one) => (one === null ? [] : flat(one)))
    : [inner];
};
