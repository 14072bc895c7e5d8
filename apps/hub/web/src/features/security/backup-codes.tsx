import { useBlocker } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { Notice } from "../../ui/states.tsx";

/** Shown once: nobody goes on before they have said that they kept them, or that they leave without. */
export function BackupCodes({
  codes,
  onKept,
  action = "Done",
}: {
  codes: readonly string[];
  onKept: () => void;
  action?: string;
}) {
  const [made] = useState(() => new Date().toLocaleString());
  const [kept, setKept] = useState(false);
  // No state: going on begins before anything is drawn again.
  const free = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: () => !free.current,
    enableBeforeUnload: () => !free.current,
    withResolver: true,
  });
  const text = `Backup codes of your account at ${window.location.host}\nMade ${made}. Each works once.\n\n${codes.join("\n")}\n`;
  return (
    <div className="space-y-5">
      <Notice tone="warn">
        These {codes.length} backup codes are shown only now. Each signs you in once, when your phone or key
        is not at hand. Keep them where only you get at them, such as a password manager or a printed page.
      </Notice>
      <div className="rounded-sm border border-line bg-sunken p-4">
        <ol className="grid gap-x-8 gap-y-1 font-mono sm:grid-cols-2" aria-label="Backup codes">
          {codes.map((code) => (
            <li key={code} className="select-all">
              {code}
            </li>
          ))}
        </ol>
      </div>
      {createPortal(
        <pre data-print className="hidden font-mono print:block">
          {text}
        </pre>,
        document.body,
      )}
      <div className="flex flex-wrap gap-3">
        <CopyButton text={codes.join("\n")} label="Copy all" />
        <Button
          look="quiet"
          onClick={() => saveFile("backup-codes.txt", new Blob([text], { type: "text/plain" }))}
        >
          Download .txt
        </Button>
        <Button look="quiet" onClick={() => window.print()}>
          Print
        </Button>
      </div>
      <label className="flex min-h-11 items-center gap-3">
        <input
          type="checkbox"
          className="size-5 shrink-0 accent-accent"
          checked={kept}
          onChange={(event) => setKept(event.target.checked)}
        />
        I have kept them
      </label>
      <Button
        disabled={!kept}
        onClick={() => {
          free.current = true;
          onKept();
        }}
      >
        {action}
      </Button>
      <Confirm
        open={blocker.status === "blocked"}
        title="Leave without the codes?"
        action="Leave"
        busy={false}
        onClose={() => blocker.reset?.()}
        onConfirm={() => blocker.proceed?.()}
      >
        You have not said that you kept them, and they are not shown again. You can make new ones later.
      </Confirm>
    </div>
  );
}
