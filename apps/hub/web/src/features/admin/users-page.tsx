import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { pageSize } from "../../api/page-sizes.ts";
import type { UserRow } from "../../api/admin.ts";
import { usersQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/form.tsx";
import { PageSize } from "../../ui/page-size.tsx";
import { Empty } from "../../ui/states.tsx";
import { Download } from "../../ui/table.tsx";
import { AdminPage } from "./admin-page.tsx";
import { USER_COLUMNS } from "./users-csv.ts";
import { UsersTable } from "./users-table.tsx";

const route = getRouteApi("/admin/users");

export const UsersPage = () => (
  <AdminPage title="Users" lead="Everybody with an account here, and what state it is in." wide>
    {() => <Users />}
  </AdminPage>
);

/** What is searched for and which page is shown stand in the address. */
function Users() {
  const { q = "", page = 1, per_page: wanted, sort = "-created_at" } = route.useSearch();
  const perPage = pageSize(wanted, 25);
  const navigate = route.useNavigate();
  const query = useQuery(usersQuery({ q, sort, page, per_page: perPage }));
  return (
    <div className="space-y-5">
      <Search
        q={q}
        busy={query.isFetching}
        onSearch={(words) =>
          void navigate({
            search: (old) => ({
              ...(words === "" ? {} : { q: words }),
              ...(old.per_page === undefined ? {} : { per_page: old.per_page }),
              ...(old.sort === undefined ? {} : { sort: old.sort }),
            }),
          })
        }
      />
      <Answer query={query} label="the users" shape="h-96">
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty title={q === "" ? "Nobody here" : `Nobody is found for “${q}”`}>
              {q === ""
                ? "People who register appear here."
                : "Search for a part of the user name or of the e-mail address."}
            </Empty>
          ) : (
            <>
              <UsersTable
                items={items}
                sort={sort}
                onSort={(by) =>
                  void navigate({ search: ({ page: _first, ...old }) => ({ ...old, sort: by }) })
                }
              />
              <Paging
                page={page}
                pages={Math.max(1, Math.ceil(total / perPage))}
                total={total}
                perPage={perPage}
                items={items}
                onPage={(to) => void navigate({ search: (old) => ({ ...old, page: to }) })}
                onSize={(size) =>
                  void navigate({ search: ({ page: _first, ...old }) => ({ ...old, per_page: size }) })
                }
              />
            </>
          )
        }
      </Answer>
    </div>
  );
}

function Search({ q, busy, onSearch }: { q: string; busy: boolean; onSearch: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  useEffect(() => setTyped(q), [q]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(typed.trim());
  };
  return (
    <form onSubmit={submit} role="search" className="flex flex-wrap items-end gap-3">
      <div className="min-w-0 grow sm:max-w-sm">
        <TextField
          label="User name or e-mail"
          name="q"
          type="search"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={100}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Button type="submit" look="quiet" busy={busy}>
        Search
      </Button>
      {q === "" ? null : (
        <Button look="quiet" onClick={() => onSearch("")}>
          Show all
        </Button>
      )}
    </form>
  );
}

function Paging({
  page,
  pages,
  total,
  perPage,
  items,
  onPage,
  onSize,
}: {
  page: number;
  pages: number;
  total: number;
  perPage: number;
  items: readonly UserRow[];
  onPage: (page: number) => void;
  onSize: (size: number) => void;
}) {
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
      <Button look="quiet" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <span role="status" className="text-muted tabular-nums">
        Page {page} of {pages}, {total} user{total === 1 ? "" : "s"}
      </span>
      <Button look="quiet" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next
      </Button>
      <span className="sm:ml-auto">
        <Download name="users.csv" columns={USER_COLUMNS} rows={items}>
          Download this page (CSV)
        </Download>
      </span>
      <PageSize size={perPage} onSize={onSize} />
    </nav>
  );
}
