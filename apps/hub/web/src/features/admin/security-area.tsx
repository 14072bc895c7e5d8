import { Link, useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import type { SignedIn } from "../../api/sign-in.ts";
import { AdminPage } from "./admin-page.tsx";

const PLACES = [
  ["/admin/security", "Overview"],
  ["/admin/security/posture", "Posture"],
  ["/admin/security/attacks", "Attacks and limits"],
  ["/admin/security/people", "People at risk"],
  ["/admin/security/sessions", "Sessions"],
  ["/admin/approvals", "Approvals"],
  ["/admin/audit", "Audit log"],
  ["/admin/security/csp", "Page policy"],
  ["/admin/security/upkeep", "Upkeep"],
  ["/admin/security/probe-accounts", "Probes"],
] as const;

/** A page of the security area, with the way to the others above it. */
export const SecurityPage = ({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: (session: SignedIn) => ReactNode;
}) => (
  <>
    <Places />
    <AdminPage title={title} lead={lead} wide>
      {children}
    </AdminPage>
  </>
);

function Places() {
  const line = useRef<HTMLDivElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    // Where the line is wider than the window, the page that is shown must be among those that are seen.
    const current = line.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (line.current !== null && current != null)
      line.current.scrollLeft = current.offsetLeft - line.current.clientWidth / 2 + current.clientWidth / 2;
  }, [path]);
  return (
    <nav aria-label="Security" className="-mx-4 mb-8 border-b border-line sm:mx-0">
      <div ref={line} className="relative flex gap-1 overflow-x-auto px-4 max-md:pb-1 sm:px-0 md:flex-wrap">
        {PLACES.map(([to, name]) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === "/admin/security", includeSearch: false }}
            className="flex min-h-11 shrink-0 items-center border-b-2 border-transparent px-2 whitespace-nowrap text-muted hover:text-text aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-text"
          >
            {name}
          </Link>
        ))}
      </div>
    </nav>
  );
}
