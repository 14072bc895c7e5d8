import type { Dispatch, ReactNode, SetStateAction } from "react";
import { EDGE_KINDS, type EdgeKind } from "../../api/knowledge.ts";
import { dashes } from "./map-parts.tsx";
import { panned, type View, WHOLE, zoomed } from "./view.ts";
import { ARROWS } from "./walk.ts";

const MOVES = [
  ["Move left", "←", ARROWS.ArrowLeft],
  ["Move up", "↑", ARROWS.ArrowUp],
  ["Move down", "↓", ARROWS.ArrowDown],
  ["Move right", "→", ARROWS.ArrowRight],
] as const;
const meanings: Readonly<Record<EdgeKind, string>> = {
  needs: "needs",
  explains: "explains",
  see_also: "see also",
};

/** What the keys do, for whoever has none; and what the lines say. */
export function MapTools({ onView, isWhole }: { onView: Dispatch<SetStateAction<View>>; isWhole: boolean }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2 border-t border-line px-3 py-2">
      <div role="group" aria-label="The map" className="flex flex-wrap gap-1">
        <Tool name="Zoom in" onPress={() => onView((old) => zoomed(old, 1))}>
          +
        </Tool>
        <Tool name="Zoom out" off={isWhole} onPress={() => onView((old) => zoomed(old, -1))}>
          −
        </Tool>
        <Tool name="Show all" off={isWhole} onPress={() => onView(WHOLE)}>
          ⤢
        </Tool>
        {MOVES.map(([name, glyph, way]) => (
          <Tool key={name} name={name} off={isWhole} onPress={() => onView((old) => panned(old, way))}>
            {glyph}
          </Tool>
        ))}
      </div>
      <ul aria-label="What the lines say" className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
        {EDGE_KINDS.map((kind) => (
          <li key={kind} className="flex items-center gap-2">
            <svg viewBox="0 0 32 8" className="h-2 w-8 text-line-strong" aria-hidden="true">
              <line
                x1="1"
                y1="4"
                x2={kind === "see_also" ? 31 : 25}
                y2="4"
                stroke="currentColor"
                strokeWidth="1.5"
                strokeLinecap="round"
                strokeDasharray={dashes[kind]}
              />
              {kind === "see_also" ? null : <polygon points="31,4 24,0.5 24,7.5" fill="currentColor" />}
            </svg>
            {meanings[kind]}
          </li>
        ))}
      </ul>
    </div>
  );
}

const Tool = ({
  name,
  off = false,
  onPress,
  children,
}: {
  name: string;
  /** Nothing to do; stays where the focus can be. */
  off?: boolean;
  onPress: () => void;
  children: ReactNode;
}) => (
  <button
    type="button"
    aria-label={name}
    title={name}
    aria-disabled={off || undefined}
    onClick={() => (off ? undefined : onPress())}
    className="grid size-8 sm:size-10 place-items-center rounded-sm border border-line text-lg hover:bg-sunken aria-disabled:text-muted aria-disabled:opacity-60"
  >
    <span aria-hidden="true">{children}</span>
  </button>
);
