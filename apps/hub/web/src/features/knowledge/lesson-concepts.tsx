import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lessonNodesQuery } from "../../api/knowledge.ts";
import { ownTenantsQuery } from "../../api/tenant.ts";

/** What of the tenant's concepts a lesson speaks of. The lesson is there without it: an error here says nothing. */
export function LessonConcepts({ course, lesson }: { course: string; lesson: string }) {
  const tenant = useQuery(ownTenantsQuery).data?.tenant;
  const query = useQuery({ ...lessonNodesQuery(course, lesson), enabled: tenant != null });
  const items = query.data?.items ?? [];
  if (tenant == null || items.length === 0) return null;
  return (
    <section aria-labelledby="concepts" className="mt-12 border-t border-line pt-6">
      <h2 id="concepts" className="font-semibold">
        Concepts of this lesson
      </h2>
      <ul className="mt-3 flex flex-wrap gap-2">
        {items.map(({ id, title }) => (
          <li key={id} className="max-w-full">
            <Link
              to="/knowledge/$id"
              params={{ id }}
              className="flex min-h-11 items-center rounded-sm border border-line bg-surface px-4 break-words hover:border-accent"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
