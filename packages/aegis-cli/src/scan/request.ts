/** Which expressions hold what a stranger sent. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../source/parse.ts";
import { nameOf } from "./read.ts";

const REQUESTS = /^(?:req|request|incoming)$/;
const CONTEXTS = /^(?:ctx|context|c|event)$/;
export const REQUEST_PARTS = new Set([
  "body",
  "query",
  "params",
  "headers",
  "cookies",
  "signedCookies",
  "url",
  "originalUrl",
  "rawBody",
  "hostname",
  "files",
  "file",
]);
const CONTEXT_PARTS = new Set([
  "query",
  "params",
  "request",
  "queryStringParameters",
  "pathParameters",
  "body",
]);
/** Methods of a request that give back something of it. */
const REQUEST_METHODS = new Set(["param", "get", "header", "json", "text", "formData"]);
const CONTEXT_METHODS = new Set(["query", "param", "header"]);
const LOCATION_PARTS = new Set(["hash", "search", "href", "pathname"]);

const isCalled = (node: Node, names: RegExp): boolean => {
  const inner = bare(node);
  if (inner.type === "Identifier") return names.test(inner.name);
  return inner.type === "MemberExpression" && !inner.computed && names.test(nameOf(inner));
};

export const isRequestName = (name: string): boolean => REQUESTS.test(name);

const isLocation = (module: Module, node: Node): boolean => {
  const inner = bare(node);
  if (inner.type === "Identifier")
    return inner.name === "location" && module.scopes.bindingOf(inner) === undefined;
  return (
    inner.type === "MemberExpression" &&
    nameOf(inner) === "location" &&
    /^(?:window|document|globalThis|self|top|parent)$/.test(nameOf(inner.object))
  );
};

/** `req.body`, `ctx.query`, `location.hash`, `process.argv`, `document.referrer`. */
export function isRequestPart(module: Module, node: Node): boolean {
  if (node.type !== "MemberExpression") return false;
  const name = nameOf(node);
  if (REQUEST_PARTS.has(name) && isCalled(node.object, REQUESTS)) return true;
  if (CONTEXT_PARTS.has(name) && bare(node.object).type === "Identifier" && isCalled(node.object, CONTEXTS))
    return true;
  if (LOCATION_PARTS.has(name) && isLocation(module, node.object)) return true;
  return name === "referrer" && nameOf(node.object) === "document";
}

/** `req.param("x")`, `req.get("host")`, `await request.json()`, `c.req.query("x")`, `searchParams.get("x")`. */
export function isRequestCall(node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = bare(node.callee);
  if (callee.type !== "MemberExpression") return false;
  const name = nameOf(callee);
  if (REQUEST_METHODS.has(name) && isCalled(callee.object, REQUESTS)) return true;
  if (CONTEXT_METHODS.has(name) && isCalled(callee.object, /^(?:req|request)$/)) return true;
  return name === "get" && isCalled(callee.object, /^searchParams$/);
}
