import { useState } from "react";
import { type ApiKeys, createKey, type IssuedKey } from "../../api/api-keys.ts";
import { Button } from "../../ui/button.tsx";
import { Form, SelectField, TextField, useForm } from "../../ui/form.tsx";
import { duration } from "../../ui/time.tsx";
import { quotaWords, scopeWords } from "./words.ts";

const DAY = 86_400;
const USUAL = [7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];
const FOREVER = "";

/** The usual times that the policy allows, and the longest one. */
function lifetimes(longest: number): readonly (readonly [value: string, label: string])[] {
  const allowed = longest === 0 ? USUAL : USUAL.filter((seconds) => seconds < longest);
  const last =
    longest === 0
      ? ([FOREVER, "For ever, until you revoke it"] as const)
      : ([String(longest), duration(longest)] as const);
  return [...allowed.map((seconds) => [String(seconds), duration(seconds)] as const), last];
}

export function CreateKey({
  keys,
  onMade,
  onCancel,
}: {
  keys: ApiKeys;
  onMade: (issued: IssuedKey) => void;
  onCancel: () => void;
}) {
  const choices = lifetimes(keys.longest_lifetime_seconds);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const [lifetime, setLifetime] = useState(
    () => (choices.find(([value]) => value === String(90 * DAY)) ?? choices.at(-1))?.[0] ?? FOREVER,
  );
  const form = useForm(async () => {
    onMade(
      await createKey({
        name: name.trim(),
        scopes,
        ...(lifetime === FOREVER ? {} : { lifetime_seconds: Number(lifetime) }),
      }),
    );
  });
  const scopeErrors = form.errorsOf("scopes");
  const tier = keys.tiers.find((one) => one.name === keys.default_tier);
  return (
    <Form
      state={form}
      action="Make the key"
      labels={{ name: "Name", scopes: "What it may do", lifetime_seconds: "Works for" }}
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        autoFocus
        maxLength={64}
        required
        placeholder="Nightly import, reading list …"
        help="What uses it and where, so that you know later which key to end."
        errors={form.errorsOf("name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset aria-describedby={scopeErrors.length > 0 ? "scope-errors" : undefined}>
        <legend className="mb-1 font-medium">What it may do</legend>
        {keys.scopes.map((scope) => (
          <label key={scope} className="flex min-h-11 items-start gap-3 py-2">
            <input
              type="checkbox"
              className="mt-0.5 size-5 shrink-0 accent-accent"
              checked={scopes.includes(scope)}
              onChange={(event) =>
                setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
              }
            />
            <span>
              {scopeWords(scope)}
              <code className="block font-mono text-sm text-muted">{scope}</code>
            </span>
          </label>
        ))}
        {scopeErrors.length === 0 ? null : (
          <ul id="scope-errors" className="text-sm text-fail">
            {scopeErrors.map((error) => (
              <li key={error}>× {error}</li>
            ))}
          </ul>
        )}
      </fieldset>
      <SelectField
        label="Works for"
        name="lifetime"
        help="A shorter time does less harm when a key gets lost. You can renew it before it ends."
        errors={form.errorsOf("lifetime_seconds")}
        value={lifetime}
        onChange={(event) => setLifetime(event.target.value)}
      >
        {choices.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </SelectField>
      {tier === undefined ? null : (
        <p className="text-sm text-muted">
          Tier {tier.name}: {quotaWords(tier)}. Ask an administrator if you need more.
        </p>
      )}
    </Form>
  );
}
