import { lazy, Suspense } from "react";
import { ButtonLink } from "../../ui/button.tsx";
import { useSession } from "./session.tsx";

// Strangers, who are most visitors, do not pay for the menu.
const SignedInMenu = lazy(() =>
  import("./signed-in-menu.tsx").then((module) => ({ default: module.SignedInMenu })),
);

const place = <span className="h-11 w-12 sm:w-24" aria-hidden="true" />;

export function AccountMenu() {
  const session = useSession();
  if (session === undefined) return place;
  if (session === null) return <ButtonLink to="/login">Sign in</ButtonLink>;
  return (
    <Suspense fallback={place}>
      <SignedInMenu session={session} />
    </Suspense>
  );
}
