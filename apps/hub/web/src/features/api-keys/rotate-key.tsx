import { useState } from "react";
import { type ApiKey, type IssuedKey, rotateKey } from "../../api/api-keys.ts";
import { Button } from "../../ui/button.tsx";
import { Form, useForm } from "../../ui/form.tsx";
import { duration } from "../../ui/time.tsx";

/** A new secret for a key; whether the old one goes on for a while is for its owner to say. */
export function RotateKey({
  apiKey,
  overlapSeconds,
  onMade,
  onCancel,
}: {
  apiKey: ApiKey;
  overlapSeconds: number;
  onMade: (issued: IssuedKey) => void;
  onCancel: () => void;
}) {
  // While an earlier secret still serves, only ending it is left to choose.
  const inOverlap = apiKey.old_secret_until !== null;
  const mayKeep = overlapSeconds > 0 && !inOverlap;
  const [old, setOld] = useState<"kept" | "ended">(mayKeep ? "kept" : "ended");
  const form = useForm(async () => onMade(await rotateKey(apiKey.id, old)));
  const choices = [
    ...(mayKeep
      ? ([
          [
            "kept",
            `It goes on for ${duration(overlapSeconds)}, so that nothing stops while you put the new one in its place.`,
          ],
        ] as const)
      : []),
    [
      "ended",
      "It ends at once. Choose this if somebody else may have it; what uses it fails until it has the new one.",
    ],
  ] as const;
  return (
    <Form
      state={form}
      action="Make a new secret"
      aside={
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      }
    >
      <p className="text-muted">
        “{apiKey.name}” gets a new secret, with the same scopes, for as long as it was made for.
        {inOverlap ? " Its last renewal still goes on; every earlier secret ends now." : ""}
      </p>
      <fieldset>
        <legend className="mb-1 font-medium">And the old secret?</legend>
        {choices.map(([value, label]) => (
          <label key={value} className="flex min-h-11 items-start gap-3 py-2">
            <input
              type="radio"
              name={`old-${apiKey.id}`}
              autoFocus={old === value}
              className="mt-0.5 size-5 shrink-0 accent-accent"
              checked={old === value}
              onChange={() => setOld(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
    </Form>
  );
}
