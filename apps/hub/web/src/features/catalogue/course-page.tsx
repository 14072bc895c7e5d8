import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ApiError } from "../../api/client.ts";
import { courseQuery } from "../../api/queries.ts";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { Trail } from "./trail.tsx";

const route = getRouteApi("/courses/$course");

export function CoursePage() {
  const { course: slug } = route.useParams();
  const { data, error, refetch } = useQuery(courseQuery(slug));
  if (error instanceof ApiError && error.status === 404) return <NotFoundPage />;
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (data === undefined)
    return (
      <Loading label="the course">
        <Skeleton className="h-10 w-2/3" />
        <Skeleton className="mt-8 h-64 w-full" />
      </Loading>
    );
  return (
    <>
      <Trail />
      <Page title={data.title} lead={data.summary}>
        <ol className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface shadow-card">
          {data.lessons.map((lesson, index) => (
            <li key={lesson.slug} className="relative flex gap-4 p-5 hover:bg-sunken">
              <span
                className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-medium text-accent-strong"
                aria-hidden="true"
              >
                {index + 1}
              </span>
              <div className="flex-1">
                <h2 className="font-semibold">
                  <Link
                    to="/courses/$course/$lesson"
                    params={{ course: slug, lesson: lesson.slug }}
                    className="after:absolute after:inset-0"
                  >
                    {lesson.title}
                  </Link>
                </h2>
                <p className="mt-0.5 text-muted">{lesson.summary}</p>
              </div>
              <span className="shrink-0 text-sm text-muted">{lesson.minutes} min</span>
            </li>
          ))}
        </ol>
      </Page>
    </>
  );
}
