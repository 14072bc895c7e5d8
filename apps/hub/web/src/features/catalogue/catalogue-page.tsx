import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { CourseSummary } from "../../api/content.ts";
import { coursesQuery } from "../../api/queries.ts";
import { Page } from "../../ui/page.tsx";
import { OwnCourses } from "../courses/own-courses.tsx";
import { Empty, ErrorState, Loading, Skeleton } from "../../ui/states.tsx";

export function CataloguePage() {
  const { data, error, refetch } = useQuery(coursesQuery);
  return (
    <Page
      wide
      title="Courses on web security"
      lead="Short lessons with requests you can send yourself. What they teach is how this hub is built."
    >
      <OwnCourses />
      {data !== undefined ? (
        data.items.length === 0 ? (
          <Empty title="No courses yet">Courses appear here as soon as an author publishes one.</Empty>
        ) : (
          <ul className="grid gap-5 sm:grid-cols-2">
            {data.items.map((course) => (
              <Course key={course.slug} course={course} />
            ))}
          </ul>
        )
      ) : error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Loading label="the courses">
          <div className="grid gap-5 sm:grid-cols-2">
            {[1, 2, 3, 4].map((place) => (
              <Skeleton key={place} className="h-56" />
            ))}
          </div>
        </Loading>
      )}
    </Page>
  );
}

const Course = ({ course }: { course: CourseSummary }) => (
  <li className="relative flex flex-col rounded-lg border border-line bg-surface p-6 shadow-card transition-colors focus-within:border-accent hover:border-accent">
    <p className="text-sm text-muted">
      <span className="font-medium text-accent first-letter:uppercase inline-block">{course.level}</span> ·{" "}
      {course.lesson_count} lessons · {course.minutes} min
    </p>
    <h2 className="mt-2 text-lg font-semibold">
      {/* The whole card is the link, and a screen reader hears one. */}
      <Link
        to="/courses/$course"
        params={{ course: course.slug }}
        className="after:absolute after:inset-0 after:rounded-lg"
      >
        {course.title}
      </Link>
    </h2>
    <p className="mt-2 flex-1 text-muted">{course.summary}</p>
    <ul className="mt-5 flex flex-wrap gap-2" aria-label="Topics">
      {course.topics.map((topic) => (
        <li key={topic} className="rounded-full bg-sunken px-3 py-0.5 text-sm">
          {topic}
        </li>
      ))}
    </ul>
  </li>
);
