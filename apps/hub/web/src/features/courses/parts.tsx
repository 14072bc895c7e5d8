import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { PublishState } from "../../api/courses.ts";
import { atLeast, type Membership } from "../../api/tenant.ts";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/states.tsx";

export const isAuthor = ({ role }: Membership): boolean => atLeast(role, "author");

/** Learners see nothing else than what is published: they are not told so each time. */
export const StateBadge = ({ state }: { state: PublishState }) =>
  state === "published" ? <Badge state="pass">published</Badge> : <Badge state="unknown">draft</Badge>;

export const ForAuthors = ({ tenant, children }: { tenant: Membership; children: ReactNode }) =>
  isAuthor(tenant) ? (
    children
  ) : (
    <Empty title="Authors write courses">
      If you want to write here, ask an administrator of {tenant.name} to make you an author.
    </Empty>
  );

/** Where one is, and the way back. */
export const Trail = ({ course }: { course?: { id: string; title: string } }) => (
  <nav aria-label="Breadcrumb" className="mx-auto mb-4 max-w-2xl text-sm text-muted">
    <ol className="flex flex-wrap gap-x-2">
      <li>
        <Link to="/tenant/courses" className="underline underline-offset-4 hover:text-text">
          Courses of your tenant
        </Link>
      </li>
      {course === undefined ? null : (
        <li className="min-w-0 break-words">
          <span aria-hidden="true">/ </span>
          <Link
            to="/tenant/courses/$course"
            params={{ course: course.id }}
            className="underline underline-offset-4 hover:text-text"
          >
            {course.title}
          </Link>
        </li>
      )}
    </ol>
  </nav>
);
