import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { QUERY_LENGTH, type Found, type SearchAnswer, searchQuery } from "../../api/search.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Page } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Empty } from "../../ui/states.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { MarkedText } from "./marked-text.tsx";

const route = getRouteApi("/search");
const kinds: Readonly<Record<string, readonly [one: string, many: string]>> = {
  course: ["Lesson", "Lessons"],
  lesson: ["Lesson of your tenant", "Lessons of your tenant"],
  node: ["Concept", "Concepts"],
  simulation: ["Simulation", "Simulations"],
};

export const SearchPage = () => (
  <Page title="Search" lead="Lessons, concepts, and whatever else you may read here.">
    <InTenant>{() => <Search />}</InTenant>
  </Page>
);

function Search() {
  const { q = "", kind, page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(searchQuery(q, kind, page));
  return (
    <div className="space-y-6">
      <SearchField
        label="What are you looking for?"
        q={q}
        maxLength={QUERY_LENGTH}
        autoFocus
        onSearch={(words) =>
          void navigate({
            replace: true,
            resetScroll: false,
            search: { ...(words === "" ? {} : { q: words }), ...(kind === undefined ? {} : { kind }) },
          })
        }
      />
      {q === "" ? (
        <Empty title="Nothing asked yet">
          Results come as you type. “Quotes” find words that stand together, -word leaves out what has it, or
          finds either.
        </Empty>
      ) : (
        <Answer query={query} label="the results" shape="h-64">
          {(found) => (
            <div className="space-y-5" aria-busy={query.isPlaceholderData || undefined}>
              <Kinds
                found={found}
                kind={kind}
                onKind={(wanted) =>
                  void navigate({
                    resetScroll: false,
                    search: { q, ...(wanted === undefined ? {} : { kind: wanted }) },
                  })
                }
              />
              <Results q={q} found={found} />
              {found.next_page === null && found.previous_page === null ? null : (
                <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
                  <Turn to={found.previous_page} onTurn={(to) => turn(to)}>
                    Previous
                  </Turn>
                  <span className="text-muted tabular-nums">
                    Page {found.page} of {Math.ceil(found.total / found.per_page)}
                  </span>
                  <Turn to={found.next_page} onTurn={(to) => turn(to)}>
                    Next
                  </Turn>
                </nav>
              )}
            </div>
          )}
        </Answer>
      )}
    </div>
  );
  function turn(to: number): void {
    void navigate({ search: (old) => ({ ...old, page: to }) });
  }
}

const Turn = ({
  to,
  onTurn,
  children,
}: {
  to: number | null;
  onTurn: (page: number) => void;
  children: string;
}) => (
  <Button look="quiet" disabled={to === null} onClick={() => (to === null ? undefined : onTurn(to))}>
    {children}
  </Button>
);

function Kinds({
  found,
  kind,
  onKind,
}: {
  found: SearchAnswer;
  kind: string | undefined;
  onKind: (kind: string | undefined) => void;
}) {
  const all = found.kinds.reduce((sum, { total }) => sum + total, 0);
  const choices = [
    { value: undefined, name: "All", total: all },
    ...found.kinds.map(({ kind: value, total }) => ({ value, name: kinds[value]?.[1] ?? value, total })),
  ];
  return (
    <div role="group" aria-label="Show" className="flex flex-wrap gap-2">
      {choices.map(({ value, name, total }) => (
        <Button
          key={name}
          look="quiet"
          aria-pressed={kind === value}
          className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-strong"
          onClick={() => onKind(value)}
        >
          {name} <span className="tabular-nums">{total}</span>
        </Button>
      ))}
    </div>
  );
}

const Results = ({ q, found }: { q: string; found: SearchAnswer }) => (
  <>
    <p role="status" className={found.total === 0 ? "sr-only" : "text-sm text-muted"}>
      {found.total === 0 ? "Nothing" : `${found.total} result${found.total === 1 ? "" : "s"}`} for “{q}”
    </p>
    {found.total === 0 ? (
      <Empty title={`Nothing is found for “${q}”`}>Try fewer or other words, or another kind.</Empty>
    ) : (
      <ol aria-label="Results" className="space-y-3">
        {found.items.map((item) => (
          <Result key={`${item.kind} ${item.id}`} item={item} />
        ))}
      </ol>
    )}
  </>
);

const Result = ({ item }: { item: Found }) => (
  <li className="relative rounded-lg border border-line bg-surface p-4 hover:border-accent">
    <p className="text-sm text-muted">{kinds[item.kind]?.[0] ?? item.kind}</p>
    <h2 className="font-semibold break-words">
      {/* Addresses are made by the server out of ids: a path of this hub, or they open nothing. */}
      <Link
        to={item.address.startsWith("/") && !item.address.startsWith("//") ? item.address : "/"}
        className="after:absolute after:inset-0 after:rounded-lg"
      >
        <MarkedText marked={item.title} />
      </Link>
    </h2>
    {item.snippet.text === "" ? null : (
      <p className="mt-1 break-words text-muted">
        <MarkedText marked={item.snippet} />
      </p>
    )}
  </li>
);
