import { Dialog } from "@base-ui/react/dialog";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { verifyPasskey } from "../../api/passkeys.ts";
import { sessionQuery } from "../../api/queries.ts";
import { mfaQuery } from "../../api/security-queries.ts";
import type { MfaState } from "../../api/security.ts";
import { confirmIdentity, type Method } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";
import { Form, PasswordField, useForm } from "../../ui/form.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { SecondFactor } from "./second-factor.tsx";

const methodsOf = (mfa: MfaState): readonly Method[] => [
  ...(mfa.totp.enabled ? (["totp"] as const) : []),
  ...(mfa.passkeys > 0 ? (["passkey"] as const) : []),
  ...(mfa.backup_codes.left > 0 ? (["backup_code"] as const) : []),
];

export function ProofDialog({
  open,
  onProven,
  onCancel,
}: {
  open: boolean;
  onProven: () => void;
  onCancel: () => void;
}) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onCancel())} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-60 bg-text/40 dark:bg-bg/70" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-60 max-h-[calc(100dvh-2rem)] w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-surface p-6 text-text shadow-card">
          <Dialog.Title className="text-lg font-semibold">Confirm that it is you</Dialog.Title>
          <Dialog.Description className="mt-2 mb-5 text-muted">
            This can change who gets into the account, so we ask again. Then what you began goes on by itself.
          </Dialog.Description>
          <Ways onProven={onProven} onCancel={onCancel} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Ways({ onProven, onCancel }: { onProven: () => void; onCancel: () => void }) {
  const client = useQueryClient();
  const { data: mfa, error, refetch } = useQuery(mfaQuery);
  const proven = () => {
    void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    onProven();
  };
  const cancel = (
    <Button look="quiet" className="w-full sm:w-auto" onClick={onCancel}>
      Cancel
    </Button>
  );
  if (mfa === undefined)
    return (
      <div className="space-y-4">
        {error === null ? (
          <Loading label="the ways to confirm">
            <Skeleton className="h-24 w-full" />
          </Loading>
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )}
        {cancel}
      </div>
    );
  if (!mfa.enabled) return <ByPassword onProven={proven} cancel={cancel} />;
  return (
    <SecondFactor
      methods={methodsOf(mfa)}
      action="Confirm"
      aside={cancel}
      verify={async (proof) => {
        await confirmIdentity(proof);
        proven();
      }}
      passkey={async () => {
        await verifyPasskey();
        proven();
      }}
    />
  );
}

function ByPassword({ onProven, cancel }: { onProven: () => void; cancel: ReactNode }) {
  const [password, setPassword] = useState("");
  const form = useForm(async () => {
    await confirmIdentity({ password });
    onProven();
  });
  return (
    <Form state={form} action="Confirm" aside={cancel} labels={{ password: "Password" }}>
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        autoFocus
        required
        errors={form.errorsOf("password")}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </Form>
  );
}
