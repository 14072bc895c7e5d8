/** Where a sign-in leads next: to the step that is still due, or in. */
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { pendingQuery, sessionQuery } from "../../api/queries.ts";
import type { SignedIn, Step } from "../../api/sign-in.ts";
import { flash } from "../../ui/flash.tsx";

const FEW_CODES = 3;
export const PAGES = {
  second_factor: "/login",
  password_change: "/change-password",
  mfa_enrolment: "/enrol",
} as const;

export function useArrive(next: string | undefined): (step: Step) => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return async (step) => {
    if (step.step !== "complete") {
      client.setQueryData(pendingQuery.queryKey, step);
      await router.navigate({ to: PAGES[step.step], search: next === undefined ? {} : { next } });
      return;
    }
    for (const area of ["me", "admin", "tenant", "courses"]) client.removeQueries({ queryKey: [area] });
    const session: SignedIn = { user: step.user, session: step.session };
    client.setQueryData(sessionQuery.queryKey, session);
    tellNews(step);
    await router.navigate({ href: next ?? "/" });
    // Only now: the page of the step would draw itself anew before it is left.
    client.setQueryData(pendingQuery.queryKey, null);
  };
}

function tellNews(step: Step & { step: "complete" }): void {
  if (step.deletion_cancelled === true)
    flash({
      tone: "pass",
      text: "Your account is no longer going to be deleted, because you have signed in.",
    });
  const left = step.backup_codes_left;
  if (left !== undefined && left <= FEW_CODES)
    flash({
      tone: "warn",
      text:
        left === 0
          ? "You have no backup code left."
          : `You have only ${left} backup code${left === 1 ? "" : "s"} left.`,
      link: { to: "/account/security", hash: "backup-codes", label: "Make new ones" },
    });
}
