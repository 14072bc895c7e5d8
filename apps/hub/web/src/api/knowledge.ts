/** Concepts of the tenant that one works in. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { flag, list, nothing, nullable, number, object, text, word } from "./parse.ts";

export const EDGE_KINDS = ["needs", "explains", "see_also"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];
export const NODE_SORTS = ["title", "-updated_at", "-created_at"] as const;
export type NodeSort = (typeof NODE_SORTS)[number];
export const TITLE_LENGTH = 120;
export const SUMMARY_LENGTH = 400;
export const BODY_LENGTH = 20_000;
export const LESSONS_LIMIT = 10;

const kind = word(...EDGE_KINDS);
const summary = object({ id: text, title: text, summary: text, edge_count: number, updated_at: text });
const edge = object({
  kind,
  direction: word("out", "in", "both"),
  node: object({ id: text, title: text, summary: text }),
});
const node = object({
  id: text,
  title: text,
  summary: text,
  body: text,
  version: number,
  created_at: text,
  updated_at: text,
  lessons: list(object({ course: text, lesson: text, title: text, course_title: text })),
  edges: list(edge),
});
const page = object({
  items: list(summary),
  total: number,
  total_capped: flag,
  page: nullable(number),
  per_page: number,
  next_cursor: nullable(text),
  previous_cursor: nullable(text),
});
const graph = object({
  nodes: list(summary),
  edges: list(object({ from_id: text, to_id: text, kind })),
  total: number,
  truncated: flag,
});

export type NodeSummary = ReturnType<typeof summary>;
export type KnowledgeNode = ReturnType<typeof node>;
export type NodeEdge = ReturnType<typeof edge>;
export type Graph = ReturnType<typeof graph>;

export interface NodeText {
  readonly title: string;
  readonly summary: string;
  readonly body: string;
  readonly lessons: readonly { readonly course: string; readonly lesson: string }[];
}

const PATH = "/api/knowledge-nodes";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;
const KEY = ["tenant", "knowledge"];
export const knowledgeKey: readonly string[] = KEY;

export interface NodesSearch {
  readonly q: string;
  readonly sort: NodeSort;
  readonly cursor: string | undefined;
}
export const nodesQuery = ({ q, sort, cursor }: NodesSearch, perPage = 20) =>
  queryOptions({
    queryKey: [...KEY, "list", q, sort, cursor ?? "", String(perPage)],
    queryFn: () => {
      const query = new URLSearchParams({ sort, per_page: String(perPage) });
      if (q !== "") query.set("q", q);
      if (cursor !== undefined) query.set("cursor", cursor);
      return call("GET", `${PATH}?${query.toString()}`, page);
    },
    placeholderData: keepPreviousData,
  });
/** Concepts that are linked to a lesson. */
export const lessonNodesQuery = (course: string, lesson: string) =>
  queryOptions({
    queryKey: [...KEY, "lesson", course, lesson],
    queryFn: () =>
      call("GET", `${PATH}?lesson=${encodeURIComponent(`${course}/${lesson}`)}&per_page=20`, page),
  });
export const nodeQuery = (id: string) =>
  queryOptions({ queryKey: [...KEY, "node", id], queryFn: () => call("GET", one(id), node) });
export const graphQuery = (around?: string, depth = 2) =>
  queryOptions({
    queryKey: [...KEY, "graph", around ?? "", String(depth)],
    queryFn: () =>
      call(
        "GET",
        around === undefined ? `${PATH}/graph` : `${PATH}/graph?around=${around}&depth=${depth}`,
        graph,
      ),
    placeholderData: keepPreviousData,
  });

export const createNode = (wanted: NodeText) => call("POST", PATH, node, wanted);
/** The version that was seen goes along: whoever saved meanwhile is not overwritten. */
export const changeNode = (id: string, version: number, wanted: NodeText) =>
  call("PATCH", one(id), node, wanted, { "if-match": `"v${version}"` });
export const deleteNode = (id: string, version: number) =>
  call("DELETE", one(id), nothing, undefined, { "if-match": `"v${version}"` });
export const linkNodes = (fromId: string, linked: EdgeKind, toId: string) =>
  call("POST", `${one(fromId)}/edges`, nothing, { kind: linked, to_id: toId });
export const unlinkNodes = (fromId: string, linked: EdgeKind, toId: string) =>
  call("DELETE", `${one(fromId)}/edges/${linked}/${encodeURIComponent(toId)}`, nothing);
