import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { pageSize } from "../../api/page-sizes.ts";
import {
  type AdminTenant,
  allTenantsQuery,
  changeTenant,
  openTenantFor,
  PER_PAGE,
} from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { PageSize } from "../../ui/page-size.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { AdminPage } from "./admin-page.tsx";

export const TenantsPage = () => (
  <AdminPage
    title="Tenants"
    lead="Who works here under which name. You open and close tenants and name their owners; what is in them you do not see."
    wide
  >
    {() => <Tenants />}
  </AdminPage>
);

function Tenants() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { q = "", page = 1, per_page: wanted } = useSearch({ from: "/admin/tenants" });
  const size = pageSize(wanted, PER_PAGE);
  const sized = size === PER_PAGE ? {} : { per_page: size };
  const query = useQuery(allTenantsQuery({ q, page, size }));
  const [typed, setTyped] = useState(q);
  const [making, setMaking] = useState(false);
  const [owned, setOwned] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<AdminTenant | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const done = (what: string) => {
    setSaid(what);
    setMaking(false);
    setOwned(undefined);
    return client.invalidateQueries({ queryKey: ["admin", "tenants"] });
  };
  const closing = useMutation({
    mutationFn: ({ id, closed_at: closedAt }: AdminTenant) => changeTenant(id, { closed: closedAt === null }),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { name, closed_at: closedAt }) =>
      done(closedAt === null ? `${name} is closed.` : `${name} is open again.`),
    onSettled: () => setAsked(null),
  });
  const search = (event: FormEvent) => {
    event.preventDefault();
    const words = typed.trim();
    void navigate({ to: "/admin/tenants", search: { ...(words === "" ? {} : { q: words }), ...sized } });
  };
  return (
    <div className="space-y-4">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {closing.error === null ? null : <Notice tone="fail">{closing.error.message}</Notice>}
      <div className="flex flex-wrap items-end gap-3">
        <form onSubmit={search} role="search" className="flex min-w-0 grow flex-wrap items-end gap-3">
          <div className="min-w-0 grow sm:max-w-sm">
            <TextField
              label="Part of the name"
              name="q"
              type="search"
              autoComplete="off"
              maxLength={64}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </div>
          <Button type="submit" look="quiet" busy={query.isFetching}>
            Search
          </Button>
        </form>
        {making ? null : <Button onClick={() => setMaking(true)}>Open a tenant</Button>}
      </div>
      {making ? (
        <Card>
          <h2 className="mb-5 text-lg font-semibold">Open a tenant</h2>
          <OpenFor onDone={(name) => void done(`${name} is open.`)} onCancel={() => setMaking(false)} />
        </Card>
      ) : null}
      <Answer query={query} label="the tenants" shape="h-64">
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty title={q === "" ? "No tenants yet" : "No tenant has that in its name"}>
              {q === "" ? "Open one, and name an owner who invites the others." : "Search for another part."}
            </Empty>
          ) : (
            <>
              <ul aria-label="Tenants" className="space-y-3">
                {items.map((tenant) => (
                  <li key={tenant.id} className="space-y-3 rounded-lg border border-line bg-surface p-4">
                    <div className="flex flex-wrap items-center justify-between gap-3">
                      <div className="min-w-0">
                        <h2 className="font-medium break-words">{tenant.name}</h2>
                        <p className="text-sm text-muted">
                          {tenant.members} member{tenant.members === 1 ? "" : "s"} ·{" "}
                          {tenant.open_registration ? "takes registrations" : "by invitation"} · opened{" "}
                          <Time at={tenant.created_at} />
                        </p>
                      </div>
                      <Badge state={tenant.closed_at === null ? "pass" : "warn"}>
                        {tenant.closed_at === null ? "Open" : "Closed"}
                      </Badge>
                    </div>
                    {owned === tenant.id ? (
                      <NameOwner
                        tenant={tenant}
                        onDone={(owner) => void done(`${owner} is an owner of ${tenant.name} now.`)}
                        onCancel={() => setOwned(undefined)}
                      />
                    ) : (
                      <div className="flex flex-wrap gap-3">
                        <Button
                          look="quiet"
                          aria-label={`Name an owner of ${tenant.name}`}
                          onClick={() => setOwned(tenant.id)}
                        >
                          Name an owner …
                        </Button>
                        <Button
                          look="danger"
                          aria-label={`${tenant.closed_at === null ? "Close" : "Open"} ${tenant.name}`}
                          onClick={() => setAsked(tenant)}
                        >
                          {tenant.closed_at === null ? "Close …" : "Open again …"}
                        </Button>
                      </div>
                    )}
                  </li>
                ))}
              </ul>
              <Pages page={page} total={total} q={q} size={size} />
            </>
          )
        }
      </Answer>
      <Confirm
        open={asked !== null}
        title={`${asked?.closed_at === null ? "Close" : "Open"} ${asked?.name ?? ""}?`}
        action={asked?.closed_at === null ? "Close" : "Open again"}
        busy={closing.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && closing.mutate(asked)}
      >
        {asked?.closed_at === null
          ? "Its members are refused there from their next request on. Nothing in it is lost; you can open it again."
          : "Its members work there again from their next request on."}
      </Confirm>
    </div>
  );
}

function Pages({ page, total, q, size }: { page: number; total: number; q: string; size: number }) {
  const navigate = useNavigate();
  const pages = Math.max(1, Math.ceil(total / size));
  const go = (to: number, of = size) =>
    void navigate({
      to: "/admin/tenants",
      search: {
        ...(q === "" ? {} : { q }),
        ...(to === 1 ? {} : { page: to }),
        ...(of === PER_PAGE ? {} : { per_page: of }),
      },
    });
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
      <Button look="quiet" disabled={page <= 1} onClick={() => go(page - 1)}>
        Previous
      </Button>
      <span role="status" className="text-muted tabular-nums">
        Page {page} of {pages}, {total} tenant{total === 1 ? "" : "s"}
      </span>
      <Button look="quiet" disabled={page >= pages} onClick={() => go(page + 1)}>
        Next
      </Button>
      <PageSize size={size} onSize={(of) => go(1, of)} />
    </nav>
  );
}

function OpenFor({ onDone, onCancel }: { onDone: (name: string) => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [owner, setOwner] = useState("");
  const form = useForm(async () => {
    await openTenantFor(name, owner.trim());
    onDone(name);
  });
  return (
    <Form
      state={form}
      action="Open"
      labels={{ name: "Name", owner: "Owner" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        autoFocus
        required
        maxLength={64}
        errors={form.errorsOf("name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <OwnerField value={owner} errors={form.errorsOf("owner")} onChange={setOwner} />
    </Form>
  );
}

function NameOwner({
  tenant,
  onDone,
  onCancel,
}: {
  tenant: AdminTenant;
  onDone: (owner: string) => void;
  onCancel: () => void;
}) {
  const [owner, setOwner] = useState("");
  const form = useForm(async () => {
    await changeTenant(tenant.id, { owner: owner.trim() });
    onDone(owner.trim());
  });
  return (
    <Form
      state={form}
      action="Make them an owner"
      labels={{ owner: "Owner" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <OwnerField value={owner} errors={form.errorsOf("owner")} onChange={setOwner} />
    </Form>
  );
}

const OwnerField = ({
  value,
  errors,
  onChange,
}: {
  value: string;
  errors: readonly string[];
  onChange: (value: string) => void;
}) => (
  <TextField
    label="Owner"
    name="owner"
    autoComplete="off"
    autoCapitalize="none"
    spellCheck={false}
    maxLength={254}
    help="User name or e-mail of an account. Owners invite the others."
    errors={errors}
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
);
