/** Every question to the server by name, so that pages share answers and know what to ask again. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { listDevices, readProfile } from "./account.ts";
import { ApiError } from "./client.ts";
import { listCourses, readCourse, readLesson } from "./content.ts";
import { readPolicy } from "./policy.ts";
import { checkPending, checkSession } from "./sign-in.ts";

const MINUTE = 60_000;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: checkSession,
  staleTime: MINUTE,
  refetchOnWindowFocus: "always",
});
/** Asked only where it matters: on the pages of a sign-in. */
export const pendingQuery = queryOptions({
  queryKey: ["pending"],
  queryFn: checkPending,
  staleTime: 0,
});
export const policyQuery = queryOptions({
  queryKey: ["policy"],
  queryFn: readPolicy,
  staleTime: Number.POSITIVE_INFINITY,
});
export const coursesQuery = queryOptions({
  queryKey: ["courses"],
  queryFn: listCourses,
  staleTime: 10 * MINUTE,
});
export const courseQuery = (slug: string) =>
  queryOptions({ queryKey: ["courses", slug], queryFn: () => readCourse(slug), staleTime: 10 * MINUTE });
export const lessonQuery = (course: string, slug: string) =>
  queryOptions({
    queryKey: ["courses", course, slug],
    queryFn: () => readLesson(course, slug),
    staleTime: 10 * MINUTE,
  });
export const profileQuery = queryOptions({ queryKey: ["me", "profile"], queryFn: readProfile });
export const devicesQuery = queryOptions({ queryKey: ["me", "devices"], queryFn: listDevices });

/** A refusal will not change by asking again; a server that is away may be back. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500) },
  },
});
