import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type DragEvent, useRef, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { contentOf, deleteUpload, type Upload, type Uploads, uploadsQuery } from "../../api/uploads.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading, Notice, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { useSession } from "../account/session.tsx";
import { useUploadQueue } from "./queue.ts";
import { SendingList } from "./sending.tsx";
import { kindWords, sizeWords } from "./words.ts";

const route = getRouteApi("/uploads");

export function UploadsPage() {
  const session = useSession();
  return (
    <Page
      title="Uploads"
      lead="Your files. Each is looked into before it is kept: what could run or hide something is refused, and pictures lose what they tell beside the picture, such as where they were taken."
    >
      {session === null ? (
        <SignInFirst />
      ) : session === undefined ? (
        <Loading label="your files">
          <Skeleton className="h-48 w-full" />
        </Loading>
      ) : (
        <Files />
      )}
    </Page>
  );
}

function Files() {
  const { page = 1 } = route.useSearch();
  const query = useQuery(uploadsQuery({ q: "", page }));
  return (
    <Answer query={query} label="your files" shape="h-48">
      {(uploads) => <List uploads={uploads} />}
    </Answer>
  );
}

function List({ uploads }: { uploads: Uploads }) {
  const { items, total, page, pages, used, quota, kinds } = uploads;
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const [said, setSaid] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<Upload | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["me", "uploads"] });
  const queue = useUploadQueue(kinds, (name) => {
    setSaid(`“${name}” is kept.`);
    void refresh();
  });
  const deletion = useMutation({
    mutationFn: ({ id }: Upload) => deleteUpload(id),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { name }) => setSaid(`“${name}” is deleted.`),
    onSettled: () => {
      setAsked(null);
      return refresh();
    },
  });
  return (
    <div className="space-y-6">
      <Choose kinds={kinds} onFiles={queue.add} />
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {deletion.error === null ? null : (
        <Notice tone="fail">
          <p>{deletion.error.message}</p>
          {deletion.error instanceof ApiError && deletion.error.fields.length > 0 ? (
            <ul className="mt-2 list-disc space-y-1 pl-6 break-words">
              {deletion.error.fields.map(({ message }, place) => (
                <li key={place}>{message}</li>
              ))}
            </ul>
          ) : null}
        </Notice>
      )}
      <SendingList items={queue.items} onCancel={queue.cancel} />
      {items.length === 0 ? (
        <Empty title={total === 0 ? "No files yet" : "No files on this page"}>
          Choose a file above, or drop one there. Pictures, documents, tables, archives and videos are taken.
        </Empty>
      ) : (
        <section aria-labelledby="kept">
          <h2 id="kept" className="mb-3 text-lg font-semibold">
            Kept
          </h2>
          <ul className="space-y-3">
            {items.map((upload) => (
              <Row key={upload.id} upload={upload} onDelete={() => setAsked(upload)} />
            ))}
          </ul>
        </section>
      )}
      <div className="flex flex-wrap items-center gap-3 text-sm text-muted tabular-nums">
        <span>
          {sizeWords(used.bytes)} of {sizeWords(quota.bytes)}, {used.files} of {quota.files} files
        </span>
        {pages > 1 ? (
          <>
            <Button
              look="quiet"
              disabled={page <= 1}
              onClick={() => void navigate({ search: { page: page - 1 } })}
            >
              Newer
            </Button>
            <span>
              Page {page} of {pages}
            </span>
            <Button
              look="quiet"
              disabled={page >= pages}
              onClick={() => void navigate({ search: { page: page + 1 } })}
            >
              Older
            </Button>
          </>
        ) : null}
      </div>
      <Confirm
        open={asked !== null}
        title={`Delete “${asked?.name ?? ""}”?`}
        action="Delete"
        busy={deletion.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && deletion.mutate(asked)}
      >
        The file is gone for good; nothing keeps a copy.
      </Confirm>
    </div>
  );
}

/** By button or by drop; the button alone does everything. */
function Choose({ kinds, onFiles }: { kinds: Uploads["kinds"]; onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  const accept = kinds.flatMap(({ extensions }) => extensions.map((one) => `.${one}`)).join(",");
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`rounded-lg border border-dashed p-6 ${over ? "border-accent bg-sunken" : "border-line bg-surface"}`}
    >
      <input
        ref={input}
        type="file"
        multiple
        accept={accept}
        aria-label="Files to upload"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      <Button onClick={() => input.current?.click()}>Choose files</Button>
      <p className="mt-3 text-sm text-muted">Or drop them here. {limitWords(kinds)}</p>
    </div>
  );
}

function limitWords(kinds: Uploads["kinds"]): string {
  const bySize = new Map<number, string[]>();
  for (const { kind, limit_bytes: limit } of kinds)
    bySize.set(limit, [...(bySize.get(limit) ?? []), kindWords(kind)]);
  const parts = [...bySize].map(([limit, names]) => `${names.join(", ")}: up to ${sizeWords(limit)}`);
  return `${parts.join(". ")}.`;
}

function Row({ upload, onDelete }: { upload: Upload; onDelete: () => void }) {
  const { id, name, kind, size_bytes: size, width, height, created_at: at } = upload;
  const isPicture = width !== null && height !== null;
  return (
    <li className="flex flex-wrap items-center gap-4 rounded-lg border border-line bg-surface p-4">
      {isPicture ? (
        <img
          src={contentOf(id)}
          alt=""
          loading="lazy"
          className="size-14 shrink-0 rounded-sm bg-sunken object-contain"
        />
      ) : null}
      <div className="min-w-0 grow basis-48">
        <h3 className="font-medium break-words">{name}</h3>
        <p className="text-sm text-muted tabular-nums">
          {kindWords(kind)} · {sizeWords(size)}
          {isPicture ? ` · ${width} × ${height}` : ""} · <Time at={at} />
        </p>
      </div>
      <div className="flex flex-wrap gap-3">
        <a
          href={contentOf(id)}
          download={name}
          aria-label={`Download ${name}`}
          className="inline-flex min-h-11 items-center rounded-sm border border-line bg-surface px-4 font-medium hover:bg-sunken"
        >
          Download
        </a>
        <Button look="danger" aria-label={`Delete ${name}`} onClick={onDelete}>
          Delete …
        </Button>
      </div>
    </li>
  );
}
