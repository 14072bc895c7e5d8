import type { ReactNode } from "react";
import type { Marked } from "../../api/search.ts";

/** What was found stands out in the text; it is text all the same, whatever is written in it. */
export function MarkedText({ marked: { text, ranges } }: { marked: Marked }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    if (start < at || end > text.length) continue;
    parts.push(text.slice(at, start));
    parts.push(
      <mark key={start} className="rounded-sm bg-accent-soft font-semibold text-accent-strong">
        {text.slice(start, end)}
      </mark>,
    );
    at = end;
  }
  parts.push(text.slice(at));
  return <>{parts}</>;
}
