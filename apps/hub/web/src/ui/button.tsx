import { Link, type LinkProps } from "@tanstack/react-router";
import type { ButtonHTMLAttributes, ReactNode } from "react";

export type Look = "primary" | "quiet" | "danger";

const shape =
  "inline-flex min-h-11 items-center justify-center gap-2 rounded-sm px-4 text-base font-medium transition-colors disabled:opacity-60 aria-disabled:opacity-60";
const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  quiet: "border border-line bg-surface text-text hover:bg-sunken",
  danger: "border border-line bg-surface text-fail hover:bg-fail-soft",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  /** Under way: says so and takes no second press. */
  readonly busy?: boolean;
}

export function Button({
  look = "primary",
  busy = false,
  children,
  className = "",
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      // Not disabled: a browser takes the focus from what is, and does not give it back. A press that is prevented
      // sends no form either, also where Enter in a field is one.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={`${shape} ${looks[look]} ${className}`}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

export function ButtonLink({
  look = "primary",
  children,
  className = "",
  ...rest
}: LinkProps & { look?: Look; children: ReactNode; className?: string }) {
  return (
    <Link {...rest} className={`${shape} ${looks[look]} ${className}`}>
      {children}
    </Link>
  );
}

const Spinner = () => (
  <svg className="size-4 animate-spin" viewBox="0 0 16 16" aria-hidden="true">
    <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeOpacity="0.3" strokeWidth="2" />
    <path d="M14 8a6 6 0 0 0-6-6" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
  </svg>
);
