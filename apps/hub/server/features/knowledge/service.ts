/** What can be done with concepts. Every method is one transaction of one tenant: all of it, or nothing. */
import type { TenantDatabase, TenantSql } from "aegis/stores/postgres";
import type { KeysetWindow } from "aegis/stores/postgres";
import { edgeRepository } from "./edge-repository.ts";
import { invalidFields, knowledgeError } from "./errors.ts";
import {
  DRAWN_LIMIT,
  type Edge,
  EDGES_LIMIT,
  keptAs,
  type KnowledgeNode,
  type LessonKey,
  NODES_LIMIT,
  type NodeText,
  tidyText,
  tidyTitle,
  TITLE_LENGTH,
  titleKey,
} from "./node.ts";
import { nodeRepository, type NodeSearch } from "./node-repository.ts";

export const knowledgeRepositories = (sql: TenantSql) => ({
  nodes: nodeRepository(sql),
  edges: edgeRepository(sql),
});
export type KnowledgeRepositories = ReturnType<typeof knowledgeRepositories>;

export interface KnowledgeWiring {
  readonly database: TenantDatabase<KnowledgeRepositories>;
  readonly lessonExists: (lesson: LessonKey) => boolean;
  readonly now: () => number;
  readonly uuid: () => string;
}

export interface NodeInput extends NodeText {
  readonly lessons: readonly LessonKey[];
}
export type NodeChanges = Partial<NodeInput>;

export type WholeNode = Awaited<ReturnType<KnowledgeService["read"]>>;
export type KnowledgeService = ReturnType<typeof knowledgeService>;

