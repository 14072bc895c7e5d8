/**
 * What was typed survives a session that ends, a failure and a reload: per tab, and gone at sign-out.
 * Never used for passwords or codes.
 */
import { useEffect, useState } from "react";

const PREFIX = "draft:";

export function useDraft(name: string, initial: string): [string, (value: string) => void, () => void] {
  const key = PREFIX + name;
  const [value, setValue] = useState(() => window.sessionStorage.getItem(key) ?? initial);
  const [touched, setTouched] = useState(() => window.sessionStorage.getItem(key) !== null);
  useEffect(() => {
    if (!touched) setValue(initial);
  }, [initial, touched]);
  const change = (next: string) => {
    setTouched(true);
    setValue(next);
    window.sessionStorage.setItem(key, next);
  };
  const forget = () => {
    setTouched(false);
    window.sessionStorage.removeItem(key);
  };
  return [value, change, forget];
}

export function clearDrafts(): void {
  for (const key of Object.keys(window.sessionStorage))
    if (key.startsWith(PREFIX)) window.sessionStorage.removeItem(key);
}
