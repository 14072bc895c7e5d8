import { type FormEvent, useEffect, useRef, useState } from "react";
import { TextField } from "./form.tsx";

/** So long nobody types: then it is asked, and not at each letter. */
const PAUSE_MS = 250;

/** Looks as one types. What is looked for stands in the address, and follows it back. */
export function SearchField({
  label,
  q,
  maxLength,
  autoFocus = false,
  onSearch,
}: {
  label: string;
  q: string;
  maxLength: number;
  autoFocus?: boolean;
  onSearch: (q: string) => void;
}) {
  const [typed, setTyped] = useState(q);
  const asked = useRef(q);
  const search = useRef(onSearch);
  search.current = onSearch;
  useEffect(() => {
    // Another address, and not the one that was made of what is being typed.
    if (q !== asked.current) {
      asked.current = q;
      setTyped(q);
    }
  }, [q]);
  const ask = (words: string): void => {
    if (words === asked.current) return;
    asked.current = words;
    search.current(words);
  };
  useEffect(() => {
    const timer = window.setTimeout(() => ask(typed.trim()), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask(typed.trim());
  };
  return (
    <form onSubmit={submit} role="search" className="min-w-0 grow sm:max-w-md">
      <TextField
        label={label}
        name="q"
        type="search"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={autoFocus}
        maxLength={maxLength}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </form>
  );
}
