import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ApiError } from "../../api/client.ts";
import { type TenantCourse, tenantCourseQuery } from "../../api/courses.ts";
import type { Membership } from "../../api/tenant.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { CourseTools, MoveButtons } from "./course-tools.tsx";
import { isAuthor, StateBadge, Trail } from "./parts.tsx";

const route = getRouteApi("/tenant/courses/$course");

export function TenantCoursePage() {
  const { course: id } = route.useParams();
  return <InTenant>{(tenant) => <Course key={id} id={id} tenant={tenant} />}</InTenant>;
}

function Course({ id, tenant }: { id: string; tenant: Membership }) {
  const { data, error, refetch } = useQuery(tenantCourseQuery(id));
  if (error instanceof ApiError && [400, 404].includes(error.status)) return <NotFoundPage />;
  if (data !== undefined)
    return (
      <>
        <Trail />
        <Page title={data.title} lead={data.summary}>
          <Lessons course={data} mayWrite={isAuthor(tenant)} />
          {isAuthor(tenant) ? <CourseTools course={data} /> : null}
        </Page>
      </>
    );
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <Loading label="the course">
      <Skeleton className="h-10 w-2/3" />
      <Skeleton className="mt-8 h-64 w-full" />
    </Loading>
  );
}

function Lessons({ course, mayWrite }: { course: TenantCourse; mayWrite: boolean }) {
  if (course.lessons.length === 0)
    return (
      <Empty title="No lessons yet">
        {mayWrite ? (
          <ButtonLink
            to="/tenant/courses/$course/lessons/new"
            params={{ course: course.id }}
            className="mt-3"
          >
            Write a lesson
          </ButtonLink>
        ) : (
          "They appear here as soon as an author publishes one."
        )}
      </Empty>
    );
  return (
    <ol className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface shadow-card">
      {course.lessons.map((lesson, place) => (
        <li key={lesson.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 p-4 hover:bg-sunken">
          <div className="relative flex min-h-11 min-w-40 flex-1 items-center gap-4">
            <span
              className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-medium text-accent-strong"
              aria-hidden="true"
            >
              {place + 1}
            </span>
            <h2 className="min-w-0 font-semibold break-words">
              <Link
                to="/tenant/courses/$course/lessons/$lesson"
                params={{ course: course.id, lesson: lesson.id }}
                className="after:absolute after:inset-0"
              >
                {lesson.title}
              </Link>
            </h2>
          </div>
          {mayWrite ? (
            <div className="flex items-center gap-2">
              <StateBadge state={lesson.state} />
              <MoveButtons course={course} place={place} />
            </div>
          ) : null}
        </li>
      ))}
    </ol>
  );
}
