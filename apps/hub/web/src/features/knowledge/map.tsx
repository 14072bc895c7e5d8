import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Graph } from "../../api/knowledge.ts";
import { Loading, Skeleton } from "../../ui/states.tsx";
import { EdgeLine, NodeMark } from "./map-parts.tsx";
import { MapTools } from "./map-tools.tsx";
import { useLayout } from "./use-layout.ts";
import { nameAt, panned, readable, screenOf, showing, type Size, type View, WHOLE, zoomed } from "./view.ts";
import { ARROWS, isArrow, nextTo } from "./walk.ts";
import { standing } from "./words.ts";

/**
 * The map: concepts as links that the arrow keys walk along. Whoever cannot see it hears of each what it stands to, and
 * has the same as a list below.
 */
export function KnowledgeMap({ graph, title, here }: { graph: Graph; title: string; here?: string }) {
  const { places, links, isDone } = useLayout(graph);
  const { frame, size } = useSize();
  const [view, setView] = useState<View>(WHOLE);
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const marks = useRef(new Map<string, HTMLAnchorElement | SVGAElement>());
  const first = here ?? graph.nodes.toSorted((a, b) => b.edge_count - a.edge_count)[0]?.id;
  // One stop for the Tab key, wherever one was: the arrow keys do the rest.
  const stop = focused !== undefined && places.has(focused) ? focused : first;

  const nodes = useMemo(() => {
    const at = screenOf(view, size);
    return graph.nodes.flatMap((node) => {
      const place = places.get(node.id);
      return place === undefined
        ? []
        : [{ ...node, at: at(place), weight: node.edge_count + (node.id === here ? 1000 : 0) }];
    });
  }, [graph.nodes, places, view, size, here]);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const named = useMemo(() => readable(nodes, size), [nodes, size]);

  const goTo = (id: string): void => {
    const place = places.get(id);
    if (place !== undefined) setView((old) => showing(old, place));
    marks.current.get(id)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, id: string): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    if (isArrow(key) && event.shiftKey) setView((old) => panned(old, ARROWS[key]));
    else if (isArrow(key)) {
      const next = nextTo(id, key, places, links);
      if (next !== undefined) goTo(next);
    } else if (key === "+" || key === "=") setView((old) => zoomed(old, 1));
    else if (key === "-") setView((old) => zoomed(old, -1));
    else if (key === "0") setView(WHOLE);
    else if (key === "Home" && first !== undefined) goTo(first);
    else return;
    event.preventDefault();
  };

  return (
    <figure className="overflow-hidden rounded-lg border border-line bg-surface">
      <figcaption className="border-b border-line px-4 py-3">
        <span className="font-medium">{title}</span>
        <span id="map-keys" className="block text-sm text-muted max-sm:sr-only">
          Tab to a concept; arrow keys walk along its links, Enter opens it, + and − zoom, 0 shows all, Shift
          with arrow keys moves the map.
        </span>
      </figcaption>
      <div ref={frame} className="relative h-80 sm:h-[28rem]">
        {isDone && size.width > 0 ? (
          <svg
            viewBox={`0 0 ${size.width} ${size.height}`}
            className="absolute inset-0 size-full"
            role="group"
            aria-label={title}
            aria-describedby="map-keys"
          >
            {graph.edges.map(({ from_id: from, to_id: to, kind }) => {
              const [start, end] = [byId.get(from), byId.get(to)];
              return start === undefined || end === undefined ? null : (
                <EdgeLine
                  key={`${from} ${to} ${kind}`}
                  kind={kind}
                  from={start.at}
                  to={end.at}
                  strong={from === focused || to === focused}
                />
              );
            })}
            {nodes.map((node) => (
              <NodeMark
                key={node.id}
                node={node}
                label={`${node.title}: ${standing(graph, node.id)}`}
                name={
                  named.get(node.id) ?? (node.id === focused ? nameAt(node.title, node.at, size) : undefined)
                }
                isHere={node.id === here}
                isFocused={node.id === focused}
                tabIndex={node.id === stop ? 0 : -1}
                place={(element) => {
                  if (element === null) marks.current.delete(node.id);
                  else marks.current.set(node.id, element);
                }}
                onFocus={() => setFocused(node.id)}
                onBlur={() => setFocused((old) => (old === node.id ? undefined : old))}
                onKeyDown={(event) => onKeyDown(event, node.id)}
              />
            ))}
          </svg>
        ) : (
          <Loading label="the map">
            <Skeleton className="absolute inset-4" />
          </Loading>
        )}
      </div>
      <MapTools onView={setView} isWhole={view.zoom === 1} />
    </figure>
  );
}

/** In pixels of the page, so that names are as large as other text, however wide the window is. */
function useSize() {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { frame, size };
}
