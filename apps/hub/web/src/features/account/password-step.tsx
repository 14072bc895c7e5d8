import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { passkeysWork, signInWithPasskey } from "../../api/passkeys.ts";
import { policyQuery } from "../../api/queries.ts";
import { signIn, type Step } from "../../api/sign-in.ts";
import { ApiError } from "../../api/client.ts";
import { Form, PasswordField, TextField, useForm } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { duration } from "../../ui/time.tsx";
import { VerifyAddress } from "./verify-address.tsx";

/** The first step: password or passkey. Here too, when the address has yet to be verified. */
export function PasswordStep({ known, onStep }: { known: string; onStep: (step: Step) => Promise<void> }) {
  const policy = useQuery(policyQuery).data;
  const [username, setUsername] = useState(known);
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [unverified, setUnverified] = useState(false);
  const send = async () => onStep(await signIn({ username, password, remember_me: remember }));
  const form = useForm(async () => {
    try {
      await send();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "AEGIS_ACCOUNT_UNVERIFIED") throw error;
      setUnverified(true);
    }
  });
  const passkey = useForm(async () => onStep(await signInWithPasskey(remember)));
  if (unverified)
    return (
      <>
        <p className="text-muted">
          Your password is right. Before you can sign in, show that your e-mail address is yours.
        </p>
        <VerifyAddress
          username={username}
          address={username.includes("@") ? username : ""}
          sent={false}
          // The password is still here, so the sign-in goes on by itself.
          onVerified={() => send()}
        />
      </>
    );
  return (
    <>
      <Card>
        <Form state={form} action="Sign in">
          <TextField
            label="User name or e-mail"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <div>
            <PasswordField
              label="Password"
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            {policy?.recovery === false ? null : (
              <p className="mt-1">
                <Link
                  to="/forgot"
                  className="inline-flex min-h-11 items-center text-accent underline underline-offset-4"
                >
                  Forgot your password?
                </Link>
              </p>
            )}
          </div>
          {policy?.session.remember_me_enabled === true ? (
            <label className="flex min-h-11 items-center gap-3">
              <input
                type="checkbox"
                className="size-5 shrink-0 accent-accent"
                checked={remember}
                onChange={(event) => setRemember(event.target.checked)}
              />
              <span>
                Stay signed in on this device for up to {duration(policy.session.remember_me_seconds)}
              </span>
            </label>
          ) : null}
        </Form>
        {policy?.passkeys === true && passkeysWork() ? (
          <div className="mt-5 border-t border-line pt-5">
            <Form state={passkey} action="Sign in with a passkey" look="quiet" />
          </div>
        ) : null}
      </Card>
      {policy?.self_registration === false ? null : (
        <p className="text-muted">
          No account yet?{" "}
          <Link to="/register" className="font-medium text-accent underline underline-offset-4">
            Create one
          </Link>
        </p>
      )}
    </>
  );
}
