/** Which code sends requests: fetch, axios and its instances, Request objects, and packages that wrap them. */
import type { Node } from "oxc-parser";
import { bare, type Module } from "../source/parse.ts";
import type { Meaning, Project } from "../source/project.ts";

/** They take what fetch takes. */
const FETCH_PACKAGES = new Set([
  "cross-fetch",
  "isomorphic-fetch",
  "isomorphic-unfetch",
  "unfetch",
  "whatwg-fetch",
]);

/** Their own options carry credentials on; what they make of them is theirs. */
export const WRAPPERS: Readonly<Record<string, readonly string[] | "all">> = {
  ky: "all",
  "ky-universal": "all",
  ofetch: ["$fetch", "ofetch", "createFetch"],
  wretch: "all",
  redaxios: "all",
  superagent: "all",
  got: "all",
  "graphql-request": ["GraphQLClient", "request"],
  "@apollo/client": ["HttpLink", "createHttpLink", "BatchHttpLink", "ApolloClient"],
  "@apollo/client/link/http": ["HttpLink", "createHttpLink"],
  "@reduxjs/toolkit/query": ["fetchBaseQuery"],
  "@reduxjs/toolkit/query/react": ["fetchBaseQuery"],
  "@urql/core": ["createClient", "Client"],
  urql: ["createClient", "Client"],
  "openapi-fetch": "all",
  alova: ["createAlova"],
};

const isGlobal = (meaning: Meaning, ...names: readonly string[]): boolean =>
  meaning.kind === "global" && names.includes(meaning.name);

export function isFetch(project: Project, module: Module, callee: Node): boolean {
  const meaning = project.meaningOf(module, callee);
  return (
    isGlobal(meaning, "fetch") ||
    (meaning.kind === "package" &&
      FETCH_PACKAGES.has(meaning.source) &&
      (meaning.name === "default" || meaning.name === "fetch"))
  );
}

export const isNew = (project: Project, module: Module, node: Node, name: string): boolean =>
  node.type === "NewExpression" && isGlobal(project.meaningOf(module, node.callee), name);

export type Axios =
  | { readonly kind: "root" }
  /** The call of `create` that made it. */
  | { readonly kind: "instance"; readonly module: Module; readonly create: Node };

/** What the code calls requests on: axios itself, or an instance whose making can be read. */
export function axiosOf(project: Project, module: Module, node: Node, depth = 0): Axios | undefined {
  const meaning = project.meaningOf(module, node);
  if (isGlobal(meaning, "axios")) return { kind: "root" };
  if (meaning.kind === "package")
    return meaning.source === "axios" && ["default", "*", "axios"].includes(meaning.name)
      ? { kind: "root" }
      : undefined;
  if (meaning.kind !== "node" || meaning.node.type !== "CallExpression" || depth > 3) return undefined;
  const { callee } = meaning.node;
  return project.memberName(meaning.module, callee) === "create" &&
    callee.type === "MemberExpression" &&
    axiosOf(project, meaning.module, callee.object, depth + 1) !== undefined
    ? { kind: "instance", module: meaning.module, create: meaning.node }
    : undefined;
}

/** Where a request has its address and its options; the position of the options, whether there are any or not. */
export interface AxiosCall {
  readonly axios: Axios;
  readonly url: Node | undefined;
  readonly config: Node | undefined;
  readonly position: number;
}

const WITHOUT_BODY = new Set(["get", "delete", "head", "options"]);
const WITH_BODY = new Set(["post", "put", "patch", "postForm", "putForm", "patchForm"]);

export function axiosCallOf(project: Project, module: Module, call: Node): AxiosCall | undefined {
  if (call.type !== "CallExpression") return undefined;
  const callee = bare(call.callee);
  const [first, second, third] = call.arguments;
  const name = project.memberName(module, callee);
  if (
    callee.type === "MemberExpression" &&
    name !== undefined &&
    /^(?:request|get|delete|head|options|post|put|patch|(?:post|put|patch)Form)$/.test(name)
  ) {
    const axios = axiosOf(project, module, callee.object);
    if (axios === undefined) return undefined;
    if (WITHOUT_BODY.has(name)) return { axios, url: first, config: second, position: 1 };
    if (WITH_BODY.has(name)) return { axios, url: first, config: third, position: 2 };
    return { axios, url: optionOf(project, module, first, "url"), config: first, position: 0 };
  }
  const axios = axiosOf(project, module, callee);
  if (axios === undefined || first === undefined) return undefined;
  const meaning = project.meaningOf(module, first);
  const isConfig = meaning.kind === "node" && meaning.node.type === "ObjectExpression";
  return isConfig
    ? { axios, url: optionOf(project, module, first, "url"), config: first, position: 0 }
    : { axios, url: first, config: second, position: 1 };
}

/** The value of an option, where its object can be read. */
export function optionOf(
  project: Project,
  module: Module,
  options: Node | undefined,
  name: string,
): Node | undefined {
  if (options === undefined) return undefined;
  const meaning = project.meaningOf(module, options);
  if (meaning.kind !== "node" || meaning.module !== module || meaning.node.type !== "ObjectExpression")
    return undefined;
  const found = meaning.node.properties.findLast((one) => project.keyOf(module, one) === name);
  return found?.type === "Property" ? found.value : undefined;
}
