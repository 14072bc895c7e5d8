import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { graphQuery, NODE_SORTS, type NodeSort, nodesQuery, type NodeSummary } from "../../api/knowledge.ts";
import { atLeast, type Membership } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Page } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { MapList } from "./map-list.tsx";
import { KnowledgeMap } from "./map.tsx";
import { concepts } from "./words.ts";

const route = getRouteApi("/knowledge");
const sorts: Readonly<Record<NodeSort, string>> = {
  title: "By title",
  "-updated_at": "Changed last",
  "-created_at": "Newest",
};

export const KnowledgePage = () => (
  <Page wide title="Concepts" lead="What the lessons speak of, and how it belongs together.">
    <InTenant>{(tenant) => <Knowledge tenant={tenant} />}</InTenant>
  </Page>
);

function Knowledge({ tenant }: { tenant: Membership }) {
  const mayWrite = atLeast(tenant.role, "author");
  const graph = useQuery(graphQuery());
  return (
    <Answer query={graph} label="the concepts" shape="h-96">
      {(found) =>
        found.total === 0 ? (
          <Empty title="No concepts yet">
            {mayWrite ? (
              <>
                <p>Write the first one, link it to the lessons that explain it, and then to others.</p>
                <ButtonLink to="/knowledge/new" className="mt-4">
                  Write a concept
                </ButtonLink>
              </>
            ) : (
              `They appear here as soon as an author of ${tenant.name} writes one.`
            )}
          </Empty>
        ) : (
          <div className="space-y-6">
            <KnowledgeMap
              graph={found}
              title={
                found.truncated
                  ? `The ${found.nodes.length} most linked of ${concepts(found.total)}`
                  : `${concepts(found.total)} and how they belong together`
              }
            />
            <MapList graph={found} />
            <Nodes mayWrite={mayWrite} />
          </div>
        )
      }
    </Answer>
  );
}

function Nodes({ mayWrite }: { mayWrite: boolean }) {
  const { q = "", sort = "title", cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(nodesQuery({ q, sort, cursor }));
  return (
    <section aria-labelledby="all-concepts" className="space-y-4 pt-4">
      <h2 id="all-concepts" className="text-xl font-semibold">
        All concepts
      </h2>
      <div className="flex flex-wrap items-end gap-3">
        <SearchField
          label="Part of a title or summary"
          q={q}
          maxLength={100}
          onSearch={(words) =>
            void navigate({
              replace: true,
              resetScroll: false,
              search: { ...(words === "" ? {} : { q: words }), ...(sort === "title" ? {} : { sort }) },
            })
          }
        />
        <label className="flex items-center gap-2 text-muted">
          Order
          <select
            className="min-h-11 rounded-sm border border-line-strong bg-surface px-2 text-text"
            value={sort}
            onChange={(event) => {
              const wanted = NODE_SORTS.find((one) => one === event.target.value) ?? "title";
              void navigate({
                resetScroll: false,
                search: { ...(q === "" ? {} : { q }), ...(wanted === "title" ? {} : { sort: wanted }) },
              });
            }}
          >
            {NODE_SORTS.map((one) => (
              <option key={one} value={one}>
                {sorts[one]}
              </option>
            ))}
          </select>
        </label>
        {mayWrite ? (
          <ButtonLink to="/knowledge/new" className="sm:ml-auto">
            Write a concept
          </ButtonLink>
        ) : null}
      </div>
      <Answer query={query} label="the list" shape="h-64">
        {({ items, total, total_capped: isCapped, next_cursor: next, previous_cursor: previous }) => (
          <>
            <p role="status" className="text-sm text-muted">
              {concepts(total, isCapped)}
              {q === "" ? "" : ` with “${q}”`}
            </p>
            {items.length === 0 ? (
              <Empty title={`No concept has “${q}”`}>
                Try a shorter part, or{" "}
                <Link to="/search" search={{ q }} className="text-accent underline underline-offset-4">
                  search everything
                </Link>
                .
              </Empty>
            ) : (
              <ul aria-label="Concepts" className="grid gap-3 sm:grid-cols-2">
                {items.map((node) => (
                  <Row key={node.id} node={node} />
                ))}
              </ul>
            )}
            {next === null && previous === null ? null : (
              <nav aria-label="Pages" className="flex gap-3">
                {(
                  [
                    ["Previous", previous],
                    ["Next", next],
                  ] as const
                ).map(([name, to]) => (
                  <Button
                    key={name}
                    look="quiet"
                    disabled={to === null}
                    onClick={() =>
                      to === null ? undefined : void navigate({ search: (old) => ({ ...old, cursor: to }) })
                    }
                  >
                    {name}
                  </Button>
                ))}
              </nav>
            )}
          </>
        )}
      </Answer>
    </section>
  );
}

const Row = ({ node }: { node: NodeSummary }) => (
  <li className="relative rounded-lg border border-line bg-surface p-4 hover:border-accent">
    <h3 className="font-medium break-words">
      <Link
        to="/knowledge/$id"
        params={{ id: node.id }}
        className="after:absolute after:inset-0 after:rounded-lg"
      >
        {node.title}
      </Link>
    </h3>
    {node.summary === "" ? null : <p className="mt-0.5 break-words text-muted">{node.summary}</p>}
    <p className="mt-1 text-sm text-muted">
      {node.edge_count === 0 ? "not linked" : `${node.edge_count} link${node.edge_count === 1 ? "" : "s"}`} ·
      changed <Time at={node.updated_at} />
    </p>
  </li>
);
