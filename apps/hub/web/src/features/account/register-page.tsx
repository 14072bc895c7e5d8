import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { PublicPolicy } from "../../api/policy.ts";
import { policyQuery } from "../../api/queries.ts";
import { register } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useDraft } from "./draft.ts";
import { NewPasswordField } from "./new-password-field.tsx";
import { VerifyAddress } from "./verify-address.tsx";

export function RegisterPage() {
  const { data: policy, error, refetch } = useQuery(policyQuery);
  const navigate = useNavigate();
  const [username, setUsername, forgetUsername] = useDraft("register-username", "");
  const [email, setEmail, forgetEmail] = useDraft("register-email", "");
  // Survives a reload, so that the code can still be typed in.
  const [awaited, setAwaited, forgetAwaited] = useDraft("register-awaited", "");
  const ready = async () => {
    forgetUsername();
    forgetEmail();
    forgetAwaited();
    await navigate({ to: "/login", search: { registered: username } });
  };
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (awaited !== "")
    return (
      <Page title="Verify your e-mail address" takesFocus={false}>
        <div className="max-w-md space-y-6">
          <VerifyAddress username={username} address={awaited} sent onVerified={ready} />
          <div className="flex flex-wrap gap-3">
            <Button look="quiet" onClick={forgetAwaited}>
              Start over
            </Button>
            {policy?.email_verification === "required" ? null : (
              <Button look="quiet" onClick={() => void ready()}>
                Do this later
              </Button>
            )}
          </div>
        </div>
      </Page>
    );
  return (
    <Page title="Create an account">
      <div className="max-w-md space-y-6">
        {policy === undefined ? (
          <Loading label="the form">
            <Skeleton className="h-80 w-full" />
          </Loading>
        ) : policy.self_registration ? (
          <RegisterForm
            policy={policy}
            username={username}
            email={email}
            onUsername={setUsername}
            onEmail={setEmail}
            onDone={(verification) => (verification === "sent" ? setAwaited(email) : void ready())}
          />
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

function RegisterForm({
  policy,
  username,
  email,
  onUsername,
  onEmail,
  onDone,
}: {
  policy: PublicPolicy;
  username: string;
  email: string;
  onUsername: (value: string) => void;
  onEmail: (value: string) => void;
  onDone: (verification: "none" | "sent") => void;
}) {
  const [password, setPassword] = useState("");
  const [tenant, setTenant] = useDraft("register-tenant", "");
  const form = useForm(async () => {
    const { verification } = await register({
      username,
      password,
      ...(email === "" ? {} : { email }),
      ...(tenant.trim() === "" ? {} : { tenant: tenant.trim() }),
    });
    onDone(verification);
  });
  const emailNeeded = policy.email_required || policy.email_verification === "required";
  return (
    <Card>
      <Form
        state={form}
        action="Create account"
        labels={{ username: "User name", email: "E-mail", password: "Password", tenant: "Tenant" }}
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
          onChange={(event) => onUsername(event.target.value)}
        />
        <TextField
          label={emailNeeded ? "E-mail" : "E-mail (optional)"}
          name="email"
          type="email"
          autoComplete="email"
          required={emailNeeded}
          help={
            policy.email_verification === "off"
              ? "Also signs you in. Never shown to others."
              : "Also signs you in, and gets you back in when you forget your password. Never shown to others. We send a code to it."
          }
          errors={form.errorsOf("email")}
          value={email}
          onChange={(event) => onEmail(event.target.value)}
        />
        <NewPasswordField
          label="Password"
          name="password"
          rules={policy.password}
          words={[username, ...email.split("@"), policy.product]}
          errors={form.errorsOf("password")}
          value={password}
          onChange={setPassword}
        />
        {policy.tenants ? (
          <TextField
            label="Tenant (optional)"
            name="tenant"
            autoComplete="organization"
            maxLength={64}
            help="Your school or company, if it takes registrations. Leave it empty if you were invited: the invitation brings you in."
            errors={form.errorsOf("tenant")}
            value={tenant}
            onChange={(event) => setTenant(event.target.value)}
          />
        ) : null}
      </Form>
    </Card>
  );
}
