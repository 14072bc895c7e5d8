import { useNavigate } from "@tanstack/react-router";
import type { KeyboardEvent, MouseEvent } from "react";
import type { EdgeKind, NodeSummary } from "../../api/knowledge.ts";
import type { Place } from "./force.ts";
import { shortened } from "./view.ts";

const [RADIUS, GAP, HEAD] = [7, 5, 7];
const radiusOf = (edges: number): number => RADIUS + Math.min(5, Math.sqrt(edges));
/** Never colour alone: each kind has a line of its own. */
export const dashes: Readonly<Record<EdgeKind, string | undefined>> = {
  needs: undefined,
  explains: "7 4",
  see_also: "1.5 4",
};

export function EdgeLine({
  kind,
  from,
  to,
  strong,
}: {
  kind: EdgeKind;
  from: Place;
  to: Place;
  strong: boolean;
}) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const room = radiusOf(4) + GAP;
  if (length < 2 * room) return null;
  const [ux, uy] = [dx / length, dy / length];
  const start = { x: from.x + ux * room, y: from.y + uy * room };
  const end = { x: to.x - ux * room, y: to.y - uy * room };
  const wing = (side: 1 | -1): string =>
    `${(end.x - ux * HEAD - side * uy * HEAD * 0.5).toFixed(1)},${(end.y - uy * HEAD + side * ux * HEAD * 0.5).toFixed(1)}`;
  return (
    <g aria-hidden="true" className={strong ? "text-accent" : "text-line-strong"}>
      <line
        x1={start.x}
        y1={start.y}
        x2={kind === "see_also" ? end.x : end.x - ux * HEAD}
        y2={kind === "see_also" ? end.y : end.y - uy * HEAD}
        stroke="currentColor"
        strokeWidth={strong ? 2 : 1.25}
        strokeLinecap="round"
        strokeDasharray={dashes[kind]}
      />
      {kind === "see_also" ? null : (
        <polygon
          points={`${end.x.toFixed(1)},${end.y.toFixed(1)} ${wing(1)} ${wing(-1)}`}
          fill="currentColor"
        />
      )}
    </g>
  );
}

export function NodeMark({
  node,
  label,
  name,
  isHere,
  isFocused,
  tabIndex,
  place,
  ...events
}: {
  node: NodeSummary & { readonly at: Place };
  label: string;
  /** Where its name stands; undefined: there is no room for it. */
  name: Place | undefined;
  isHere: boolean;
  isFocused: boolean;
  tabIndex: 0 | -1;
  place: (element: HTMLAnchorElement | SVGAElement | null) => void;
  onFocus: () => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const navigate = useNavigate();
  const radius = radiusOf(node.edge_count);
  const open = (event: MouseEvent): void => {
    // A new tab, and whatever else a browser does with a link, stays the browser's.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void navigate({ to: "/knowledge/$id", params: { id: node.id } });
  };
  return (
    <a
      ref={place}
      href={`/knowledge/${node.id}`}
      aria-label={label}
      aria-current={isHere ? "page" : undefined}
      tabIndex={tabIndex}
      onClick={open}
      className="group cursor-pointer outline-none"
      {...events}
    >
      <title>{node.title}</title>
      {/* As large as a finger, whatever is seen of it. */}
      <circle cx={node.at.x} cy={node.at.y} r={22} fill="transparent" />
      {isFocused ? (
        <circle
          cx={node.at.x}
          cy={node.at.y}
          r={radius + 5}
          fill="none"
          strokeWidth={2.5}
          className="stroke-accent"
        />
      ) : null}
      <circle
        cx={node.at.x}
        cy={node.at.y}
        r={radius}
        strokeWidth={2}
        className={
          isHere ? "fill-accent stroke-accent" : "fill-accent-soft stroke-accent group-hover:fill-accent"
        }
      />
      {name === undefined ? null : (
        <text
          x={name.x}
          y={name.y}
          textAnchor="middle"
          strokeWidth={4}
          strokeLinejoin="round"
          paintOrder="stroke"
          className={`fill-text stroke-surface text-sm ${isHere || isFocused ? "font-semibold" : ""}`}
        >
          {shortened(node.title)}
        </text>
      )}
    </a>
  );
}
