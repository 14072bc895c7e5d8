import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ApiError } from "../../api/client.ts";
import {
  changeLesson,
  createLesson,
  tenantCourseQuery,
  tenantCoursesKey,
  type TenantLesson,
  tenantLessonQuery,
} from "../../api/courses.ts";
import { Button } from "../../ui/button.tsx";
import { flash } from "../../ui/flash.tsx";
import { useForm } from "../../ui/form.tsx";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useDraft } from "../account/draft.ts";
import { InTenant } from "../tenant/in-tenant.tsx";
import { LessonForm } from "./lesson-form.tsx";
import { ForAuthors, Trail } from "./parts.tsx";
import { RichText } from "./rich-text.tsx";

const newRoute = getRouteApi("/tenant/courses/$course/lessons/new");
const editRoute = getRouteApi("/tenant/courses/$course/lessons/$lesson/edit");

export function NewLessonPage() {
  const { course } = newRoute.useParams();
  return (
    <InTenant>
      {(tenant) => (
        <ForAuthors tenant={tenant}>
          <NewLesson courseId={course} />
        </ForAuthors>
      )}
    </InTenant>
  );
}

export function EditLessonPage() {
  const { course, lesson } = editRoute.useParams();
  return (
    <InTenant>
      {(tenant) => (
        <ForAuthors tenant={tenant}>
          <EditLesson key={lesson} courseId={course} id={lesson} />
        </ForAuthors>
      )}
    </InTenant>
  );
}

interface Found<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}
function Whole<T>({ query, children }: { query: Found<T>; children: (data: T) => ReactNode }) {
  const { data, error, refetch } = query;
  if (error instanceof ApiError && [400, 404].includes(error.status)) return <NotFoundPage />;
  if (data !== undefined) return <>{children(data)}</>;
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <Loading label="the lesson">
      <Skeleton className="h-96 w-full" />
    </Loading>
  );
}

function NewLesson({ courseId }: { courseId: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <Whole query={useQuery(tenantCourseQuery(courseId))}>
      {(course) => (
        <>
          <Trail course={course} />
          <Page title="A new lesson">
            <LessonForm
              name={`lesson-new-${courseId}`}
              courseId={courseId}
              initial={{ title: "", content: [] }}
              useSaving={(text, forget) =>
                useForm(async () => {
                  const { id, title } = await createLesson(courseId, text());
                  forget();
                  await client.invalidateQueries({ queryKey: tenantCoursesKey });
                  flash({ tone: "pass", text: `“${title}” is saved as a draft.` });
                  await navigate({
                    to: "/tenant/courses/$course/lessons/$lesson",
                    params: { course: courseId, lesson: id },
                  });
                })
              }
            />
          </Page>
        </>
      )}
    </Whole>
  );
}

function EditLesson({ courseId, id }: { courseId: string; id: string }) {
  const query = useQuery({ ...tenantLessonQuery(courseId, id), refetchOnWindowFocus: false });
  return (
    <Whole query={query}>
      {(lesson) => <Editor lesson={lesson} reload={async () => (await query.refetch()).data} />}
    </Whole>
  );
}

/**
 * Edits the version that was opened; which one that was is kept with what was typed, so that a draft that is found again
 * after somebody else has saved does not pass for one of theirs. Somebody else's is shown beside it, and either may be kept.
 */
function Editor({
  lesson,
  reload,
}: {
  lesson: TenantLesson;
  reload: () => Promise<TenantLesson | undefined>;
}) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened] = useState(lesson);
  const name = `lesson-${lesson.id}`;
  const [version, setVersion, forgetVersion] = useDraft(`${name}-version`, String(opened.version));
  const [theirs, setTheirs] = useState<TenantLesson | undefined>(undefined);
  const courseId = lesson.course.id;
  return (
    <>
      <Trail course={lesson.course} />
      <Page title="Edit a lesson">
        <div className="space-y-6">
          {theirs === undefined ? null : (
            <Notice tone="warn">
              <p className="font-medium">Somebody has saved another version meanwhile. It says:</p>
              <div
                className="mt-2 max-h-64 overflow-auto rounded-sm border border-line bg-surface p-3 text-text"
                tabIndex={0}
                role="group"
                aria-label="Their version"
              >
                <p className="font-semibold">{theirs.title}</p>
                <RichText content={theirs.content} />
              </div>
              <p className="mt-2">
                Yours is in the form still. Take over what you need, then save yours over theirs.
              </p>
              <Button
                look="quiet"
                className="mt-3"
                onClick={() => {
                  setVersion(String(theirs.version));
                  setTheirs(undefined);
                }}
              >
                I have looked: let me save mine
              </Button>
            </Notice>
          )}
          <LessonForm
            name={name}
            courseId={courseId}
            initial={opened}
            disabled={theirs !== undefined}
            onTyped={() => setVersion(version)}
            useSaving={(text, forget) =>
              useForm(async () => {
                try {
                  const saved = await changeLesson(courseId, lesson.id, {
                    version: Number(version),
                    ...text(),
                  });
                  forget();
                  forgetVersion();
                  client.setQueryData(tenantLessonQuery(courseId, lesson.id).queryKey, saved);
                  await client.invalidateQueries({ queryKey: tenantCoursesKey });
                  flash({ tone: "pass", text: `“${saved.title}” is saved.` });
                  await navigate({
                    to: "/tenant/courses/$course/lessons/$lesson",
                    params: { course: courseId, lesson: lesson.id },
                  });
                } catch (error) {
                  if (error instanceof ApiError && error.code === "HUB_COURSE_CHANGED")
                    setTheirs(await reload());
                  throw error;
                }
              })
            }
          />
        </div>
      </Page>
    </>
  );
}
