import { Link } from "@tanstack/react-router";
import type { Graph } from "../../api/knowledge.ts";
import { standing } from "./words.ts";

/** The map in words. */
export const MapList = ({ graph }: { graph: Graph }) => (
  <details className="rounded-lg border border-line bg-surface">
    <summary className="min-h-11 cursor-pointer px-4 py-2.5 font-medium">The map as a list</summary>
    <ul className="space-y-2 border-t border-line px-4 py-3">
      {graph.nodes.map(({ id, title }) => (
        <li key={id} className="break-words">
          <Link
            to="/knowledge/$id"
            params={{ id }}
            className="font-medium text-accent underline underline-offset-4"
          >
            {title}
          </Link>{" "}
          <span className="text-muted">{standing(graph, id)}</span>
        </li>
      ))}
    </ul>
  </details>
);
