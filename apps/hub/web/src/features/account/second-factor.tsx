import { type ReactNode, useEffect, useRef, useState } from "react";
import { passkeysWork } from "../../api/passkeys.ts";
import type { Method } from "../../api/sign-in.ts";
import { CodeField } from "../../ui/code-field.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";

export interface SecondFactorProps {
  readonly methods: readonly Method[];
  readonly verify: (proof: { code: string } | { backup_code: string }) => Promise<void>;
  readonly passkey: () => Promise<void>;
  readonly action: string;
  readonly aside?: ReactNode;
}

const SWITCH: Record<Method, string> = {
  totp: "Use the authenticator app",
  backup_code: "Use a backup code",
  passkey: "Use a passkey",
};

/** One way at a time, the most usual first, and the way to each of the others. */
export function SecondFactor(props: SecondFactorProps) {
  const usable = props.methods.filter((method) => method !== "passkey" || passkeysWork());
  const [chosen, setChosen] = useState<Method | undefined>(undefined);
  const method = chosen ?? (["totp", "passkey", "backup_code"] as const).find((one) => usable.includes(one));
  if (method === undefined)
    return (
      <div className="space-y-4">
        <p>This browser has no way to give what your account asks for. Use the device with your passkey.</p>
        {props.aside}
      </div>
    );
  const others = usable.filter((one) => one !== method);
  return (
    <>
      {method === "totp" ? <Totp {...props} /> : null}
      {method === "backup_code" ? <BackupCode {...props} /> : null}
      {method === "passkey" ? <UsePasskey {...props} asked={chosen === "passkey"} /> : null}
      {others.length === 0 ? null : (
        <ul className="mt-5 space-y-1 border-t border-line pt-3">
          {others.map((other) => (
            <li key={other}>
              <button
                type="button"
                className="min-h-11 font-medium text-accent underline underline-offset-4"
                onClick={() => setChosen(other)}
              >
                {SWITCH[other]}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Totp({ verify, action, aside }: SecondFactorProps) {
  const [code, setCode] = useState("");
  const form = useForm(() => verify({ code }));
  return (
    <Form state={form} action={action} aside={aside} labels={{ code: "Code" }}>
      <CodeField
        focused
        help="From your authenticator app. It changes every 30 seconds and works once."
        errors={form.errorsOf("code")}
        value={code}
        onChange={setCode}
      />
    </Form>
  );
}

function BackupCode({ verify, action, aside }: SecondFactorProps) {
  const [code, setCode] = useState("");
  const form = useForm(() => verify({ backup_code: code.trim() }));
  return (
    <Form state={form} action={action} aside={aside} labels={{ backup_code: "Backup code" }}>
      <TextField
        label="Backup code"
        name="backup_code"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
        help="One of the codes that you kept when you set up the second step. Each works once."
        errors={form.errorsOf("backup_code")}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
    </Form>
  );
}

/** Whoever chose it just now is asked by the browser at once, without a second press. */
function UsePasskey({ passkey, aside, asked }: SecondFactorProps & { asked: boolean }) {
  const form = useForm(passkey);
  const begun = useRef(false);
  const { submit } = form;
  useEffect(() => {
    if (!asked || begun.current) return;
    begun.current = true;
    submit();
  }, [asked, submit]);
  return (
    <Form state={form} action="Use a passkey" aside={aside}>
      <p className="text-muted">
        Your browser asks for your fingerprint, your face, a PIN or a security key.
      </p>
    </Form>
  );
}
