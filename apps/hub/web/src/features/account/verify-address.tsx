import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { policyQuery } from "../../api/queries.ts";
import { resendCode, verifyAddress } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";

/** Seconds until something may be done again. */
function useCountdown(): [left: number, start: (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = window.setTimeout(() => setLeft(left - 1), 1000);
    return () => window.clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
}

/** The code that was sent to an address: typed in here, or sent again. */
export function VerifyAddress({
  username,
  address,
  sent,
  send = (email) => resendCode(username, email),
  onVerified,
}: {
  /** Whose address it is: the user name, or what else was signed in with. */
  username: string;
  /** Empty where it is not known: somebody who signs in by user name. */
  address: string;
  sent: boolean;
  /** Sends the code; the seconds until it may be sent again. */
  send?: (email: string) => Promise<{ readonly wait_seconds: number }>;
  onVerified: () => Promise<void>;
}) {
  const account = useQuery(policyQuery).data?.account;
  const [email, setEmail] = useState(address);
  const [code, setCode] = useState("");
  const [told, setTold] = useState(sent);
  const [left, startCountdown] = useCountdown();
  const wait = account?.resend_seconds;
  useEffect(() => {
    if (sent && wait !== undefined) startCountdown(wait);
  }, [sent, wait, startCountdown]);
  const form = useForm(async () => {
    await verifyAddress(username, email, code);
    await onVerified();
  });
  const again = useForm(async () => {
    setTold(false);
    const { wait_seconds: seconds } = await send(email);
    startCountdown(seconds);
    setTold(true);
  });
  return (
    <div className="space-y-4">
      {told ? (
        <Notice tone="pass">
          If this address can be verified, a code is on its way to it
          {account === undefined ? "" : `. It works for ${account.verification_code_minutes} minutes`}.
        </Notice>
      ) : null}
      <Card>
        <Form state={form} action="Verify" labels={{ email: "E-mail", code: "Code" }}>
          {address === "" ? (
            <TextField
              label="E-mail"
              name="email"
              type="email"
              autoComplete="email"
              autoFocus
              required
              errors={form.errorsOf("email")}
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          ) : (
            <p>
              We wrote to <strong className="font-medium break-all">{address}</strong>.
            </p>
          )}
          <CodeField
            focused={address !== ""}
            help="From the e-mail. Look into the junk folder too."
            errors={form.errorsOf("code")}
            value={code}
            onChange={setCode}
          />
        </Form>
        <form onSubmit={again.submit} className="mt-5 border-t border-line pt-4">
          {again.error instanceof Error ? (
            <div className="mb-3">
              <Notice tone="fail">{again.error.message}</Notice>
            </div>
          ) : null}
          <Button type="submit" look="quiet" busy={again.busy} disabled={left > 0 || email === ""}>
            {told || sent ? "Send a new code" : "Send a code"}
            {left > 0 ? ` (in ${left} s)` : ""}
          </Button>
        </form>
      </Card>
    </div>
  );
}
