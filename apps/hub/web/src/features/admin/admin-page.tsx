import type { ReactNode } from "react";
import type { SignedIn } from "../../api/sign-in.ts";
import { Page } from "../../ui/page.tsx";
import { Loading, NoAccess, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";

/** The frame of an administrator's page: what it shows is asked for only by those who may see it. */
export function AdminPage({
  title,
  lead,
  wide = false,
  children,
}: {
  title: string;
  lead?: ReactNode;
  wide?: boolean;
  children: (session: SignedIn) => ReactNode;
}) {
  const session = useSession();
  return (
    <Page title={title} lead={lead} wide={wide}>
      {session === undefined ? (
        <Loading label="the page">
          <Skeleton className="h-64 w-full" />
        </Loading>
      ) : session === null ? (
        <SignInFirst />
      ) : session.user.roles.includes("admin") ? (
        children(session)
      ) : (
        <NoAccess />
      )}
    </Page>
  );
}
