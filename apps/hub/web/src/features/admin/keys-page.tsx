import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { allKeysQuery, type OwnedKey, PER_PAGE, revokeAnyKey } from "../../api/api-keys.ts";
import { pageSize } from "../../api/page-sizes.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { TextField } from "../../ui/form.tsx";
import { PageSize } from "../../ui/page-size.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { duration } from "../../ui/time.tsx";
import { counted } from "../../ui/words.ts";
import { AdminPage } from "./admin-page.tsx";
import { OwnedKeyRow } from "./owned-key.tsx";

const route = getRouteApi("/admin/api-keys");

export const KeysPage = () => (
  <AdminPage
    title="All API keys"
    lead="Every key of every account, the longest unused first. Nobody here sees a secret."
  >
    {() => <Keys />}
  </AdminPage>
);

/** What is searched for and which page is shown stand in the address. */
function Keys() {
  const { q = "", page = 1, stale = false, per_page: rows } = route.useSearch();
  const size = pageSize(rows, PER_PAGE);
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const query = useQuery(allKeysQuery({ q, page, stale, size }));
  const [asked, setAsked] = useState<OwnedKey | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const settle = (words: string) => {
    setSaid(words);
    return client.invalidateQueries({ queryKey: ["admin", "api-keys"] });
  };
  const revocation = useMutation({
    mutationFn: ({ id }: OwnedKey) => revokeAnyKey(id),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { name, owner }) => settle(`“${name}” of ${owner.username} is revoked.`),
    onSettled: () => setAsked(null),
  });
  const search = (wanted: { q: string; stale: boolean }) =>
    void navigate({
      search: {
        ...(wanted.q === "" ? {} : { q: wanted.q }),
        ...(wanted.stale ? { stale: true } : {}),
        ...(size === PER_PAGE ? {} : { per_page: size }),
      },
    });
  return (
    <div className="space-y-5">
      <Search q={q} stale={stale} busy={query.isFetching} onSearch={search} />
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {revocation.error === null ? null : <Notice tone="fail">{revocation.error.message}</Notice>}
      <Answer query={query} label="the keys" shape="h-96">
        {({ items, total, tiers, stale_after_seconds: staleAfter }) =>
          items.length === 0 ? (
            <Empty title={q === "" && !stale ? "No API keys" : "No such keys"}>
              {stale
                ? `A key that nobody used for ${duration(staleAfter)} appears here.`
                : q === ""
                  ? "Keys that people make for their programs appear here."
                  : "Search for a part of the key's name, its public id, or its owner's name."}
            </Empty>
          ) : (
            <>
              <ul className="space-y-3">
                {items.map((apiKey) => (
                  <OwnedKeyRow
                    key={apiKey.id}
                    apiKey={apiKey}
                    tiers={tiers}
                    onChanged={(words) => void settle(words)}
                    onRevoke={() => setAsked(apiKey)}
                  />
                ))}
              </ul>
              <Paging
                page={page}
                total={total}
                size={size}
                onSize={(of) =>
                  void navigate({ search: ({ page: _first, ...old }) => ({ ...old, per_page: of }) })
                }
                onPage={(to) => void navigate({ search: (old) => ({ ...old, page: to }) })}
              />
            </>
          )
        }
      </Answer>
      <Confirm
        open={asked !== null}
        title={`Revoke “${asked?.name ?? ""}”?`}
        action="Revoke"
        busy={revocation.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && revocation.mutate(asked)}
      >
        The key of {asked?.owner.username} stops working at once, and every program that uses it fails. The
        owner gets a letter. This cannot be undone.
      </Confirm>
    </div>
  );
}

function Search({
  q,
  stale,
  busy,
  onSearch,
}: {
  q: string;
  stale: boolean;
  busy: boolean;
  onSearch: (wanted: { q: string; stale: boolean }) => void;
}) {
  const [typed, setTyped] = useState(q);
  useEffect(() => setTyped(q), [q]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch({ q: typed.trim(), stale });
  };
  return (
    <form onSubmit={submit} role="search" className="flex flex-wrap items-end gap-3">
      <div className="min-w-0 grow sm:max-w-sm">
        <TextField
          label="Name, public id or owner"
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
      <Button
        look="quiet"
        aria-pressed={stale}
        onClick={() => onSearch({ q: typed.trim(), stale: !stale })}
        className={stale ? "border-accent bg-accent-soft" : ""}
      >
        {stale ? "✓ " : ""}Unused for long
      </Button>
    </form>
  );
}

function Paging({
  page,
  total,
  size,
  onPage,
  onSize,
}: {
  page: number;
  total: number;
  size: number;
  onPage: (page: number) => void;
  onSize: (size: number) => void;
}) {
  const pages = Math.max(1, Math.ceil(total / size));
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
      <Button look="quiet" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <span role="status" className="text-muted tabular-nums">
        Page {page} of {pages}, {counted(total, "key")}
      </span>
      <Button look="quiet" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next
      </Button>
      <PageSize size={size} onSize={onSize} />
    </nav>
  );
}
