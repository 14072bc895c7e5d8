/** Concepts as they go over the wire. */
import type { Catalogue } from "../content/catalogue.ts";
import type { Edge, NodeSummary } from "./node.ts";
import type { KnowledgeService, WholeNode } from "./service.ts";

const time = (at: number): string => new Date(at).toISOString();

export const summaryView = ({ id, title, summary, edges, updatedAt }: NodeSummary) => ({
  id,
  title,
  summary,
  edge_count: edges,
  updated_at: time(updatedAt),
});

const edgeView = ({ fromId, toId, kind }: Edge) => ({ from_id: fromId, to_id: toId, kind });

/** Seen from one end: "out" is said of it, "in" of it by the other, "both" of both. */
export function edgeViews(nodeId: string, edges: readonly Edge[], others: readonly NodeSummary[]) {
  const byId = new Map(others.map((other) => [other.id, other]));
  return edges.flatMap(({ fromId, toId, kind }) => {
    const other = byId.get(fromId === nodeId ? toId : fromId);
    if (other === undefined) return [];
    const direction = kind === "see_also" ? "both" : fromId === nodeId ? "out" : "in";
    return [{ kind, direction, node: { id: other.id, title: other.title, summary: other.summary } }];
  });
}

/** A lesson that is no more is not shown; the link stays, in case it comes back. */
export function nodeView({ node, lessons, edges, others }: WholeNode, catalogue: Catalogue) {
  return {
    id: node.id,
    title: node.title,
    summary: node.summary,
    body: node.body,
    version: node.version,
    created_at: time(node.createdAt),
    updated_at: time(node.updatedAt),
    lessons: lessons.flatMap(({ course, lesson }) => {
      const found = catalogue.lesson(course, lesson);
      return found === undefined
        ? []
        : [{ course, lesson, title: found.title, course_title: found.course.title }];
    }),
    edges: edgeViews(node.id, edges, others),
  };
}

export const graphView = ({ nodes, edges, total }: Awaited<ReturnType<KnowledgeService["graph"]>>) => ({
  nodes: nodes.map(summaryView),
  edges: edges.map(edgeView),
  total,
  truncated: nodes.length < total,
});
