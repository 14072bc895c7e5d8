import { useEffect, useMemo, useState } from "react";
import type { Graph } from "../../api/knowledge.ts";
import { list, object, text } from "../../api/parse.ts";
import { layout, type Link, type Place } from "./force.ts";

const shapeOf = object({ ids: list(text), links: list(object({ from: text, to: text })) });

/** Laid out in steps between which the page answers; the places that it has, and whether they are the last. */
export function useLayout(graph: Graph): {
  readonly places: ReadonlyMap<string, Place>;
  readonly links: readonly Link[];
  readonly isDone: boolean;
} {
  // What was only read again, or has other texts now, lies where it lay.
  const shape = JSON.stringify({
    ids: graph.nodes.map(({ id }) => id).toSorted(),
    links: graph.edges.map(({ from_id: from, to_id: to }) => ({ from, to })),
  });
  const { ids, links } = useMemo(() => shapeOf(JSON.parse(shape)), [shape]);
  const [found, setFound] = useState<{
    readonly shape: string;
    readonly places: ReadonlyMap<string, Place>;
  }>();
  useEffect(() => {
    const steps = layout(ids, links);
    let last: ReadonlyMap<string, Place> | undefined;
    let timer = window.setTimeout(function step() {
      const { value, done } = steps.next();
      if (done === true) {
        setFound({ shape, places: last ?? new Map() });
        return;
      }
      last = value;
      timer = window.setTimeout(step);
    });
    return () => window.clearTimeout(timer);
  }, [shape, ids, links]);
  const isDone = found?.shape === shape;
  return { places: isDone ? found.places : new Map(), links, isDone };
}
