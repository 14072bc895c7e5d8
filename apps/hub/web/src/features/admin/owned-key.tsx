import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { changeTier, type OwnedKey, type Tier } from "../../api/api-keys.ts";
import { Button } from "../../ui/button.tsx";
import { Form, SelectField, useForm } from "../../ui/form.tsx";
import { KeyState, KeyTimes } from "../api-keys/key-row.tsx";
import { QuotaBar } from "../api-keys/usage.tsx";
import { quotaWords } from "../api-keys/words.ts";

/** A key of somebody, with what an administrator may do about it. */
export function OwnedKeyRow({
  apiKey,
  tiers,
  onChanged,
  onRevoke,
}: {
  apiKey: OwnedKey;
  tiers: readonly Tier[];
  onChanged: (words: string) => void;
  onRevoke: () => void;
}) {
  const [choosing, setChoosing] = useState(false);
  return (
    <li className="space-y-3 rounded-lg border border-line bg-surface p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="font-medium break-words">{apiKey.name}</h2>
          <p className="text-sm break-all text-muted">
            <code className="font-mono">{apiKey.prefix}…</code> of{" "}
            <Link
              to="/admin/users/$id"
              params={{ id: apiKey.owner.id }}
              className="text-accent underline underline-offset-4"
            >
              {apiKey.owner.username}
            </Link>
          </p>
        </div>
        <KeyState apiKey={apiKey} />
      </div>
      <p className="text-sm break-words">
        <span className="text-muted">Good for</span> {apiKey.scopes.join(", ")} ·{" "}
        <span className="text-muted">tier</span> {apiKey.tier}
      </p>
      <KeyTimes apiKey={apiKey} />
      {apiKey.expired ? null : <QuotaBar apiKey={apiKey} />}
      {choosing ? (
        <ChangeTier
          apiKey={apiKey}
          tiers={tiers}
          onChanged={(words) => {
            setChoosing(false);
            onChanged(words);
          }}
          onCancel={() => setChoosing(false)}
        />
      ) : (
        <div className="flex flex-wrap gap-3">
          {tiers.length > 1 && !apiKey.expired ? (
            <Button
              look="quiet"
              aria-label={`Change the tier of ${apiKey.name} of ${apiKey.owner.username}`}
              onClick={() => setChoosing(true)}
            >
              Change tier …
            </Button>
          ) : null}
          <Button
            look="danger"
            aria-label={`Revoke ${apiKey.name} of ${apiKey.owner.username}`}
            onClick={onRevoke}
          >
            Revoke …
          </Button>
        </div>
      )}
    </li>
  );
}

function ChangeTier({
  apiKey,
  tiers,
  onChanged,
  onCancel,
}: {
  apiKey: OwnedKey;
  tiers: readonly Tier[];
  onChanged: (words: string) => void;
  onCancel: () => void;
}) {
  const [name, setName] = useState(apiKey.tier);
  const form = useForm(async () => {
    await changeTier(apiKey.id, name);
    onChanged(`“${apiKey.name}” of ${apiKey.owner.username} has the tier ${name}; its count begins anew.`);
  });
  return (
    <Form
      state={form}
      action="Save the tier"
      disabled={name === apiKey.tier}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <SelectField
        label="Tier"
        name="tier"
        autoFocus
        help="The count begins anew with it."
        errors={form.errorsOf("tier")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      >
        {tiers.map((tier) => (
          <option key={tier.name} value={tier.name}>
            {tier.name}: {quotaWords(tier)}
          </option>
        ))}
      </SelectField>
    </Form>
  );
}
