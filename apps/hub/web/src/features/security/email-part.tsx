import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { policyQuery, sessionQuery } from "../../api/queries.ts";
import { changeEmail } from "../../api/security.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { VerifyAddress } from "../account/verify-address.tsx";

/** The address of the account; a new one counts only when its code was typed in. */
export function EmailPart({ session: { user } }: { session: SignedIn }) {
  const client = useQueryClient();
  const policy = useQuery(policyQuery).data;
  // Without mail there are no codes, and without a code an address counts for nothing.
  const verifies = policy !== undefined && policy.recovery && policy.email_verification !== "off";
  const [editing, setEditing] = useState(false);
  const [email, setEmail] = useState(user.email ?? "");
  const [awaited, setAwaited] = useState<string | undefined>(undefined);
  const [done, setDone] = useState(false);
  const form = useForm(async () => {
    await changeEmail(email);
    setEditing(false);
    setAwaited(email);
  });
  const verified = async () => {
    setAwaited(undefined);
    setDone(true);
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    await client.invalidateQueries({ queryKey: ["me", "profile"] });
  };
  return (
    <Section id="email" title="E-mail">
      {done ? (
        <Notice tone="pass" catchesFocus>
          Your address is verified.
        </Notice>
      ) : null}
      <Card>
        <p className="flex flex-wrap items-center gap-3">
          <span className="break-all">{user.email ?? "No address is known."}</span>
          {user.email === null || !verifies ? null : (
            <Badge state={user.email_verified ? "pass" : "warn"}>
              {user.email_verified ? "Verified" : "Not verified"}
            </Badge>
          )}
        </p>
        {editing ? (
          <div className="mt-5 max-w-md border-t border-line pt-5">
            <Form
              state={form}
              action="Send a code to it"
              labels={{ email: "E-mail" }}
              aside={
                <Button look="quiet" onClick={() => setEditing(false)}>
                  Cancel
                </Button>
              }
            >
              <TextField
                label="New e-mail"
                name="email"
                type="email"
                autoComplete="email"
                required
                help="It takes the place of the old one as soon as you have typed in the code that we send to it."
                errors={form.errorsOf("email")}
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            </Form>
          </div>
        ) : awaited === undefined && verifies ? (
          <div className="mt-4 flex flex-wrap gap-3">
            {user.email !== null && !user.email_verified ? (
              <Button onClick={() => setAwaited(user.email ?? "")}>Verify this address</Button>
            ) : null}
            <Button look="quiet" onClick={() => setEditing(true)}>
              {user.email === null ? "Add an address" : "Change address"}
            </Button>
          </div>
        ) : null}
      </Card>
      {awaited === undefined ? null : (
        <>
          <VerifyAddress
            key={awaited}
            username={user.username}
            address={awaited}
            sent={awaited !== user.email}
            {...(awaited === user.email ? {} : { send: changeEmail })}
            onVerified={verified}
          />
          <Button look="quiet" onClick={() => setAwaited(undefined)}>
            Not now
          </Button>
        </>
      )}
    </Section>
  );
}
