import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  EDGE_KINDS,
  type EdgeKind,
  knowledgeKey,
  type KnowledgeNode,
  linkNodes,
  type NodeEdge,
  nodesQuery,
  type NodeSummary,
  unlinkNodes,
} from "../../api/knowledge.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Notice } from "../../ui/states.tsx";
import { grouped } from "./words.ts";

const CHOICES = 6;
const sentence: Readonly<Record<EdgeKind, string>> = {
  needs: "This needs …",
  explains: "This explains …",
  see_also: "See also …",
};

/** How a concept stands to others, and, for authors, links made and undone. */
export function Edges({ node, mayWrite }: { node: KnowledgeNode; mayWrite: boolean }) {
  const client = useQueryClient();
  const [said, setSaid] = useState<string | undefined>(undefined);
  const change = useMutation({
    mutationFn: async ({ run }: { run: () => Promise<void>; words: string }) => run(),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { words }) => setSaid(words),
    onSettled: () => client.invalidateQueries({ queryKey: knowledgeKey }),
  });
  const undo = ({ kind, direction, node: other }: NodeEdge) =>
    change.mutate({
      run: () =>
        direction === "in" ? unlinkNodes(other.id, kind, node.id) : unlinkNodes(node.id, kind, other.id),
      words: `The link to ${other.title} is undone.`,
    });
  return (
    <Card className="space-y-4">
      <h2 className="font-semibold">Links</h2>
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {change.error === null ? null : <Notice tone="fail">{change.error.message}</Notice>}
      {node.edges.length === 0 ? (
        <p className="text-muted">{mayWrite ? "Not linked yet." : "It stands alone so far."}</p>
      ) : (
        grouped(node.edges).map(({ title, edges }) => (
          <section key={title}>
            <h3 className="text-sm text-muted">{title}</h3>
            <ul className="mt-1">
              {edges.map((edge) => (
                <li key={edge.node.id} className="flex min-h-11 items-center justify-between gap-3">
                  <Link
                    to="/knowledge/$id"
                    params={{ id: edge.node.id }}
                    className="min-w-0 font-medium break-words text-accent underline underline-offset-4"
                  >
                    {edge.node.title}
                  </Link>
                  {mayWrite ? (
                    <Button
                      look="quiet"
                      disabled={change.isPending}
                      aria-label={`Undo the link: ${title.toLowerCase()}: ${edge.node.title}`}
                      onClick={() => undo(edge)}
                    >
                      Undo
                    </Button>
                  ) : null}
                </li>
              ))}
            </ul>
          </section>
        ))
      )}
      {mayWrite ? (
        <NewEdge
          node={node}
          busy={change.isPending}
          onLink={(kind, other) =>
            change.mutate({
              run: () => linkNodes(node.id, kind, other.id),
              words: `Linked to ${other.title}.`,
            })
          }
        />
      ) : null}
    </Card>
  );
}

function NewEdge({
  node,
  busy,
  onLink,
}: {
  node: KnowledgeNode;
  busy: boolean;
  onLink: (kind: EdgeKind, other: NodeSummary) => void;
}) {
  const [kind, setKind] = useState<EdgeKind>("needs");
  const [q, setQ] = useState("");
  const query = useQuery({
    ...nodesQuery({ q, sort: "title", cursor: undefined }, CHOICES + 1),
    enabled: q !== "",
  });
  const found = (query.data?.items ?? []).filter(({ id }) => id !== node.id).slice(0, CHOICES);
  return (
    <div className="space-y-3 border-t border-line pt-4">
      <h3 className="font-medium">Link it</h3>
      <SelectField
        label="How"
        value={kind}
        onChange={(event) => setKind(EDGE_KINDS.find((one) => one === event.target.value) ?? "needs")}
      >
        {EDGE_KINDS.map((one) => (
          <option key={one} value={one}>
            {sentence[one]}
          </option>
        ))}
      </SelectField>
      <SearchField label="Which concept" q={q} maxLength={100} onSearch={setQ} />
      {q === "" ? null : (
        <>
          <p role="status" className="text-sm text-muted">
            {query.isFetching ? "Looking …" : found.length === 0 ? `No other concept has “${q}”.` : "Choose:"}
          </p>
          <ul aria-label="Concepts to link to" className="flex flex-wrap gap-2">
            {found.map((other) => (
              <li key={other.id} className="max-w-full">
                <Button
                  look="quiet"
                  disabled={busy}
                  className="max-w-full break-words"
                  aria-label={`Link: ${sentence[kind].replace("…", other.title)}`}
                  onClick={() => {
                    onLink(kind, other);
                    setQ("");
                  }}
                >
                  {other.title}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
