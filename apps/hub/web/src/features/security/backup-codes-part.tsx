import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { renewBackupCodes } from "../../api/security.ts";
import { mfaQuery } from "../../api/security-queries.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Form, PasswordField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { BackupCodes } from "./backup-codes.tsx";

/** Only with a second step: without one there is nothing that a backup code could stand in for. */
export function BackupCodesPart() {
  const client = useQueryClient();
  const mfa = useQuery(mfaQuery).data;
  const [asking, setAsking] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | undefined>(undefined);
  if (mfa === undefined || !mfa.enabled) return null;
  const { left, total, warn } = mfa.backup_codes;
  const kept = () => {
    setCodes(undefined);
    setAsking(false);
    void client.invalidateQueries({ queryKey: mfaQuery.queryKey });
  };
  return (
    <Section
      id="backup-codes"
      title="Backup codes"
      lead="Each signs you in once when your phone or key is not at hand."
    >
      <Card>
        {codes !== undefined ? (
          <BackupCodes codes={codes} onKept={kept} />
        ) : (
          <>
            <p>
              <Badge state={warn || left === 0 ? "warn" : "pass"}>
                {left} of {total} left
              </Badge>
            </p>
            {asking ? (
              <div className="mt-5 max-w-md border-t border-line pt-5">
                <Renew onCodes={setCodes} onCancel={() => setAsking(false)} />
              </div>
            ) : (
              <Button look="quiet" className="mt-4" onClick={() => setAsking(true)}>
                Make new codes
              </Button>
            )}
          </>
        )}
      </Card>
    </Section>
  );
}

function Renew({ onCodes, onCancel }: { onCodes: (codes: readonly string[]) => void; onCancel: () => void }) {
  const [password, setPassword] = useState("");
  const form = useForm(async () => onCodes(await renewBackupCodes(password)));
  return (
    <Form
      state={form}
      action="Make new codes"
      labels={{ password: "Password" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <p className="text-muted">The codes that you have stop working at once.</p>
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        errors={form.errorsOf("password")}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </Form>
  );
}
