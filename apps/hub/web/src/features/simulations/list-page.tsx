import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import {
  type Experiment,
  experimentsQuery,
  type Listed,
  simulationsQuery,
  type Sort,
  SORTS,
} from "../../api/simulations.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { TextField } from "../../ui/form.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { InTenant } from "./frame.tsx";
import { amount, simTypeWords, STATES, sureness } from "./words.ts";

const route = getRouteApi("/simulations");

export const SimulationsPage = () => (
  <Page
    title="Simulations"
    lead="Try out what protects an account before an attacker does: change a number, and watch what becomes of the answer."
    wide
  >
    <InTenant>{() => <Simulations />}</InTenant>
  </Page>
);

function Simulations() {
  const { q = "", sort = "-updated_at", page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(simulationsQuery({ q, sort, page }));
  const experiments = useQuery(experimentsQuery).data?.items ?? [];
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <Search
          q={q}
          onSearch={(wanted) =>
            void navigate({
              search: ({ sort: kept }) => ({
                ...(wanted === "" ? {} : { q: wanted }),
                ...(kept === undefined ? {} : { sort: kept }),
              }),
            })
          }
        />
        <ButtonLink to="/simulations/new">New simulation</ButtonLink>
      </div>
      <Answer query={query} label="the simulations" shape="h-96">
        {({ items, total, pages }) =>
          total === 0 ? (
            q === "" ? (
              <Beginnings experiments={experiments} />
            ) : (
              <Empty title={`Nothing is found for “${q}”`}>
                Search for a part of the name or the description.
              </Empty>
            )
          ) : (
            <>
              <Order
                sort={sort}
                onSort={(by) =>
                  void navigate({ search: ({ page: _first, ...old }) => ({ ...old, sort: by }) })
                }
              />
              <ul className="grid gap-4 sm:grid-cols-2">
                {items.map((one) => (
                  <Item
                    key={one.id}
                    one={one}
                    experiment={experiments.find(({ id }) => id === one.experiment)}
                  />
                ))}
              </ul>
              <Paging
                page={page}
                pages={pages}
                total={total}
                onPage={(to) => void navigate({ search: (old) => ({ ...old, page: to }) })}
              />
            </>
          )
        }
      </Answer>
    </div>
  );
}

/** Nothing is there yet: what could be, one press away. */
const Beginnings = ({ experiments }: { experiments: readonly Experiment[] }) => (
  <div className="space-y-6">
    <Empty title="No simulations yet">
      They appear here for everybody in your tenant. Begin with a question:
    </Empty>
    <ul className="grid gap-4 sm:grid-cols-2">
      {experiments.map(({ id, title, question }) => (
        <li key={id}>
          <Link
            to="/simulations/new"
            search={{ experiment: id }}
            className="block h-full rounded-lg border border-line bg-surface p-5 shadow-card hover:border-accent"
          >
            <span className="font-medium text-accent underline underline-offset-4">{title}</span>
            <span className="mt-1 block text-muted">{question}</span>
          </Link>
        </li>
      ))}
    </ul>
  </div>
);

function Item({ one, experiment }: { one: Listed; experiment: Experiment | undefined }) {
  const last = one.last_run;
  const step = last?.last_step ?? null;
  return (
    <li className="flex min-w-0 flex-col rounded-lg border border-line bg-surface p-5 shadow-card">
      <h2 className="text-lg font-semibold break-words">
        <Link to="/simulations/$id" params={{ id: one.id }} className="hover:text-accent hover:underline">
          {one.name}
        </Link>
      </h2>
      <p className="text-muted">
        {experiment?.title ?? one.experiment}, {simTypeWords[one.sim_type].toLowerCase()}
      </p>
      <div className="mt-auto flex flex-wrap items-center gap-x-4 gap-y-2 pt-4">
        {last === null ? (
          <Badge state="unknown">Not run yet</Badge>
        ) : (
          <Badge state={STATES[last.state][0]}>{STATES[last.state][1]}</Badge>
        )}
        {step === null || experiment === undefined ? null : (
          <span className="tabular-nums">
            {amount(step.estimate, experiment.unit)}{" "}
            <span className="text-muted">{sureness(step.confidence)} sure</span>
          </span>
        )}
        <span className="ml-auto text-sm text-muted">
          <Time at={one.updated_at} />
        </span>
      </div>
    </li>
  );
}

function Search({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  useEffect(() => setTyped(q), [q]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(typed.trim());
  };
  return (
    <form onSubmit={submit} role="search" className="flex min-w-0 grow flex-wrap items-end gap-3">
      <div className="min-w-0 grow sm:max-w-xs">
        <TextField
          label="Name or description"
          name="q"
          type="search"
          autoComplete="off"
          maxLength={100}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Button type="submit" look="quiet">
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

const ORDER_WORDS: Readonly<Record<Sort, string>> = {
  "-updated_at": "Changed last",
  "-created_at": "Newest",
  name: "Name",
};

const Order = ({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) => (
  <label className="flex items-center gap-2 text-muted">
    Order
    <select
      className="min-h-11 rounded-sm border border-line-strong bg-surface px-2 text-text"
      value={sort}
      onChange={(event) => onSort(SORTS.find((one) => one === event.target.value) ?? "-updated_at")}
    >
      {SORTS.map((one) => (
        <option key={one} value={one}>
          {ORDER_WORDS[one]}
        </option>
      ))}
    </select>
  </label>
);

const Paging = ({
  page,
  pages,
  total,
  onPage,
}: {
  page: number;
  pages: number;
  total: number;
  onPage: (page: number) => void;
}) => (
  <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
    <Button look="quiet" disabled={page <= 1} onClick={() => onPage(Math.min(page - 1, pages))}>
      Previous
    </Button>
    <span role="status" className="text-muted tabular-nums">
      Page {page} of {pages}, {total} simulation{total === 1 ? "" : "s"}
    </span>
    <Button look="quiet" disabled={page >= pages} onClick={() => onPage(page + 1)}>
      Next
    </Button>
  </nav>
);
