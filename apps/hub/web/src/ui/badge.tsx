import type { ReactNode } from "react";

export type State = "pass" | "warn" | "fail" | "unknown";

const looks: Record<State, { box: string; glyph: string }> = {
  pass: { box: "bg-pass-soft text-pass", glyph: "✓" },
  warn: { box: "bg-warn-soft text-warn", glyph: "!" },
  fail: { box: "bg-fail-soft text-fail", glyph: "×" },
  unknown: { box: "bg-sunken text-muted ring-1 ring-line ring-inset", glyph: "○" },
};

/** A state in a word or two, with its glyph: never colour alone. */
export const Badge = ({ state, children }: { state: State; children: ReactNode }) => (
  <span
    className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-sm whitespace-nowrap ${looks[state].box}`}
  >
    <span aria-hidden="true" className="font-bold">
      {looks[state].glyph}
    </span>
    {children}
  </span>
);
