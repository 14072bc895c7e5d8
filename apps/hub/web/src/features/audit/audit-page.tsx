import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { AUDIT_PAGE, auditQuery, auditSearch } from "../../api/audit.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { PageSize } from "../../ui/page-size.tsx";
import { Empty } from "../../ui/states.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { Chain } from "./chain.tsx";
import { Entries } from "./entries.tsx";
import { Search } from "./search.tsx";

const route = getRouteApi("/admin/audit");

export const AuditPage = () => (
  <SecurityPage
    title="Audit log"
    lead="What happened here, for good: nothing is changed or removed without its being seen. It holds no names and no addresses."
  >
    {() => <Log />}
  </SecurityPage>
);

function Log() {
  const search = auditSearch({ ...route.useSearch() });
  const navigate = route.useNavigate();
  const query = useQuery(auditQuery(search));
  const { before, limit, ...wanted } = search;
  const isSearch = Object.keys(wanted).length > 0;
  const size = limit === undefined ? {} : { limit };
  return (
    <div className="space-y-6">
      <Search
        search={wanted}
        busy={query.isFetching}
        onSearch={(next) => void navigate({ search: () => ({ ...next, ...size }) })}
      />
      <Answer query={query} label="the audit log" shape="h-96">
        {({ items, next, chain }) => (
          <>
            <Chain chain={chain} />
            {items.length === 0 ? (
              <Empty title={isSearch ? "No such entries" : "Nothing has happened yet"}>
                {isSearch
                  ? "Look for another kind, person or address, or show all."
                  : "Sign-ins, changes and refusals appear here."}
              </Empty>
            ) : (
              <Entries
                items={items}
                onUser={(id) => void navigate({ search: () => ({ user_id: id, ...size }) })}
              />
            )}
            <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
              <Button
                look="quiet"
                disabled={before === undefined}
                onClick={() => void navigate({ search: () => ({ ...wanted, ...size }) })}
              >
                Newest
              </Button>
              <Button
                look="quiet"
                disabled={next === null}
                onClick={() =>
                  next !== null && void navigate({ search: () => ({ ...wanted, ...size, before: next }) })
                }
              >
                Older
              </Button>
              <span role="status" className="text-muted tabular-nums">
                {items.length === 0
                  ? "No entries"
                  : `Entries ${items.at(-1)?.seq ?? 0} to ${items[0]?.seq ?? 0} of ${chain.entries}`}
              </span>
              <PageSize
                size={limit ?? AUDIT_PAGE}
                onSize={(wide) => void navigate({ search: () => ({ ...wanted, limit: wide }) })}
              />
            </nav>
          </>
        )}
      </Answer>
    </div>
  );
}
