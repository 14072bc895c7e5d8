/** What every page's route stands on: the frame around it, and who may open it. */
import type { FetchQueryOptions } from "@tanstack/react-query";
import { createRootRoute, type ErrorComponentProps, redirect } from "@tanstack/react-router";
import { queryClient, sessionQuery } from "./api/queries.ts";
import { Layout } from "./ui/layout.tsx";
import { NotFoundPage } from "./ui/not-found.tsx";
import { ErrorState } from "./ui/states.tsx";

const PageError = ({ error, reset }: ErrorComponentProps) => <ErrorState error={error} retry={reset} />;

export const root = createRootRoute({
  component: Layout,
  notFoundComponent: NotFoundPage,
  errorComponent: PageError,
});

/** A page's data is asked for on intent and while its code loads; the page itself shows how that went. */
export function ahead<T>(query: FetchQueryOptions<T, Error, T, string[]>): void {
  void queryClient.prefetchQuery(query);
}

/** Only whoever is signed in; others are shown the way, and back. */
export async function signedInOnly({ location }: { location: { href: string } }): Promise<void> {
  const session = await queryClient.ensureQueryData(sessionQuery).catch(() => undefined);
  if (session === null) throw redirect({ to: "/login", search: { next: location.href } });
}

/** A number of an address's search that counts something. */
export const whole = (value: unknown, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most;
