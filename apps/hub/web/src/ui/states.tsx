import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { ApiError, OfflineError } from "../api/client.ts";
import { Button, ButtonLink } from "./button.tsx";

type Tone = "pass" | "warn" | "fail";

const tones: Record<Tone, { box: string; glyph: string; word: string }> = {
  pass: { box: "border-pass/30 bg-pass-soft text-pass", glyph: "✓", word: "Done" },
  warn: { box: "border-warn/30 bg-warn-soft text-warn", glyph: "!", word: "Note" },
  fail: { box: "border-fail/30 bg-fail-soft text-fail", glyph: "×", word: "Problem" },
};

/** A message with glyph and word, never colour alone. */
export function Notice({
  tone,
  children,
  live = true,
  catchesFocus = false,
}: {
  tone: Tone;
  children: ReactNode;
  live?: boolean;
  /** Answers something that was pressed elsewhere on the page: it is brought into sight, and takes the focus where what was pressed is gone. */
  catchesFocus?: boolean;
}) {
  const { box, glyph, word } = tones[tone];
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!catchesFocus) return;
    // After a dialog that closes has given the focus back, if it could.
    const timer = window.setTimeout(() => {
      if (document.activeElement === document.body) place.current?.focus();
    }, 200);
    return () => window.clearTimeout(timer);
  }, [catchesFocus, children]);
  useEffect(() => {
    if (!catchesFocus) return;
    // When it comes up, and not again: a page that moves by itself is no help.
    const timer = window.setTimeout(() => place.current?.scrollIntoView({ block: "nearest" }), 200);
    return () => window.clearTimeout(timer);
  }, [catchesFocus]);
  return (
    <div
      ref={place}
      tabIndex={catchesFocus ? -1 : undefined}
      role={live ? (tone === "fail" ? "alert" : "status") : undefined}
      className={`flex gap-3 rounded-sm border px-4 py-3 ${box}`}
    >
      <span aria-hidden="true" className="font-bold">
        {glyph}
      </span>
      <div>
        <span className="sr-only">{word}: </span>
        {children}
      </div>
    </div>
  );
}

/** What happened, what to do, and the request id for whoever is asked for help. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof ApiError && error.status === 401) return <SignInFirst />;
  if (error instanceof ApiError && error.status === 403) return <NoAccess code={error.code} />;
  const offline = error instanceof OfflineError;
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <div className="rounded-lg border border-line bg-surface p-6" role="alert">
      <h2 className="text-lg font-semibold">
        {offline ? "You seem to be offline" : "This could not be loaded"}
      </h2>
      <p className="mt-1 text-muted">{error instanceof Error ? error.message : "An unexpected error."}</p>
      {requestId === undefined ? null : (
        <p className="mt-2 text-sm text-muted">
          If it stays, tell the operator this request id:{" "}
          <code className="font-mono break-all">{requestId}</code>
        </p>
      )}
      {retry === undefined ? null : (
        <Button look="quiet" className="mt-4" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function SignInFirst() {
  // With what was looked for, which stands in the address.
  const next = useLocation({ select: ({ href }) => href });
  return (
    <div className="rounded-lg border border-line bg-surface p-6">
      <h2 className="text-lg font-semibold">Sign in to see this</h2>
      <p className="mt-1 text-muted">This part is for people with an account. Anyone may make one.</p>
      <div className="mt-4 flex flex-wrap gap-3">
        <ButtonLink to="/login" search={{ next }}>
          Sign in
        </ButtonLink>
        <ButtonLink to="/register" look="quiet">
          Create an account
        </ButtonLink>
      </div>
    </div>
  );
}

/** Why, and whom to ask. */
export function NoAccess({ code = "" }: { code?: string }) {
  const factor = code === "AEGIS_ACCESS_SECOND_FACTOR_NEEDED";
  return (
    <div className="rounded-lg border border-line bg-surface p-6">
      <h2 className="text-lg font-semibold">
        {factor ? "This needs a sign-in with two steps" : "You have no access to this"}
      </h2>
      <p className="mt-1 text-muted">
        {factor
          ? "Here much can be changed, so a password alone is not enough. Set up a second step for your account, or sign in again and use it."
          : "It is for people with another role. If you need it for your work, ask an administrator of this hub."}
      </p>
      <div className="mt-4">
        {factor ? (
          <ButtonLink to="/account/security" hash="authenticator">
            Security of your account
          </ButtonLink>
        ) : (
          <ButtonLink to="/" look="quiet">
            Back to the courses
          </ButtonLink>
        )}
      </div>
    </div>
  );
}

export const Empty = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="rounded-lg border border-dashed border-line-strong p-8 text-center">
    <p className="font-medium">{title}</p>
    <div className="mt-1 text-muted">{children}</div>
  </div>
);

/** Grey bars in the shape of what comes. */
export const Skeleton = ({ className }: { className: string }) => (
  <div className={`animate-pulse rounded-sm bg-sunken ${className}`} aria-hidden="true" />
);

export const Loading = ({ label, children }: { label: string; children: ReactNode }) => (
  <div aria-busy="true">
    <span role="status" className="sr-only">
      Loading {label}
    </span>
    {children}
  </div>
);