export function knowledgeService({ database, lessonExists, now, uuid }: KnowledgeWiring) {
  const checked = (input: NodeChanges): NodeChanges => {
    const title = input.title === undefined ? undefined : tidyTitle(input.title);
    const lost = input.lessons?.findIndex((lesson) => !lessonExists(lesson)) ?? -1;
    const problems = [
      ...(title !== undefined &&
      (title === "" || [...title].length > TITLE_LENGTH || titleKey(title).length > 360)
        ? [{ field: "title", reason: "length", message: `A title has 1 to ${TITLE_LENGTH} characters.` }]
        : []),
      ...(lost >= 0
        ? [{ field: `lessons.${lost}`, reason: "unknown", message: "There is no such lesson." }]
        : []),
    ];
    if (problems.length > 0) throw invalidFields(problems);
    return {
      ...(title === undefined ? {} : { title }),
      ...(input.summary === undefined ? {} : { summary: tidyText(input.summary) }),
      ...(input.body === undefined ? {} : { body: tidyText(input.body) }),
      ...(input.lessons === undefined ? {} : { lessons: input.lessons }),
    };
  };

  const whole = async ({ nodes, edges }: KnowledgeRepositories, id: string) => {
    const node = await nodes.find(id);
    if (node === undefined) throw knowledgeError("HUB_KNOWLEDGE_NOT_FOUND");
    const found = await edges.of(id);
    const others = await nodes.summaries(found.map(({ fromId, toId }) => (fromId === id ? toId : fromId)));
    return { node, lessons: await nodes.lessons(id), edges: found, others };
  };

  return {
    list: (tenant: string, search: NodeSearch, window: KeysetWindow) =>
      database.inTenant(tenant, ({ nodes }) => nodes.list(search, window)),

    read: (tenant: string, id: string) => database.inTenant(tenant, (use) => whole(use, id)),

    create: (tenant: string, input: NodeInput) => {
      const { lessons = [], ...text } = checked(input);
      const at = now();
      const node: KnowledgeNode = { ...input, ...text, id: uuid(), version: 1, createdAt: at, updatedAt: at };
      return database.inTenant(tenant, async (use) => {
        await use.nodes.lockTenant();
        if ((await use.nodes.count()) >= NODES_LIMIT) throw knowledgeError("HUB_KNOWLEDGE_FULL");
        await unlessTaken(use.nodes.insert(node));
        await use.nodes.setLessons(node.id, lessons);
        return whole(use, node.id);
      });
    },

    change: (tenant: string, id: string, version: number, input: NodeChanges) => {
      const { lessons, ...text } = checked(input);
      return database.inTenant(tenant, async (use) => {
        const node = await use.nodes.find(id);
        if (node === undefined) throw knowledgeError("HUB_KNOWLEDGE_NOT_FOUND");
        const changed = await unlessTaken(use.nodes.update({ ...node, ...text, version, updatedAt: now() }));
        if (!changed) throw knowledgeError("HUB_KNOWLEDGE_CHANGED");
        if (lessons !== undefined) await use.nodes.setLessons(id, lessons);
        return whole(use, id);
      });
    },

    remove: (tenant: string, id: string, version: number) =>
      database.inTenant(tenant, async ({ nodes }) => {
        if (await nodes.remove(id, version)) return;
        const isThere = (await nodes.find(id)) !== undefined;
        throw knowledgeError(isThere ? "HUB_KNOWLEDGE_CHANGED" : "HUB_KNOWLEDGE_NOT_FOUND");
      }),

    /** True where it is new. Counted and looked at for circles under the tenant's lock, so that parallel calls pass no limit. */
    link: (tenant: string, edge: Edge) =>
      database.inTenant(tenant, async ({ nodes, edges }) => {
        const kept = keptAs(edge);
        if (edge.fromId === edge.toId) throw knowledgeError("HUB_KNOWLEDGE_CIRCLE");
        await nodes.lockTenant();
        if ((await nodes.summaries([edge.fromId, edge.toId])).length < 2)
          throw knowledgeError("HUB_KNOWLEDGE_NOT_FOUND");
        const touching = await edges.touching([edge.fromId, edge.toId]);
        if (
          touching.some(
            (one) => one.kind === kept.kind && one.fromId === kept.fromId && one.toId === kept.toId,
          )
        )
          return false;
        const degree = (id: string) =>
          touching.filter(({ fromId, toId }) => fromId === id || toId === id).length;
        if (Math.max(degree(edge.fromId), degree(edge.toId)) >= EDGES_LIMIT)
          throw knowledgeError("HUB_KNOWLEDGE_FULL");
        if (kept.kind === "needs" && (await edges.needs(kept.toId, kept.fromId)))
          throw knowledgeError("HUB_KNOWLEDGE_CIRCLE");
        return edges.add(kept);
      }),

    unlink: (tenant: string, edge: Edge) =>
      database.inTenant(tenant, async ({ edges }) => {
        if (!(await edges.remove(keptAs(edge)))) throw knowledgeError("HUB_KNOWLEDGE_NOT_FOUND");
      }),

    /** What is drawn: the surroundings of a node, or the nodes that most lead to. */
    graph: (tenant: string, around: { readonly id: string; readonly depth: number } | undefined) =>
      database.inTenant(tenant, async (use) => {
        const ids =
          around === undefined
            ? await use.nodes.central(DRAWN_LIMIT)
            : await surroundings(use, around.id, around.depth);
        const nodes = await use.nodes.summaries(ids);
        if (around !== undefined && !nodes.some(({ id }) => id === around.id))
          throw knowledgeError("HUB_KNOWLEDGE_NOT_FOUND");
        return { nodes, edges: await use.edges.within(ids), total: await use.nodes.count() };
      }),
  };
}

/** Nearest first, as many as are drawn. */
async function surroundings(
  { edges }: KnowledgeRepositories,
  id: string,
  depth: number,
): Promise<readonly string[]> {
  const found = new Set([id]);
  let edge: readonly string[] = [id];
  for (let step = 0; step < depth && edge.length > 0; step++) {
    const next = new Set<string>();
    for (const { fromId, toId } of await edges.touching(edge))
      for (const one of [fromId, toId])
        if (!found.has(one) && found.size < DRAWN_LIMIT) {
          found.add(one);
          next.add(one);
        }
    edge = [...next];
  }
  return [...found];
}

async function unlessTaken<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "23505"; // unique_violation
    throw isTaken ? knowledgeError("HUB_KNOWLEDGE_TAKEN") : error;
  }
}
