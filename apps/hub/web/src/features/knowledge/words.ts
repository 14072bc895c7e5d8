/** How concepts stand to each other, in words: seen from one end, and as a sentence. */
import type { EdgeKind, Graph, NodeEdge } from "../../api/knowledge.ts";

export const edgeWord: Readonly<Record<EdgeKind, string>> = {
  needs: "needs",
  explains: "explains",
  see_also: "see also",
};

type Seen = `${NodeEdge["kind"]} ${NodeEdge["direction"]}`;
const GROUPS: readonly (readonly [seen: Seen, title: string])[] = [
  ["needs out", "What this needs"],
  ["needs in", "What needs this"],
  ["explains out", "What this explains"],
  ["explains in", "What explains this"],
  ["see_also both", "See also"],
];

export const grouped = (edges: readonly NodeEdge[]) =>
  GROUPS.map(([seen, title]) => ({
    title,
    edges: edges.filter(({ kind, direction }) => `${kind} ${direction}` === seen),
  })).filter(({ edges: some }) => some.length > 0);

/** "needs Cookie, explained by Origin": for whoever hears the map. */
export function standing(graph: Graph, id: string): string {
  const titles = new Map(graph.nodes.map((node) => [node.id, node.title]));
  const parts = graph.edges.flatMap(({ from_id: from, to_id: to, kind }) => {
    if (from !== id && to !== id) return [];
    const other = titles.get(from === id ? to : from) ?? "";
    if (kind === "see_also") return [`see also ${other}`];
    if (from === id) return [`${edgeWord[kind]} ${other}`];
    return [kind === "needs" ? `needed by ${other}` : `explained by ${other}`];
  });
  return parts.length === 0 ? "not linked" : parts.toSorted().join(", ");
}

export const concepts = (count: number, isCapped = false): string =>
  `${isCapped ? "more than " : ""}${count} concept${count === 1 ? "" : "s"}`;
