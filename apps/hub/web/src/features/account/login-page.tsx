import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { signIn } from "../../api/account.ts";
import { policyQuery, sessionQuery } from "../../api/queries.ts";
import { Form, PasswordField, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { duration } from "../../ui/time.tsx";

const route = getRouteApi("/login");

export function LoginPage() {
  const { next, registered, signedOut } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const policy = useQuery(policyQuery).data;
  const [username, setUsername] = useState(registered ?? "");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const form = useForm(async () => {
    const session = await signIn({ username, password, remember_me: remember });
    client.removeQueries({ queryKey: ["me"] });
    client.removeQueries({ queryKey: ["courses"] });
    client.setQueryData(sessionQuery.queryKey, session);
    await router.navigate({ href: next ?? "/" });
  });
  return (
    <Page title="Sign in">
      <div className="max-w-md space-y-6">
        {signedOut === true ? <Notice tone="pass">You are signed out, here and on the server.</Notice> : null}
        {registered === undefined ? null : (
          <Notice tone="pass">Your account is ready. Sign in to use it.</Notice>
        )}
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
            <PasswordField
              label="Password"
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            {policy?.session.remember_me_enabled === true ? (
              <label className="flex min-h-11 items-center gap-3">
                <input
                  type="checkbox"
                  className="size-5 accent-accent"
                  checked={remember}
                  onChange={(event) => setRemember(event.target.checked)}
                />
                <span>
                  Stay signed in on this device for up to {duration(policy.session.remember_me_seconds)}
                </span>
              </label>
            ) : null}
          </Form>
        </Card>
        {policy?.self_registration === false ? null : (
          <p className="text-muted">
            No account yet?{" "}
            <Link to="/register" className="font-medium text-accent underline underline-offset-4">
              Create one
            </Link>
          </p>
        )}
      </div>
    </Page>
  );
}
