import { useState } from "react";
import { setUpTotp, type TotpSetup, verifyTotpSetup } from "../../api/security.ts";
import type { Step } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Form, useForm } from "../../ui/form.tsx";
import { BackupCodes } from "./backup-codes.tsx";
import { Qr } from "./qr.tsx";

/** From "set up" over the picture and a first code to the backup codes, in place. */
export function TotpSetupWizard({
  action,
  onBegun,
  onFinished,
}: {
  action: string;
  /** From now on this must stay on the screen, whatever the server says of the factor meanwhile. */
  onBegun?: (begun: boolean) => void;
  onFinished: (next: Step | undefined) => void;
}) {
  const [setup, setSetup] = useState<TotpSetup | undefined>(undefined);
  const [done, setDone] = useState<Awaited<ReturnType<typeof verifyTotpSetup>> | undefined>(undefined);
  const begin = useForm(async () => {
    setSetup(await setUpTotp());
    onBegun?.(true);
  });
  if (done !== undefined)
    return <BackupCodes codes={done.backup_codes} onKept={() => onFinished(done.next)} />;
  if (setup === undefined) return <Form state={begin} action={action} />;
  return (
    <div className="space-y-6">
      <Scan setup={setup} />
      <FirstCode
        onDone={setDone}
        onCancel={() => {
          setSetup(undefined);
          onBegun?.(false);
        }}
      />
    </div>
  );
}

const Scan = ({ setup }: { setup: TotpSetup }) => (
  <div>
    <h3 className="font-medium">1. Scan this with your authenticator app</h3>
    <p className="mt-1 text-muted">
      Any app for one-time codes works. On this phone,{" "}
      <a href={setup.otpauth_uri} className="text-accent underline underline-offset-4">
        open it in your app
      </a>
      .
    </p>
    <div className="mt-3">
      <Qr svg={setup.qr_svg} />
    </div>
    <p className="mt-4 text-muted">Or type in this key:</p>
    <div className="mt-1 flex flex-wrap items-center gap-3">
      <code className="rounded-sm bg-sunken px-3 py-2 font-mono break-all select-all">
        {setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}
      </code>
      <CopyButton text={setup.secret} label="Copy the key" />
    </div>
  </div>
);

function FirstCode({
  onDone,
  onCancel,
}: {
  onDone: (done: Awaited<ReturnType<typeof verifyTotpSetup>>) => void;
  onCancel: () => void;
}) {
  const [code, setCode] = useState("");
  const form = useForm(async () => onDone(await verifyTotpSetup(code)));
  return (
    <Form
      state={form}
      action="Turn it on"
      labels={{ code: "Code" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <CodeField
        label="2. Type in the code that it shows"
        help="Six digits. If it is refused, look whether the clock of your phone is right."
        errors={form.errorsOf("code")}
        value={code}
        onChange={setCode}
      />
    </Form>
  );
}
