import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type TenantCourseSummary, tenantCoursesQuery } from "../../api/courses.ts";
import type { Membership } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Page } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { InTenant } from "../tenant/in-tenant.tsx";
import { isAuthor, StateBadge } from "./parts.tsx";

const route = getRouteApi("/tenant/courses");

export const TenantCoursesPage = () => (
  <Page wide title="Courses of your tenant" lead="Written here, and read by members alone.">
    <InTenant>{(tenant) => <Courses tenant={tenant} />}</InTenant>
  </Page>
);

function Courses({ tenant }: { tenant: Membership }) {
  const { q = "", cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(tenantCoursesQuery({ q, cursor }));
  const mayWrite = isAuthor(tenant);
  const write = (
    <ButtonLink to="/tenant/courses/new" className="mt-4 sm:mt-0">
      Write a course
    </ButtonLink>
  );
  const go = (to: string | null | undefined) =>
    void navigate({ search: { ...(q === "" ? {} : { q }), ...(to == null ? {} : { cursor: to }) } });
  return (
    <Answer query={query} label="the courses" shape="h-64">
      {(page) =>
        page.total === 0 && q === "" ? (
          <Empty title="No courses yet">
            {mayWrite ? (
              <>
                <p className="mb-4">Write the first one. Members see it when you publish it.</p>
                {write}
              </>
            ) : (
              `They appear here as soon as an author of ${tenant.name} publishes one.`
            )}
          </Empty>
        ) : (
          <div className="space-y-6">
            <div className="flex flex-wrap items-end gap-4">
              <SearchField
                label="Part of a title or summary"
                q={q}
                maxLength={100}
                onSearch={(words) =>
                  void navigate({
                    replace: true,
                    resetScroll: false,
                    search: words === "" ? {} : { q: words },
                  })
                }
              />
              {mayWrite ? write : null}
            </div>
            {page.items.length === 0 ? (
              <Empty title="None is found">Try fewer or other words.</Empty>
            ) : (
              <ul className="grid gap-5 sm:grid-cols-2">
                {page.items.map((course) => (
                  <Course key={course.id} course={course} mayWrite={mayWrite} />
                ))}
              </ul>
            )}
            {page.next_cursor === null && page.previous_cursor === null ? null : (
              <nav aria-label="Pages" className="flex gap-3">
                <Button
                  look="quiet"
                  disabled={page.previous_cursor === null}
                  onClick={() => go(page.previous_cursor)}
                >
                  Previous
                </Button>
                <Button
                  look="quiet"
                  disabled={page.next_cursor === null}
                  onClick={() => go(page.next_cursor)}
                >
                  Next
                </Button>
              </nav>
            )}
          </div>
        )
      }
    </Answer>
  );
}

const Course = ({ course, mayWrite }: { course: TenantCourseSummary; mayWrite: boolean }) => (
  <li className="relative flex min-w-0 flex-col rounded-lg border border-line bg-surface p-6 shadow-card transition-colors focus-within:border-accent hover:border-accent">
    <h2 className="text-lg font-semibold break-words">
      {/* The whole card is the link, and a screen reader hears one. */}
      <Link
        to="/tenant/courses/$course"
        params={{ course: course.id }}
        className="after:absolute after:inset-0 after:rounded-lg"
      >
        {course.title}
      </Link>
    </h2>
    <p className="mt-2 flex-1 break-words text-muted">{course.summary}</p>
    <p className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
      {mayWrite ? <StateBadge state={course.state} /> : null}
      <span>
        {course.lesson_count} {course.lesson_count === 1 ? "lesson" : "lessons"}
      </span>
      <span>
        changed <Time at={course.updated_at} />
      </span>
    </p>
  </li>
);
