import { useEffect, useId, useRef } from "react";
import { described, type FieldFrame, Frame, input } from "./form.tsx";

const LENGTH = 6;

/** One field for the six digits of a one-time code: takes what is pasted, and sends the form when it is full. */
export function CodeField({
  label = "6-digit code",
  help,
  errors,
  name = "code",
  value,
  onChange,
  sends = true,
  focused = false,
}: Partial<FieldFrame> & {
  name?: string;
  value: string;
  onChange: (value: string) => void;
  /** Whether the form goes off by itself at the sixth digit; not where something else must be filled in first. */
  sends?: boolean;
  focused?: boolean;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (sends && value.length === LENGTH) field.current?.form?.requestSubmit();
  }, [sends, value]);
  useEffect(() => {
    if (focused) field.current?.focus();
  }, [focused]);
  return (
    <Frame id={id} {...{ label, help, errors }}>
      <input
        ref={field}
        type="text"
        name={name}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="[0-9]*"
        required
        spellCheck={false}
        {...described(id, { help, errors })}
        className={`${input} max-w-44 font-mono text-lg tracking-[0.3em]`}
        value={value}
        onChange={(event) => onChange(event.target.value.replace(/\D/g, "").slice(0, LENGTH))}
      />
    </Frame>
  );
}
