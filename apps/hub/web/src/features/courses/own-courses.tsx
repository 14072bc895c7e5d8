import { useQuery } from "@tanstack/react-query";
import { tenantCoursesQuery } from "../../api/courses.ts";
import { type Membership, ownTenantsQuery } from "../../api/tenant.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { useIsMember } from "../tenant/use-is-member.ts";
import { isAuthor } from "./parts.tsx";

/** The way from what everybody may read to what a tenant's members alone do; strangers are not shown it. */
export function OwnCourses() {
  const isMember = useIsMember();
  const tenant = useQuery({ ...ownTenantsQuery, enabled: isMember }).data?.tenant;
  return isMember && tenant != null ? <Way key={tenant.id} tenant={tenant} /> : null;
}

function Way({ tenant }: { tenant: Membership }) {
  // Beside the public courses, a failure is no reason to shut the door: it is shown behind it.
  const total = useQuery(tenantCoursesQuery({ q: "", cursor: undefined })).data?.total;
  return (
    <section
      aria-labelledby="own-courses"
      className="mb-8 flex flex-wrap items-center gap-x-6 gap-y-4 rounded-lg border border-line bg-surface p-6"
    >
      <div className="min-w-0 grow basis-60">
        <h2 id="own-courses" className="text-lg font-semibold break-words">
          Courses of {tenant.name}
        </h2>
        <p className="mt-1 min-h-6 text-muted">{words(tenant, total)}</p>
      </div>
      <ButtonLink look="quiet" to="/tenant/courses">
        {total === 0 && isAuthor(tenant) ? "Begin there" : "See them"}
      </ButtonLink>
    </section>
  );
}

function words(tenant: Membership, total: number | undefined): string {
  if (total === undefined) return "Written in your tenant, for its members alone.";
  if (total > 0) return `${total} ${total === 1 ? "course" : "courses"}, for members alone.`;
  return isAuthor(tenant)
    ? "None yet. What you write and publish there appears for members alone."
    : "None yet. They appear there as soon as an author publishes one.";
}
