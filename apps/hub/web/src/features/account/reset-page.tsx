import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { policyQuery } from "../../api/queries.ts";
import { resetPassword } from "../../api/sign-in.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Form, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { NewPasswordField } from "./new-password-field.tsx";
import { forgetResetToken, resetToken } from "./reset-token.ts";

export function ResetPage() {
  const { data: policy, error, refetch } = useQuery(policyQuery);
  const navigate = useNavigate();
  const [token] = useState(resetToken);
  const [password, setPassword] = useState("");
  const form = useForm(async () => {
    await resetPassword(token ?? "", password);
    forgetResetToken();
    await navigate({ to: "/login", search: { reset: true } });
  });
  return (
    <Page title="Set a new password">
      <div className="max-w-md space-y-6">
        {token === undefined ? (
          <>
            <Notice tone="warn" live={false}>
              This page needs the link from our e-mail. Open the link again, or ask for a new one.
            </Notice>
            <ButtonLink to="/forgot">Ask for a link</ButtonLink>
          </>
        ) : error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : policy === undefined ? (
          <Loading label="the form">
            <Skeleton className="h-64 w-full" />
          </Loading>
        ) : (
          <>
            <p className="text-muted">
              Every session of your account ends. Your second step, if you have one, stays as it is.
            </p>
            <Card>
              <Form
                state={form}
                action="Set the password"
                labels={{ new_password: "New password" }}
                aside={
                  form.error === undefined ? undefined : (
                    <ButtonLink to="/forgot" look="quiet">
                      Ask for a new link
                    </ButtonLink>
                  )
                }
              >
                <NewPasswordField
                  rules={policy.password}
                  errors={form.errorsOf("new_password")}
                  value={password}
                  onChange={setPassword}
                />
              </Form>
            </Card>
          </>
        )}
      </div>
    </Page>
  );
}
