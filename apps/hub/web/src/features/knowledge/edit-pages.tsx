import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ApiError } from "../../api/client.ts";
import {
  changeNode,
  createNode,
  knowledgeKey,
  type KnowledgeNode,
  nodeQuery,
  type NodeText,
} from "../../api/knowledge.ts";
import { atLeast, type Membership } from "../../api/tenant.ts";
import { Button } from "../../ui/button.tsx";
import { flash } from "../../ui/flash.tsx";
import { useForm } from "../../ui/form.tsx";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useDraft } from "../account/draft.ts";
import { InTenant } from "../tenant/in-tenant.tsx";
import { NodeForm } from "./node-form.tsx";

export const NewNodePage = () => (
  <Page title="A new concept">
    <InTenant>{(tenant) => <ForAuthors tenant={tenant}>{<NewNode tenant={tenant} />}</ForAuthors>}</InTenant>
  </Page>
);

const editRoute = getRouteApi("/knowledge/$id/edit");

export function EditNodePage() {
  const { id } = editRoute.useParams();
  return (
    <Page title="Edit a concept">
      <InTenant>
        {(tenant) => <ForAuthors tenant={tenant}>{<EditNode key={id} id={id} />}</ForAuthors>}
      </InTenant>
    </Page>
  );
}

const ForAuthors = ({ tenant, children }: { tenant: Membership; children: ReactNode }) =>
  atLeast(tenant.role, "author") ? (
    children
  ) : (
    <Empty title="Authors write concepts">
      If you want to write here, ask an administrator of {tenant.name} to make you an author.
    </Empty>
  );

const EMPTY: NodeText = { title: "", summary: "", body: "", lessons: [] };

function NewNode({ tenant }: { tenant: Membership }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <NodeForm
      name={`concept-new-${tenant.id}`}
      initial={EMPTY}
      action="Save the concept"
      useSaving={(text, forget) =>
        useForm(async () => {
          const { id, title } = await createNode(text());
          forget();
          await client.invalidateQueries({ queryKey: knowledgeKey });
          flash({ tone: "pass", text: `“${title}” is saved.` });
          await navigate({ to: "/knowledge/$id", params: { id } });
        })
      }
    />
  );
}

function EditNode({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({ ...nodeQuery(id), refetchOnWindowFocus: false });
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return <NotFoundPage />;
  if (data !== undefined) return <Editor node={data} reload={async () => (await refetch()).data} />;
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <Loading label="the concept">
      <Skeleton className="h-96 w-full" />
    </Loading>
  );
}

/**
 * Edits the version that was opened; which one that was is kept with what was typed, so that a draft that is found again
 * after somebody else has saved does not pass for one of theirs. Somebody else's version is shown beside what was typed.
 */
function Editor({ node, reload }: { node: KnowledgeNode; reload: () => Promise<KnowledgeNode | undefined> }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(node);
  const [version, setVersion, forgetVersion] = useDraft(`concept-${node.id}-version`, String(opened.version));
  const [theirs, setTheirs] = useState<KnowledgeNode | undefined>(undefined);
  return (
    <div className="space-y-6">
      {theirs === undefined ? null : (
        <Notice tone="warn">
          <p className="font-medium">Somebody has saved another version meanwhile. It says:</p>
          <dl className="mt-2 space-y-1 text-text">
            {(["title", "summary", "body"] as const).map((field) => (
              <div key={field} className="sm:flex sm:gap-3">
                <dt className="w-24 shrink-0 text-sm text-muted">
                  {{ title: "Title", summary: "Summary", body: "Text" }[field]}
                </dt>
                <dd className="max-h-40 min-w-0 overflow-auto break-words whitespace-pre-line">
                  {theirs[field] === "" ? "nothing" : theirs[field]}
                </dd>
              </div>
            ))}
          </dl>
          <p className="mt-2">
            Yours is in the form still. Take over what you need, then save yours over theirs.
          </p>
          <Button
            look="quiet"
            className="mt-3"
            onClick={() => {
              setOpened(theirs);
              setVersion(String(theirs.version));
              setTheirs(undefined);
            }}
          >
            I have looked: let me save mine
          </Button>
        </Notice>
      )}
      <NodeForm
        name={`concept-${node.id}`}
        initial={opened}
        action="Save"
        disabled={theirs !== undefined}
        onTyped={() => setVersion(version)}
        useSaving={(text, forget) =>
          useForm(async () => {
            try {
              const saved = await changeNode(node.id, Number(version), text());
              forget();
              forgetVersion();
              client.setQueryData(nodeQuery(node.id).queryKey, saved);
              await client.invalidateQueries({ queryKey: knowledgeKey });
              flash({ tone: "pass", text: `“${saved.title}” is saved.` });
              await navigate({ to: "/knowledge/$id", params: { id: node.id } });
            } catch (error) {
              if (error instanceof ApiError && error.code === "HUB_KNOWLEDGE_CHANGED")
                setTheirs(await reload());
              throw error;
            }
          })
        }
      />
    </div>
  );
}
