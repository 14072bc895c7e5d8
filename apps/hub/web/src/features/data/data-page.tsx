import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteAccount } from "../../api/account.ts";
import { download, forgetCsrfToken } from "../../api/client.ts";
import { policyQuery, sessionQuery } from "../../api/queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { flash } from "../../ui/flash.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page, Section } from "../../ui/page.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { Loading, Notice, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { clearDrafts } from "../account/draft.ts";
import { useSession } from "../account/session.tsx";

export function DataPage() {
  const session = useSession();
  return (
    <Page title="My data" lead="Take what is stored about you with you, or have it deleted.">
      {session === null ? (
        <SignInFirst />
      ) : session === undefined ? (
        <Loading label="your account">
          <Skeleton className="h-48 w-full" />
        </Loading>
      ) : (
        <div className="space-y-12">
          <Export session={session} />
          <Deletion session={session} />
        </div>
      )}
    </Page>
  );
}

function Export({ session: { user } }: { session: SignedIn }) {
  const [saved, setSaved] = useState<string | undefined>(undefined);
  const [format, setFormat] = useState<"json" | "zip">("json");
  const form = useForm(async () => {
    setSaved(undefined);
    const name = `hub-data-${user.username}.${format}`;
    saveFile(name, await download(`/api/account/export?format=${format}`));
    setSaved(name);
  });
  return (
    <Section
      id="export"
      title="Export"
      lead="Everything that is stored about you: account, profile, sessions, events. Never your password or its hash."
    >
      {saved === undefined ? null : (
        <Notice tone="pass">
          Your data is in <span className="break-all">{saved}</span>, among your downloads.
        </Notice>
      )}
      <Card>
        <Form state={form} action="Download my data">
          <fieldset>
            <legend className="mb-1 font-medium">As</legend>
            {(
              [
                ["json", "One JSON file, for other programs"],
                ["zip", "A ZIP archive, with a file for each kind of data"],
              ] as const
            ).map(([value, label]) => (
              <label key={value} className="flex min-h-11 items-center gap-3">
                <input
                  type="radio"
                  name="format"
                  className="size-5 shrink-0 accent-accent"
                  checked={format === value}
                  onChange={() => setFormat(value)}
                />
                {label}
              </label>
            ))}
          </fieldset>
        </Form>
      </Card>
    </Section>
  );
}

const exactDay = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

function Deletion({ session: { user } }: { session: SignedIn }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const days = useQuery(policyQuery).data?.account.deletion_grace_days;
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const form = useForm(async () => {
    const { delete_after: at } = await deleteAccount();
    forgetCsrfToken();
    clearDrafts();
    flash({
      tone: "warn",
      text: `Your account will be deleted after ${exactDay.format(new Date(at))}. Sign in before then to keep it.`,
    });
    client.setQueryData(sessionQuery.queryKey, null);
    await navigate({ to: "/login", search: { signedOut: true } });
    client.removeQueries({ queryKey: ["me"] });
  });
  const grace = days === undefined ? "a time of grace" : `${days} day${days === 1 ? "" : "s"}`;
  return (
    <Section id="delete" title="Delete my account">
      <Card>
        <ul className="list-disc space-y-1 pl-5">
          <li>Every session ends at once, this one too.</li>
          <li>
            For {grace} your data stays, locked away. If you sign in within that time, nothing is deleted and
            all is as before.
          </li>
          {user.roles.includes("admin") ? (
            <li>You are an administrator. If you are the only one, let in another first.</li>
          ) : null}
          <li>
            After that it is gone for good: account, profile, passkeys, history. It cannot be brought back.
          </li>
        </ul>
        {open ? (
          <div className="mt-5 max-w-md border-t border-line pt-5">
            <Form
              state={form}
              action="Delete my account"
              look="danger"
              disabled={typed.trim() !== user.username}
              aside={
                <Button look="quiet" onClick={() => setOpen(false)}>
                  Cancel
                </Button>
              }
            >
              <TextField
                label={`Type your user name, ${user.username}, to confirm`}
                name="confirm-username"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                autoFocus
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </Form>
          </div>
        ) : (
          <Button look="danger" className="mt-5" onClick={() => setOpen(true)}>
            Delete my account …
          </Button>
        )}
      </Card>
    </Section>
  );
}
