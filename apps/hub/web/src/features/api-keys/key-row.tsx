import { useState } from "react";
import type { ApiKey, IssuedKey } from "../../api/api-keys.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Time } from "../../ui/time.tsx";
import { RotateKey } from "./rotate-key.tsx";
import { QuotaBar, UsageByDay } from "./usage.tsx";
import { scopeWords } from "./words.ts";

export const KeyState = ({ apiKey }: { apiKey: ApiKey }) =>
  apiKey.expired ? (
    <Badge state="fail">Expired</Badge>
  ) : apiKey.stale ? (
    <Badge state="warn">Unused for long</Badge>
  ) : (
    <Badge state="pass">Active</Badge>
  );

/** When it was made, used, renewed, and ends. */
export const KeyTimes = ({ apiKey }: { apiKey: ApiKey }) => (
  <p className="text-sm text-muted">
    Made <Time at={apiKey.created_at} /> ·{" "}
    {apiKey.last_used_at === null ? (
      "not used yet"
    ) : (
      <>
        last used <Time at={apiKey.last_used_at} />
      </>
    )}{" "}
    ·{" "}
    {apiKey.expires_at === null ? (
      "does not expire"
    ) : (
      <>
        {apiKey.expired ? "expired" : "expires"} <Time at={apiKey.expires_at} />
      </>
    )}
    {apiKey.rotated_at === null ? null : (
      <>
        {" "}
        · renewed <Time at={apiKey.rotated_at} />
      </>
    )}
  </p>
);

export function KeyRow({
  apiKey,
  overlapSeconds,
  onRotated,
  onRevoke,
}: {
  apiKey: ApiKey;
  overlapSeconds: number;
  onRotated: (issued: IssuedKey) => void;
  onRevoke: () => void;
}) {
  const [open, setOpen] = useState<"usage" | "rotate" | undefined>(undefined);
  const toggle = (part: "usage" | "rotate") => setOpen(open === part ? undefined : part);
  return (
    <li className="space-y-3 rounded-lg border border-line bg-surface p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="font-medium break-words">{apiKey.name}</h2>
          <code className="font-mono text-sm break-all text-muted">{apiKey.prefix}…</code>
        </div>
        <KeyState apiKey={apiKey} />
      </div>
      <ul aria-label="What it may do" className="flex flex-wrap gap-2">
        {apiKey.scopes.map((scope) => (
          <li key={scope} className="rounded-sm bg-sunken px-2 py-0.5 text-sm">
            {scopeWords(scope)}
          </li>
        ))}
      </ul>
      <KeyTimes apiKey={apiKey} />
      {apiKey.old_secret_until === null ? null : (
        <p className="text-sm text-warn">
          ! Its earlier secret still works, and ends <Time at={apiKey.old_secret_until} />.
        </p>
      )}
      {apiKey.expired ? null : <QuotaBar apiKey={apiKey} />}
      {open === "usage" ? <UsageByDay apiKey={apiKey} /> : null}
      {open === "rotate" ? (
        <RotateKey
          apiKey={apiKey}
          overlapSeconds={overlapSeconds}
          onMade={onRotated}
          onCancel={() => setOpen(undefined)}
        />
      ) : (
        <div className="flex flex-wrap gap-3">
          <Button
            look="quiet"
            aria-expanded={open === "usage"}
            aria-label={`Usage of ${apiKey.name}`}
            onClick={() => toggle("usage")}
          >
            Usage
          </Button>
          {apiKey.expired ? null : (
            <Button look="quiet" aria-label={`Renew ${apiKey.name}`} onClick={() => toggle("rotate")}>
              Renew …
            </Button>
          )}
          <Button look="danger" aria-label={`Revoke ${apiKey.name}`} onClick={onRevoke}>
            {apiKey.expired ? "Remove …" : "Revoke …"}
          </Button>
        </div>
      )}
    </li>
  );
}
