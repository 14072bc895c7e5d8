import { useState } from "react";
import { addPasskey, passkeysWork } from "../../api/passkeys.ts";
import type { Step } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { BackupCodes } from "./backup-codes.tsx";

const NAME_LIMIT = 64;

/** Names a passkey, makes it with the browser, and shows backup codes where it is the first second factor. */
export function AddPasskey({
  onFinished,
  onCancel,
}: {
  onFinished: (next: Step | undefined) => void;
  onCancel?: () => void;
}) {
  const [name, setName] = useState("");
  const [done, setDone] = useState<Awaited<ReturnType<typeof addPasskey>> | undefined>(undefined);
  const form = useForm(async () => {
    const result = await addPasskey(name.trim() === "" ? "Passkey" : name.trim());
    if (result.backup_codes === undefined || result.backup_codes.length === 0) onFinished(result.next);
    else setDone(result);
  });
  if (done?.backup_codes !== undefined)
    return <BackupCodes codes={done.backup_codes} onKept={() => onFinished(done.next)} />;
  if (!passkeysWork())
    return (
      <p className="text-muted">
        This browser cannot make passkeys. Use a current one, on a phone or a computer with a fingerprint
        reader, a face camera, a PIN or a security key.
      </p>
    );
  return (
    <Form
      state={form}
      action="Add a passkey"
      labels={{ name: "Name" }}
      aside={
        onCancel === undefined ? undefined : (
          <Button look="quiet" onClick={onCancel}>
            Cancel
          </Button>
        )
      }
    >
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        maxLength={NAME_LIMIT}
        placeholder="Laptop, phone, blue key …"
        help="So that you know it again later. Your browser then asks for your fingerprint, your face, a PIN or a security key."
        errors={form.errorsOf("name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </Form>
  );
}
