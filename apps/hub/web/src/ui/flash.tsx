/** News that outlives the page on which it came up: told once, under the header, until it is closed. */
import { Link } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { Button } from "./button.tsx";

export interface Flash {
  readonly tone: "pass" | "warn";
  readonly text: string;
  readonly link?: { readonly to: "/account/security"; readonly hash: string; readonly label: string };
}

let shown: readonly Flash[] = [];
const listeners = new Set<() => void>();
const show = (next: readonly Flash[]): void => {
  shown = next;
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const flash = (news: Flash): void => show([...shown.filter(({ text }) => text !== news.text), news]);

const looks = {
  pass: { box: "border-pass/30 bg-pass-soft text-pass", glyph: "✓" },
  warn: { box: "border-warn/30 bg-warn-soft text-warn", glyph: "!" },
} as const;

export function Flashes() {
  const all = useSyncExternalStore(subscribe, () => shown);
  return (
    <div role="status">
      {all.map((news) => (
        <div key={news.text} className={`border-b ${looks[news.tone].box}`}>
          <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-2 sm:px-6">
            <span>
              <span aria-hidden="true" className="mr-2 font-bold">
                {looks[news.tone].glyph}
              </span>
              {news.text}
            </span>
            {news.link === undefined ? null : (
              <Link
                to={news.link.to}
                hash={news.link.hash}
                className="font-semibold underline underline-offset-4"
              >
                {news.link.label}
              </Link>
            )}
            <Button
              look="quiet"
              onClick={() => show(shown.filter((one) => one !== news))}
              aria-label={`Close the message: ${news.text}`}
            >
              Close
            </Button>
          </div>
        </div>
      ))}
    </div>
  );
}
