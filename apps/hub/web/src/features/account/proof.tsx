/** When the server wants fresh proof, one dialog asks for it, and every call that waits goes on or stops together. */
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { proveWith } from "../../api/client.ts";
import { setProofOpen, useProofOpen } from "../../ui/proof-open.ts";

const ProofDialog = lazy(() =>
  import("./proof-dialog.tsx").then((module) => ({ default: module.ProofDialog })),
);

interface Asked {
  readonly answer: Promise<boolean>;
  readonly settle: (proven: boolean) => void;
}

export function ProofGate() {
  const open = useProofOpen();
  const [needed, setNeeded] = useState(false);
  const asked = useRef<Asked | undefined>(undefined);
  useEffect(
    () =>
      proveWith(() => {
        if (asked.current === undefined) {
          let settle: Asked["settle"] = () => undefined;
          const answer = new Promise<boolean>((resolve) => {
            settle = resolve;
          });
          asked.current = { answer, settle };
          setNeeded(true);
          setProofOpen(true);
        }
        return asked.current.answer;
      }),
    [],
  );
  const settle = (proven: boolean) => {
    asked.current?.settle(proven);
    asked.current = undefined;
    setProofOpen(false);
  };
  return needed ? (
    <Suspense fallback={null}>
      <ProofDialog open={open} onProven={() => settle(true)} onCancel={() => settle(false)} />
    </Suspense>
  ) : null;
}
