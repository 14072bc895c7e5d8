import { useBlocker } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { IssuedKey } from "../../api/api-keys.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Notice } from "../../ui/states.tsx";

/** Shown once: nobody goes on before they have said that they stored it, or that they leave without. */
export function NewSecret({ issued, onStored }: { issued: IssuedKey; onStored: () => void }) {
  const [stored, setStored] = useState(false);
  const place = useRef<HTMLHeadingElement>(null);
  useEffect(() => place.current?.focus(), []);
  // No state: going on begins before anything is drawn again.
  const free = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: () => !free.current,
    enableBeforeUnload: () => !free.current,
    withResolver: true,
  });
  return (
    <div className="space-y-5">
      <h2 ref={place} tabIndex={-1} className="text-lg font-semibold break-words outline-none">
        The key for “{issued.name}”
      </h2>
      <Notice tone="warn">
        It is shown only now. Put it where your program keeps its secrets, never into code, a chat or a mail:
        whoever has it can act for you, within its scopes.
      </Notice>
      <p className="rounded-sm border border-line bg-sunken p-4 font-mono break-all select-all" data-key>
        {issued.api_key}
      </p>
      <CopyButton text={issued.api_key} label="Copy the key" />
      <label className="flex min-h-11 items-center gap-3">
        <input
          type="checkbox"
          className="size-5 shrink-0 accent-accent"
          checked={stored}
          onChange={(event) => setStored(event.target.checked)}
        />
        I have stored it
      </label>
      <Button
        disabled={!stored}
        onClick={() => {
          free.current = true;
          onStored();
        }}
      >
        Done
      </Button>
      <Confirm
        open={blocker.status === "blocked"}
        title="Leave without the key?"
        action="Leave"
        busy={false}
        onClose={() => blocker.reset?.()}
        onConfirm={() => blocker.proceed?.()}
      >
        You have not said that you stored it, and it is not shown again. You can renew the key later to get
        another secret.
      </Confirm>
    </div>
  );
}
