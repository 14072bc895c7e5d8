import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../../api/client.ts";
import { deleteNode, graphQuery, knowledgeKey, type KnowledgeNode, nodeQuery } from "../../api/knowledge.ts";
import { atLeast, type Membership } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { flash } from "../../ui/flash.tsx";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { Edges } from "./edges.tsx";
import { KnowledgeMap } from "./map.tsx";

const route = getRouteApi("/knowledge/$id");
const DEPTHS = [1, 2, 3] as const;

export const NodePage = () => <InTenant>{(tenant) => <NodeOf tenant={tenant} />}</InTenant>;

function NodeOf({ tenant }: { tenant: Membership }) {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(nodeQuery(id));
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return <NotFoundPage />;
  if (data !== undefined) return <Whole key={id} node={data} mayWrite={atLeast(tenant.role, "author")} />;
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <Loading label="the concept">
      <Skeleton className="h-10 w-2/3" />
      <Skeleton className="mt-8 h-64 w-full" />
    </Loading>
  );
}

function Whole({ node, mayWrite }: { node: KnowledgeNode; mayWrite: boolean }) {
  return (
    <article>
      <nav aria-label="Breadcrumb" className="mb-4 text-sm text-muted">
        <Link to="/knowledge" className="underline underline-offset-4 hover:text-text">
          Concepts
        </Link>
      </nav>
      <Page wide title={node.title} lead={node.summary === "" ? undefined : node.summary}>
        <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <div className="min-w-0 space-y-8">
            <Body text={node.body} />
            <div className="space-y-4">
              <p className="text-sm text-muted">
                Changed <Time at={node.updated_at} />
              </p>
              {mayWrite ? <Work node={node} /> : null}
            </div>
            <Around node={node} />
          </div>
          <div className="min-w-0 space-y-6">
            <Lessons node={node} mayWrite={mayWrite} />
            <Edges node={node} mayWrite={mayWrite} />
          </div>
        </div>
      </Page>
    </article>
  );
}

/** Text, as it was typed. */
const Body = ({ text }: { text: string }) =>
  text === "" ? null : <p className="max-w-2xl break-words whitespace-pre-line">{text}</p>;

function Around({ node }: { node: KnowledgeNode }) {
  const { depth = 2 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(graphQuery(node.id, depth));
  if (node.edges.length === 0) return null;
  return (
    <section aria-label="The map around it" className="space-y-3">
      <Answer query={query} label="the map" shape="h-96">
        {(graph) => <KnowledgeMap graph={graph} here={node.id} title={`What lies around ${node.title}`} />}
      </Answer>
      <div role="group" aria-label="How far the map reaches" className="flex flex-wrap gap-2">
        {DEPTHS.map((steps) => (
          <Button
            key={steps}
            look="quiet"
            aria-pressed={steps === depth}
            className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-strong"
            onClick={() =>
              void navigate({
                replace: true,
                resetScroll: false,
                search: steps === 2 ? {} : { depth: steps },
              })
            }
          >
            {steps} {steps === 1 ? "step" : "steps"}
          </Button>
        ))}
      </div>
    </section>
  );
}

const Lessons = ({ node, mayWrite }: { node: KnowledgeNode; mayWrite: boolean }) =>
  node.lessons.length === 0 && !mayWrite ? null : (
    <Card>
      <h2 className="font-semibold">Lessons</h2>
      {node.lessons.length === 0 ? (
        <p className="mt-1 text-muted">None speaks of it yet. Choose some where you edit it.</p>
      ) : (
        <ul className="mt-2 space-y-2">
          {node.lessons.map(({ course, lesson, title, course_title: courseTitle }) => (
            <li key={`${course}/${lesson}`}>
              <Link
                to="/courses/$course/$lesson"
                params={{ course, lesson }}
                className="font-medium text-accent underline underline-offset-4"
              >
                {title}
              </Link>
              <span className="block text-sm text-muted">{courseTitle}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );

function Work({ node }: { node: KnowledgeNode }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | undefined>(undefined);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await deleteNode(node.id, node.version);
      flash({ tone: "pass", text: `“${node.title}” is deleted.` });
      client.removeQueries({ queryKey: knowledgeKey, type: "inactive" }); // no list shows it again
      await navigate({ to: "/knowledge" });
      client.removeQueries({ queryKey: nodeQuery(node.id).queryKey });
      await client.invalidateQueries({ queryKey: knowledgeKey });
    } catch (error) {
      setFailed(error instanceof Error ? error.message : "It could not be deleted.");
      await client.invalidateQueries({ queryKey: nodeQuery(node.id).queryKey });
    } finally {
      setBusy(false);
      setAsked(false);
    }
  };
  return (
    <div className="space-y-4">
      {failed === undefined ? null : (
        <Notice tone="fail" catchesFocus>
          {failed}
        </Notice>
      )}
      <div className="flex flex-wrap gap-3">
        <ButtonLink to="/knowledge/$id/edit" params={{ id: node.id }}>
          Edit
        </ButtonLink>
        <Button look="danger" onClick={() => setAsked(true)}>
          Delete …
        </Button>
      </div>
      <Confirm
        open={asked}
        title={`Delete “${node.title}”?`}
        action="Delete"
        busy={busy}
        onClose={() => setAsked(false)}
        onConfirm={() => void remove()}
      >
        Its text and its {node.edges.length === 1 ? "link goes" : `${node.edges.length} links go`} with it.
        This cannot be undone.
      </Confirm>
    </div>
  );
}
