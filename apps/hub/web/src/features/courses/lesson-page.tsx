import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../../api/client.ts";
import {
  changeLesson,
  deleteLesson,
  type LessonLink,
  tenantCoursesKey,
  type TenantLesson,
  tenantLessonQuery,
} from "../../api/courses.ts";
import type { Membership } from "../../api/tenant.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { flash } from "../../ui/flash.tsx";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { isAuthor, StateBadge, Trail } from "./parts.tsx";
import { RichText } from "./rich-text.tsx";

const route = getRouteApi("/tenant/courses/$course/lessons/$lesson");

export function TenantLessonPage() {
  const { course, lesson } = route.useParams();
  return (
    <InTenant>{(tenant) => <Lesson key={lesson} course={course} id={lesson} tenant={tenant} />}</InTenant>
  );
}

function Lesson({ course, id, tenant }: { course: string; id: string; tenant: Membership }) {
  const { data, error, refetch } = useQuery(tenantLessonQuery(course, id));
  if (error instanceof ApiError && [400, 404].includes(error.status)) return <NotFoundPage />;
  if (data !== undefined)
    return (
      <article>
        <Trail course={data.course} />
        <Page title={data.title}>
          {isAuthor(tenant) ? <LessonTools lesson={data} /> : null}
          {data.content.length === 0 ? (
            <Empty title="Nothing is written here yet">
              {isAuthor(tenant) ? "Edit the lesson to begin." : "Its author is still at it."}
            </Empty>
          ) : (
            <RichText content={data.content} />
          )}
          <nav aria-label="Lessons" className="mt-12 grid gap-4 border-t border-line pt-6 sm:grid-cols-2">
            <Neighbour course={course} label="Previous" lesson={data.previous} />
            <Neighbour course={course} label="Next" lesson={data.next} end />
          </nav>
        </Page>
      </article>
    );
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <div className="mx-auto max-w-2xl">
      <Loading label="the lesson">
        <Skeleton className="h-10 w-3/4" />
        <Skeleton className="mt-8 h-4 w-full" />
        <Skeleton className="mt-3 h-4 w-full" />
        <Skeleton className="mt-3 h-4 w-2/3" />
      </Loading>
    </div>
  );
}

function LessonTools({ lesson }: { lesson: TenantLesson }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [deletes, setDeletes] = useState(false);
  const params = { course: lesson.course.id, lesson: lesson.id };
  const key = tenantLessonQuery(params.course, params.lesson).queryKey;
  const isPublished = lesson.state === "published";
  const onError = (error: Error): void => {
    setDeletes(false);
    flash({ tone: "warn", text: error.message });
  };
  const publishing = useMutation({
    mutationFn: () =>
      changeLesson(params.course, params.lesson, {
        version: lesson.version,
        state: isPublished ? "draft" : "published",
      }),
    onSuccess: (fresh) => client.setQueryData(key, fresh),
    onError,
    onSettled: () => client.invalidateQueries({ queryKey: tenantCoursesKey }),
  });
  const removal = useMutation({
    mutationFn: () => deleteLesson(params.course, params.lesson),
    onSuccess: async () => {
      flash({ tone: "pass", text: `“${lesson.title}” is deleted.` });
      client.removeQueries({ queryKey: tenantCoursesKey, type: "inactive" }); // no list shows it again
      await navigate({ to: "/tenant/courses/$course", params: { course: params.course } });
      client.removeQueries({ queryKey: key });
      await client.invalidateQueries({ queryKey: tenantCoursesKey });
    },
    onError,
  });
  return (
    <div
      role="group"
      aria-label="For authors"
      className="mb-8 flex flex-wrap items-center gap-3 rounded-lg border border-line bg-sunken p-3"
    >
      <StateBadge state={lesson.state} />
      <ButtonLink look="quiet" to="/tenant/courses/$course/lessons/$lesson/edit" params={params}>
        Edit
      </ButtonLink>
      <Button look="quiet" busy={publishing.isPending} onClick={() => publishing.mutate()}>
        {isPublished ? "Take it back" : "Publish"}
      </Button>
      <Button look="danger" onClick={() => setDeletes(true)}>
        Delete
      </Button>
      <Confirm
        open={deletes}
        title={`Delete “${lesson.title}”?`}
        action="Delete for ever"
        busy={removal.isPending}
        onConfirm={() => removal.mutate()}
        onClose={() => setDeletes(false)}
      >
        Nobody can bring it back.
      </Confirm>
    </div>
  );
}

function Neighbour({
  course,
  label,
  lesson,
  end = false,
}: {
  course: string;
  label: string;
  lesson: LessonLink | null;
  end?: boolean;
}) {
  if (lesson === null) return <span className="hidden sm:block" />;
  return (
    <Link
      to="/tenant/courses/$course/lessons/$lesson"
      params={{ course, lesson: lesson.id }}
      className={`min-w-0 rounded-lg border border-line bg-surface p-4 break-words hover:border-accent ${end ? "sm:text-right" : ""}`}
    >
      <span className="block text-sm text-muted">{label}</span>
      <span className="font-medium">{lesson.title}</span>
    </Link>
  );
}
