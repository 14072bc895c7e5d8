import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ApiError } from "../../api/client.ts";
import { lessonQuery } from "../../api/queries.ts";
import { NotFoundPage } from "../../ui/not-found.tsx";
import { Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { useIsMember } from "../tenant/use-is-member.ts";
import { Blocks, plainText } from "./blocks.tsx";
import { Trail } from "./trail.tsx";

// Members alone have concepts; whoever only reads does not pay for them.
const LessonConcepts = lazy(() =>
  import("../knowledge/lesson-concepts.tsx").then((module) => ({ default: module.LessonConcepts })),
);

const route = getRouteApi("/courses/$course/$lesson");

export function LessonPage() {
  const { course, lesson } = route.useParams();
  const isMember = useIsMember();
  const { data, error, refetch } = useQuery(lessonQuery(course, lesson));
  if (error instanceof ApiError && error.status === 404) return <NotFoundPage />;
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (data === undefined)
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
  const headings = data.blocks.flatMap((block) =>
    block.type === "heading" && block.depth === 2 ? [{ id: block.id, title: plainText(block.children) }] : [],
  );
  return (
    <article>
      <Trail course={data.course} />
      <Page key={data.slug} title={data.title} lead={data.summary}>
        <p className="-mt-4 mb-8 text-sm text-muted">
          Lesson {data.position} · {data.minutes} min
        </p>
        <nav aria-label="In this lesson" className="mb-8 border-l-2 border-line pl-4">
          <ul className="space-y-1 text-sm">
            {headings.map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`} className="text-muted underline-offset-4 hover:text-text hover:underline">
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Blocks blocks={data.blocks} />
        {isMember ? (
          <Suspense>
            <LessonConcepts course={course} lesson={lesson} />
          </Suspense>
        ) : null}
        <nav aria-label="Lessons" className="mt-12 grid gap-4 border-t border-line pt-6 sm:grid-cols-2">
          <Neighbour course={course} label="Previous" lesson={data.previous} />
          <Neighbour course={course} label="Next" lesson={data.next} end />
        </nav>
      </Page>
    </article>
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
  lesson: { slug: string; title: string } | null;
  end?: boolean;
}) {
  if (lesson === null) return <span className="hidden sm:block" />;
  return (
    <Link
      to="/courses/$course/$lesson"
      params={{ course, lesson: lesson.slug }}
      className={`rounded-lg border border-line bg-surface p-4 hover:border-accent ${end ? "sm:text-right" : ""}`}
    >
      <span className="block text-sm text-muted">{label}</span>
      <span className="font-medium">{lesson.title}</span>
    </Link>
  );
}
