import {
  type FormEvent,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { ApiError, type FieldProblem } from "../api/client.ts";
import { Button, type Look } from "./button.tsx";

export const input =
  "min-h-11 w-full rounded-sm border border-line-strong bg-surface px-3 text-base text-text placeholder:text-muted aria-invalid:border-fail";

export interface FieldFrame {
  readonly label: string;
  readonly help?: ReactNode;
  readonly errors?: readonly string[] | undefined;
  readonly aside?: ReactNode;
}

export function Frame({
  id,
  label,
  help,
  errors = [],
  aside,
  children,
}: FieldFrame & { id: string; children: ReactNode }) {
  return (
    <div>
      <div className="mb-1.5 flex items-baseline justify-between gap-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children}
      {errors.length === 0 ? null : (
        <ul id={`${id}-errors`} className="mt-1.5 space-y-0.5 text-sm text-fail">
          {errors.map((error) => (
            <li key={error}>× {error}</li>
          ))}
        </ul>
      )}
      {help === undefined ? null : (
        <div id={`${id}-help`} className="mt-1.5 text-sm text-muted">
          {help}
        </div>
      )}
    </div>
  );
}

export const described = (id: string, { help, errors = [] }: Pick<FieldFrame, "help" | "errors">) => ({
  id,
  "aria-describedby":
    [errors.length > 0 ? `${id}-errors` : "", help === undefined ? "" : `${id}-help`].join(" ").trim() ||
    undefined,
  "aria-invalid": errors.length > 0 || undefined,
});

type Framed<T> = FieldFrame & T;

export function TextField({ label, help, errors, ...rest }: Framed<InputHTMLAttributes<HTMLInputElement>>) {
  const id = useId();
  return (
    <Frame id={id} {...{ label, help, errors }}>
      <input type="text" {...rest} {...described(id, { help, errors })} className={input} />
    </Frame>
  );
}

export function TextArea({
  label,
  help,
  errors,
  aside,
  ...rest
}: Framed<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  const id = useId();
  return (
    <Frame id={id} {...{ label, help, errors, aside }}>
      <textarea rows={5} {...rest} {...described(id, { help, errors })} className={`${input} py-2`} />
    </Frame>
  );
}

export function SelectField({
  label,
  help,
  errors,
  children,
  ...rest
}: Framed<SelectHTMLAttributes<HTMLSelectElement>>) {
  const id = useId();
  return (
    <Frame id={id} {...{ label, help, errors }}>
      <select {...rest} {...described(id, { help, errors })} className={input}>
        {children}
      </select>
    </Frame>
  );
}

/** Can be shown, can be pasted into, and tells password managers what it is. */
export function PasswordField({
  label,
  help,
  errors,
  ...rest
}: Framed<InputHTMLAttributes<HTMLInputElement>>) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <Frame id={id} {...{ label, help, errors }}>
      <div className="relative">
        <input
          {...rest}
          {...described(id, { help, errors })}
          type={shown ? "text" : "password"}
          spellCheck={false}
          autoCapitalize="none"
          className={`${input} pr-20`}
        />
        <button
          type="button"
          className="absolute inset-y-1 right-1 rounded-sm px-3 text-sm font-medium text-muted hover:bg-sunken hover:text-text"
          aria-pressed={shown}
          aria-label={`${shown ? "Hide" : "Show"} ${label.toLowerCase()}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </button>
      </div>
    </Frame>
  );
}

export interface FormState {
  readonly busy: boolean;
  readonly error: unknown;
  readonly errorsOf: (field: string) => readonly string[];
  readonly submit: (event?: FormEvent) => void;
}

/** One submission at a time; what the server says goes beside the fields, and as a sum on top. */
export function useForm(send: () => Promise<void>): FormState {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const fields: readonly FieldProblem[] = error instanceof ApiError ? error.fields : [];
  return {
    busy,
    error,
    errorsOf: (field) => fields.filter((one) => one.field === field).map(({ message }) => message),
    submit: (event) => {
      event?.preventDefault();
      if (busy) return;
      setBusy(true);
      setError(undefined);
      send()
        .catch((problem: unknown) => setError(problem))
        .finally(() => setBusy(false));
    },
  };
}

export function Form({
  state,
  action,
  look = "primary",
  aside,
  disabled = false,
  children,
  labels = {},
}: {
  state: FormState;
  action: string;
  look?: Look;
  /** Further buttons, beside the one that sends. */
  aside?: ReactNode;
  disabled?: boolean;
  children?: ReactNode;
  labels?: Readonly<Record<string, string>>;
}) {
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (state.error !== undefined) summary.current?.focus();
  }, [state.error]);
  return (
    <form onSubmit={state.submit} noValidate className="space-y-5">
      {state.error === undefined ? null : <Summary ref={summary} error={state.error} labels={labels} />}
      {children}
      <div className="flex flex-wrap gap-3">
        <Button type="submit" look={look} busy={state.busy} disabled={disabled} className="w-full sm:w-auto">
          {action}
        </Button>
        {aside}
      </div>
    </form>
  );
}

function Summary({
  error,
  labels,
  ref,
}: {
  error: unknown;
  labels: Readonly<Record<string, string>>;
  ref: Ref<HTMLDivElement>;
}) {
  const fields = error instanceof ApiError ? error.fields : [];
  return (
    <div
      ref={ref}
      tabIndex={-1}
      role="alert"
      className="rounded-sm border border-fail/30 bg-fail-soft px-4 py-3 text-fail"
    >
      <p className="font-medium">× {error instanceof Error ? error.message : "Something went wrong."}</p>
      {fields.length === 0 ? null : (
        <ul className="mt-1 list-disc pl-5 text-sm">
          {fields.map(({ field, message }) => (
            <li key={field + message}>
              {labels[field] ?? field}: {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
