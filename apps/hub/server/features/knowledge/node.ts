/** A concept, and how it stands to lessons and to other concepts. Limits: what one tenant can make grow. */
export const EDGE_KINDS = ["needs", "explains", "see_also"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

export const NODES_LIMIT = 2000;
/** Of one node, both ways: more would be a list and no map, and a page must hold them all. */
export const EDGES_LIMIT = 40;
export const LESSONS_LIMIT = 10;
/** Nodes that are drawn at once. */
export const DRAWN_LIMIT = 120;
export const TITLE_LENGTH = 120;
export const SUMMARY_LENGTH = 400;
export const BODY_LENGTH = 20_000;

export interface LessonKey {
  readonly course: string;
  readonly lesson: string;
}

export interface NodeText {
  readonly title: string;
  readonly summary: string;
  readonly body: string;
}

export interface KnowledgeNode extends NodeText {
  readonly id: string;
  /** Counts up with each change: who changes the node names the version that they have seen. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NodeSummary {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly edges: number;
  readonly updatedAt: number;
}

export interface Edge {
  readonly fromId: string;
  readonly toId: string;
  readonly kind: EdgeKind;
}

export const NODE_ORDERS = ["title", "updated_at", "created_at"] as const;
export type NodeOrder = (typeof NODE_ORDERS)[number];
/** "-" before it: the other way round. */
export const NODE_SORTS = [...NODE_ORDERS, ...NODE_ORDERS.map((order) => `-${order}` as const)] as const;
export type NodeSort = (typeof NODE_SORTS)[number];

/** What two spellings of a title share where they are the same title. */
export const titleKey = (title: string): string => title.normalize("NFKC").toLowerCase();

export const tidyTitle = (typed: string): string => typed.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
export const tidyText = (typed: string): string => typed.normalize("NFC").replaceAll(/\r\n?/gu, "\n").trim();

/** A row that goes both ways is kept one way. */
export const keptAs = (edge: Edge): Edge =>
  edge.kind === "see_also" && edge.fromId > edge.toId
    ? { ...edge, fromId: edge.toId, toId: edge.fromId }
    : edge;
