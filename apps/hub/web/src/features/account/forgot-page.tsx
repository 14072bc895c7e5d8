import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { policyQuery } from "../../api/queries.ts";
import { forgotPassword } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";

export function ForgotPage() {
  const policy = useQuery(policyQuery).data;
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const form = useForm(async () => {
    await forgotPassword(email);
    setSent(true);
  });
  return (
    <Page
      title="Forgot your password?"
      lead={policy?.recovery === false ? undefined : "We send you a link with which you set a new one."}
    >
      <div className="max-w-md space-y-6">
        {policy?.recovery === false ? (
          <Notice tone="warn" live={false}>
            Passwords are not reset by mail here. Ask the person who runs this hub.
          </Notice>
        ) : sent ? (
          <>
            <Notice tone="pass">
              If an account has the address <span className="break-all">{email}</span>, a link is on its way
              to it. Look into the junk folder too.
            </Notice>
            <Button look="quiet" onClick={() => setSent(false)}>
              Use another address
            </Button>
          </>
        ) : (
          <Card>
            <Form state={form} action="Send the link" labels={{ email: "E-mail" }}>
              <TextField
                label="E-mail"
                name="email"
                type="email"
                autoComplete="email"
                required
                help="The address of your account. An account without one can be helped by an administrator only."
                errors={form.errorsOf("email")}
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            </Form>
          </Card>
        )}
        <p className="text-muted">
          It came back to you?{" "}
          <Link to="/login" className="font-medium text-accent underline underline-offset-4">
            Sign in
          </Link>
        </p>
      </div>
    </Page>
  );
}
