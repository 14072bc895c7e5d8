import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { register } from "../../api/account.ts";
import { policyQuery } from "../../api/queries.ts";
import { Form, PasswordField, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useDraft } from "./draft.ts";
import { PasswordRules } from "./password-rules.tsx";

export function RegisterPage() {
  const { data: policy, error, refetch } = useQuery(policyQuery);
  const navigate = useNavigate();
  const [username, setUsername, forgetUsername] = useDraft("register-username", "");
  const [email, setEmail, forgetEmail] = useDraft("register-email", "");
  const [password, setPassword] = useState("");
  const form = useForm(async () => {
    await register({ username, password, ...(email === "" ? {} : { email }) });
    forgetUsername();
    forgetEmail();
    await navigate({ to: "/login", search: { registered: username } });
  });
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <Page title="Create an account">
      <div className="max-w-md space-y-6">
        {policy === undefined ? (
          <Loading label="the form">
            <Skeleton className="h-80 w-full" />
          </Loading>
        ) : policy.self_registration ? (
          <Card>
            <Form
              state={form}
              action="Create account"
              labels={{ username: "User name", email: "E-mail", password: "Password" }}
            >
              <TextField
                label="User name"
                name="username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                help={`${policy.username.min_length} to ${policy.username.max_length} letters, digits, dots, dashes. Others can see it.`}
                errors={form.errorsOf("username")}
                value={username}
                onChange={(event) => setUsername(event.target.value)}
              />
              <TextField
                label={policy.email_required ? "E-mail" : "E-mail (optional)"}
                name="email"
                type="email"
                autoComplete="email"
                required={policy.email_required}
                help="Also signs you in. Never shown to others."
                errors={form.errorsOf("email")}
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
              <PasswordField
                label="Password"
                name="password"
                autoComplete="new-password"
                required
                help={<PasswordRules rules={policy.password} password={password} />}
                errors={form.errorsOf("password")}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </Form>
          </Card>
        ) : (
          <Notice tone="warn">
            Accounts are made by an administrator here. Ask the person who runs this hub for one.
          </Notice>
        )}
        <p className="text-muted">
          Have one already?{" "}
          <Link to="/login" className="font-medium text-accent underline underline-offset-4">
            Sign in
          </Link>
        </p>
      </div>
    </Page>
  );
}
