import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type ApiKey,
  type ApiKeys,
  type IssuedKey,
  keysQuery,
  revokeAllKeys,
  revokeKey,
} from "../../api/api-keys.ts";
import { policyQuery } from "../../api/queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Loading, Notice, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";
import { CreateKey } from "./create-key.tsx";
import { KeyRow } from "./key-row.tsx";
import { NewSecret } from "./new-secret.tsx";
import { counted } from "../../ui/words.ts";

export function ApiKeysPage() {
  const session = useSession();
  const enabled = useQuery(policyQuery).data?.api_keys;
  return (
    <Page
      title="API keys"
      lead="For your programs: each key opens what you choose and nothing more, and can be ended by itself."
    >
      {session === null ? (
        <SignInFirst />
      ) : session === undefined || enabled === undefined ? (
        <Loading label="your keys">
          <Skeleton className="h-48 w-full" />
        </Loading>
      ) : enabled ? (
        <Keys />
      ) : (
        <Empty title="There are no API keys here">Whoever runs this hub has not switched them on.</Empty>
      )}
    </Page>
  );
}

function Keys() {
  const query = useQuery(keysQuery);
  return (
    <Answer query={query} label="your keys" shape="h-48">
      {(keys) => <List keys={keys} />}
    </Answer>
  );
}

type Asked = { readonly apiKey: ApiKey } | "all" | null;

function List({ keys }: { keys: ApiKeys }) {
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const [issued, setIssued] = useState<IssuedKey | undefined>(undefined);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<Asked>(null);
  const refresh = () => client.invalidateQueries({ queryKey: keysQuery.queryKey });
  const show = (fresh: IssuedKey) => {
    setSaid(undefined);
    setMaking(false);
    setIssued(fresh);
    void refresh();
  };
  const revocation = useMutation({
    mutationFn: (what: NonNullable<Asked>) => (what === "all" ? revokeAllKeys() : revokeKey(what.apiKey.id)),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, what) =>
      setSaid(what === "all" ? "All your keys are revoked." : `“${what.apiKey.name}” is revoked.`),
    onSettled: () => {
      setAsked(null);
      return refresh();
    },
  });
  if (issued !== undefined)
    return (
      <Card>
        <NewSecret
          issued={issued}
          onStored={() => {
            setIssued(undefined);
            setSaid(`“${issued.name}” is ready.`);
          }}
        />
      </Card>
    );
  const full = keys.total >= keys.limit;
  return (
    <div className="space-y-4">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {revocation.error === null ? null : <Notice tone="fail">{revocation.error.message}</Notice>}
      {making ? (
        <Card>
          <h2 className="mb-5 text-lg font-semibold">New API key</h2>
          <CreateKey keys={keys} onMade={show} onCancel={() => setMaking(false)} />
        </Card>
      ) : null}
      {keys.items.length === 0 && !making ? (
        <Empty title="No API keys yet">
          <p>Make one, and a program of yours can read the courses without your password.</p>
          <Button className="mt-4" onClick={() => setMaking(true)}>
            Make a key
          </Button>
        </Empty>
      ) : (
        <ul className="space-y-3">
          {keys.items.map((apiKey) => (
            <KeyRow
              key={apiKey.id}
              apiKey={apiKey}
              overlapSeconds={keys.rotation_overlap_seconds}
              onRotated={show}
              onRevoke={() => setAsked({ apiKey })}
            />
          ))}
        </ul>
      )}
      {keys.items.length === 0 ? null : (
        <div className="flex flex-wrap items-center gap-3">
          {making ? null : (
            <Button disabled={full} onClick={() => setMaking(true)}>
              Make a key
            </Button>
          )}
          {keys.items.length > 1 ? (
            <Button look="danger" onClick={() => setAsked("all")}>
              Revoke all …
            </Button>
          ) : null}
          <span className="text-sm text-muted">
            {keys.total} of {counted(keys.limit, "key")}
            {full ? ". Revoke one to make room." : ""}
          </span>
        </div>
      )}
      <Confirm
        open={asked !== null}
        title={asked === "all" ? "Revoke all your keys?" : `Revoke “${asked?.apiKey.name ?? ""}”?`}
        action="Revoke"
        busy={revocation.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && revocation.mutate(asked)}
      >
        {asked === "all"
          ? `${counted(keys.total, "key")} stop working at once, and every program that uses one fails.`
          : "It stops working at once, and every program that uses it fails."}{" "}
        This cannot be undone; you would have to make a new one.
      </Confirm>
    </div>
  );
}
