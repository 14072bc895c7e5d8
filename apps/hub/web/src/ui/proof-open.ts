/** Whether the dialog that asks for fresh proof is open: only one dialog may hold the focus. */
import { useSyncExternalStore } from "react";

let open = false;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function setProofOpen(next: boolean): void {
  open = next;
  for (const listener of listeners) listener();
}

export const useProofOpen = (): boolean => useSyncExternalStore(subscribe, () => open);
