import { Link } from "@tanstack/react-router";

/** Where one is, and the way back. */
export const Trail = ({ course }: { course?: { slug: string; title: string } }) => (
  <nav aria-label="Breadcrumb" className="mx-auto mb-4 max-w-2xl text-sm text-muted">
    <ol className="flex flex-wrap gap-x-2">
      <li>
        <Link to="/" className="underline underline-offset-4 hover:text-text">
          Courses
        </Link>
      </li>
      {course === undefined ? null : (
        <li>
          <span aria-hidden="true">/ </span>
          <Link
            to="/courses/$course"
            params={{ course: course.slug }}
            className="underline underline-offset-4 hover:text-text"
          >
            {course.title}
          </Link>
        </li>
      )}
    </ol>
  </nav>
);
