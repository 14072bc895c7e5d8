import { AlertDialog } from "@base-ui/react/alert-dialog";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { useProofOpen } from "./proof-open.ts";

/** Says what will happen before it does. Traps the focus and gives it back; gives way where proof is asked for. */
export function Confirm({
  open,
  title,
  children,
  action,
  busy,
  onConfirm,
  onClose,
}: {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const proofOpen = useProofOpen();
  const [gaveWay, setGaveWay] = useState(false);
  useEffect(() => {
    if (!open) setGaveWay(false);
    else if (proofOpen) setGaveWay(true);
  }, [open, proofOpen]);
  return (
    <AlertDialog.Root
      open={open && !proofOpen && !gaveWay}
      onOpenChange={(next) => (next ? undefined : onClose())}
    >
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-text/40 dark:bg-bg/70" />
        <AlertDialog.Popup className="fixed top-1/2 left-1/2 z-50 w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-lg border border-line bg-surface p-6 text-text shadow-card">
          <AlertDialog.Title className="text-lg font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-muted">{children}</AlertDialog.Description>
          <div className="mt-6 flex flex-wrap justify-end gap-3">
            <Button look="quiet" onClick={onClose}>
              Cancel
            </Button>
            <Button look="danger" busy={busy} onClick={onConfirm}>
              {action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
