import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { makeProbeAccounts, type ProbeAccounts } from "../../api/upkeep.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { counted } from "../../ui/words.ts";

export const ProbeAccountsPage = () => (
  <SecurityPage
    title="Probe accounts"
    lead="Short-lived accounts without rights whose time runs faster, so that a verifier sees time-outs of days happen in seconds."
  >
    {() => <Probes />}
  </SecurityPage>
);

const LIFETIMES = [
  [900, "15 minutes"],
  [1800, "30 minutes"],
  [3600, "1 hour"],
  [14_400, "4 hours"],
  [86_400, "1 day"],
] as const;

function Probes() {
  const [seconds, setSeconds] = useState(1800);
  const making = useMutation({ mutationFn: () => makeProbeAccounts(seconds) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <div className="max-w-2xl space-y-6">
      <Card>
        <form onSubmit={submit} className="space-y-4">
          <SelectField
            label="How long they live"
            name="lifetime"
            value={String(seconds)}
            help="Afterwards they cannot sign in, their sessions are over, and they are deleted. A run takes a few minutes."
            onChange={(event) => setSeconds(Number(event.target.value))}
          >
            {LIFETIMES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
          <Button type="submit" busy={making.isPending}>
            Make probe accounts
          </Button>
        </form>
      </Card>
      {making.error === null ? null : <Notice tone="fail">{making.error.message}</Notice>}
      {making.data === undefined ? null : <Made set={making.data} />}
    </div>
  );
}

/** Nobody else has the passwords, and this page forgets them too. */
function Made({ set }: { set: ProbeAccounts }) {
  const text = `${JSON.stringify(set, undefined, 2)}\n`;
  return (
    <Card className="space-y-4">
      <Notice tone="pass" catchesFocus>
        {counted(set.accounts.length, "account")} made; they end <Time at={set.until} />.
      </Notice>
      <p>
        The file holds their passwords, and is shown <strong>this once</strong>: save it now, where you alone
        can read it.
      </p>
      <Button onClick={() => saveFile("probe-accounts.json", new Blob([text], { type: "application/json" }))}>
        Download probe-accounts.json
      </Button>
      <div>
        <p className="text-muted">Then, where the verifier runs:</p>
        <p className="mt-1">
          <code className="font-mono break-words">
            npx aegis verify {window.location.origin} --probe-accounts probe-accounts.json
          </code>
        </p>
      </div>
      <details>
        <summary className="flex min-h-11 cursor-pointer items-center font-medium">What is in it</summary>
        <pre
          className="max-h-80 overflow-auto rounded-sm bg-sunken p-3 font-mono text-sm"
          tabIndex={0}
          role="region"
          aria-label="Probe accounts as JSON"
        >
          {text}
        </pre>
      </details>
    </Card>
  );
}
