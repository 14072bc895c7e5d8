import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { MfaState } from "../../api/security.ts";
import { disableTotp } from "../../api/security.ts";
import { mfaQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { Form, PasswordField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { TotpSetupWizard } from "./totp-setup.tsx";

export function AuthenticatorPart() {
  const client = useQueryClient();
  const mfa = useQuery(mfaQuery);
  // While the wizard is on the screen with codes that are shown once, it stays, whatever is known by then.
  const [begun, setBegun] = useState(false);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const settle = async (words: string) => {
    setSaid(words);
    await client.invalidateQueries({ queryKey: ["me"] });
  };
  return (
    <Section
      id="authenticator"
      title="Authenticator app"
      lead="A code from your phone after the password, so that the password alone is of no use to anybody."
    >
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      <Answer query={mfa} label="your second step">
        {(data) => (
          <Card>
            {data.totp.enabled && !begun ? (
              <Enabled mfa={data} onDone={(words) => void settle(words)} />
            ) : (
              <TotpSetupWizard
                action="Set up an authenticator app"
                onBegun={setBegun}
                onFinished={() => {
                  setBegun(false);
                  void settle("Your authenticator app is set up.");
                }}
              />
            )}
          </Card>
        )}
      </Answer>
    </Section>
  );
}

function Enabled({ mfa, onDone }: { mfa: MfaState; onDone: (words: string) => void }) {
  const [ending, setEnding] = useState(false);
  return (
    <>
      <p className="flex flex-wrap items-center gap-3">
        <Badge state="pass">On</Badge>
        {mfa.totp.enabled_at === null ? null : (
          <span>
            Set up <Time at={mfa.totp.enabled_at} />
          </span>
        )}
      </p>
      {ending ? (
        <div className="mt-5 max-w-md border-t border-line pt-5">
          <Disable mfa={mfa} onDone={onDone} onCancel={() => setEnding(false)} />
        </div>
      ) : (
        <Button look="danger" className="mt-4" onClick={() => setEnding(true)}>
          Turn it off …
        </Button>
      )}
    </>
  );
}

function Disable({
  mfa,
  onDone,
  onCancel,
}: {
  mfa: MfaState;
  onDone: (words: string) => void;
  onCancel: () => void;
}) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const form = useForm(async () => {
    const { status } = await disableTotp({ password, code });
    onDone(
      status === "disabled"
        ? "Your authenticator app is turned off."
        : "Another administrator has been asked. Until they agree, your authenticator app stays on.",
    );
  });
  return (
    <Form
      state={form}
      action={mfa.removal_needs_approval ? "Ask for approval" : "Turn it off"}
      look="danger"
      labels={{ password: "Password", code: "Code" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <Notice tone="warn" live={false}>
        {mfa.removal_needs_approval
          ? "You are an administrator, so a second one has to approve this. Until then nothing changes."
          : mfa.passkeys > 0
            ? "Your passkeys stay your second step. The app's codes no longer work."
            : "Your password alone then gets anybody in, and your backup codes no longer work. You can set it up again."}
      </Notice>
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        errors={form.errorsOf("password")}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <CodeField
        sends={false}
        help="From your authenticator app."
        errors={form.errorsOf("code")}
        value={code}
        onChange={setCode}
      />
    </Form>
  );
}
