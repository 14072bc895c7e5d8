/** The pages of concepts, and search. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { NODE_SORTS, type NodeSort } from "./api/knowledge.ts";
import { root, signedInOnly, whole } from "./router-root.tsx";

/** The router reads a search of digits as a number. */
const typed = (value: unknown, most: number): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value).slice(0, most) : undefined;

interface NodesAddress {
  readonly q?: string;
  readonly sort?: NodeSort;
  readonly cursor?: string;
}
const knowledge = createRoute({
  getParentRoute: () => root,
  path: "/knowledge",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, sort, cursor }: Record<string, unknown>): NodesAddress => {
    const [words, order] = [typed(q, 100), NODE_SORTS.find((one) => one === sort)];
    return {
      ...(words === undefined || words === "" ? {} : { q: words }),
      ...(order === undefined ? {} : { sort: order }),
      ...(typeof cursor === "string" && cursor.length <= 1500 ? { cursor } : {}),
    };
  },
  component: lazyRouteComponent(() => import("./features/knowledge/knowledge-page.tsx"), "KnowledgePage"),
});
const knowledgeNew = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/new",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/knowledge/edit-pages.tsx"), "NewNodePage"),
});
const knowledgeNode = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$id",
  beforeLoad: signedInOnly,
  validateSearch: ({ depth }: Record<string, unknown>): { readonly depth?: number } =>
    whole(depth, 3) ? { depth } : {},
  component: lazyRouteComponent(() => import("./features/knowledge/node-page.tsx"), "NodePage"),
});
const knowledgeEdit = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$id/edit",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/knowledge/edit-pages.tsx"), "EditNodePage"),
});

interface SearchAddress {
  readonly q?: string;
  readonly kind?: string;
  readonly page?: number;
}
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, kind, page }: Record<string, unknown>): SearchAddress => {
    const words = typed(q, 200);
    return {
      ...(words === undefined || words === "" ? {} : { q: words }),
      ...(typeof kind === "string" && /^[a-z_]{1,20}$/.test(kind) ? { kind } : {}),
      ...(whole(page, 20) ? { page } : {}),
    };
  },
  component: lazyRouteComponent(() => import("./features/search/search-page.tsx"), "SearchPage"),
});

export const knowledgeRoutes = [knowledge, knowledgeNew, knowledgeNode, knowledgeEdit, search] as const;
