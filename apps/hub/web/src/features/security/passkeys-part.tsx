import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Passkey, removePasskey, renamePasskey } from "../../api/passkeys.ts";
import { policyQuery } from "../../api/queries.ts";
import { passkeysQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { AddPasskey } from "./add-passkey.tsx";

export function PasskeysPart() {
  const client = useQueryClient();
  const policy = useQuery(policyQuery).data;
  const passkeys = useQuery({
    ...passkeysQuery,
    enabled: policy?.passkeys === true,
  });
  const [adding, setAdding] = useState(false);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<Passkey | null>(null);
  const settle = async (words: string) => {
    setSaid(words);
    setAdding(false);
    await client.invalidateQueries({ queryKey: ["me"] });
  };
  const removal = useMutation({
    mutationFn: ({ id }: Passkey) => removePasskey(id),
    onSuccess: (_, { name }) => settle(`“${name}” is removed.`),
    onSettled: () => setAsked(null),
  });
  if (policy?.passkeys !== true) return null;
  return (
    <Section
      id="passkeys"
      title="Passkeys"
      lead="Sign in with a fingerprint, a face, a PIN or a security key. They cannot be phished."
    >
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {removal.error === null ? null : <Notice tone="fail">{removal.error.message}</Notice>}
      <Answer query={passkeys} label="your passkeys">
        {({ items }) => (
          <>
            {items.length === 0 ? (
              <Empty title="No passkeys yet">Add one, and you can sign in without typing a password.</Empty>
            ) : (
              <ul className="space-y-3">
                {items.map((passkey) => (
                  <Row
                    key={passkey.id}
                    passkey={passkey}
                    onRenamed={() => void settle("The passkey has its new name.")}
                    onRemove={() => setAsked(passkey)}
                  />
                ))}
              </ul>
            )}
            {adding ? (
              <Card>
                <AddPasskey
                  onFinished={() => void settle("Your passkey is ready.")}
                  onCancel={() => setAdding(false)}
                />
              </Card>
            ) : (
              <Button look="quiet" onClick={() => setAdding(true)}>
                Add a passkey
              </Button>
            )}
          </>
        )}
      </Answer>
      <Confirm
        open={asked !== null}
        title={`Remove “${asked?.name ?? ""}”?`}
        action="Remove"
        busy={removal.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && removal.mutate(asked)}
      >
        It no longer signs you in. This cannot be undone; you would have to add it anew. Delete it on the
        device too, or it goes on offering it.
      </Confirm>
    </Section>
  );
}

function Row({
  passkey,
  onRenamed,
  onRemove,
}: {
  passkey: Passkey;
  onRenamed: () => void;
  onRemove: () => void;
}) {
  const [naming, setNaming] = useState(false);
  return (
    <li className="rounded-lg border border-line bg-surface p-5">
      {naming ? (
        <Rename
          passkey={passkey}
          onDone={() => {
            setNaming(false);
            onRenamed();
          }}
          onCancel={() => setNaming(false)}
        />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-4">
          <div className="min-w-0">
            <p className="font-medium break-words">{passkey.name}</p>
            <p className="mt-1 text-sm text-muted">
              Added <Time at={passkey.created_at} /> ·{" "}
              {passkey.last_used_at === null ? (
                "not used yet"
              ) : (
                <>
                  last used <Time at={passkey.last_used_at} />
                </>
              )}{" "}
              · {passkey.backed_up ? "kept in a password manager" : "on one device only"}
            </p>
          </div>
          <div className="flex flex-wrap gap-3">
            <Button look="quiet" onClick={() => setNaming(true)} aria-label={`Rename ${passkey.name}`}>
              Rename
            </Button>
            <Button look="danger" onClick={onRemove} aria-label={`Remove ${passkey.name}`}>
              Remove
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}

function Rename({
  passkey,
  onDone,
  onCancel,
}: {
  passkey: Passkey;
  onDone: () => void;
  onCancel: () => void;
}) {
  const [name, setName] = useState(passkey.name);
  const form = useForm(async () => {
    await renamePasskey(passkey.id, name.trim());
    onDone();
  });
  return (
    <Form
      state={form}
      action="Save the name"
      labels={{ name: "Name" }}
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
        maxLength={64}
        required
        errors={form.errorsOf("name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </Form>
  );
}
