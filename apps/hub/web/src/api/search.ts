/** Search over all that a member may read. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { list, nullable, number, object, text } from "./parse.ts";

const marked = object({ text, ranges: list(object({ start: number, end: number })) });
const answer = object({
  items: list(object({ kind: text, id: text, address: text, title: marked, snippet: marked })),
  total: number,
  page: number,
  per_page: number,
  next_page: nullable(number),
  previous_page: nullable(number),
  kinds: list(object({ kind: text, total: number })),
});
export type Marked = ReturnType<typeof marked>;
export type SearchAnswer = ReturnType<typeof answer>;
export type Found = SearchAnswer["items"][number];

export const QUERY_LENGTH = 200;
const PER_PAGE = 10;

export const searchQuery = (q: string, kind: string | undefined, page: number) =>
  queryOptions({
    queryKey: ["tenant", "search", q, kind ?? "", String(page)],
    queryFn: () =>
      call("POST", "/api/query", answer, {
        q,
        page,
        per_page: PER_PAGE,
        ...(kind === undefined ? {} : { kinds: [kind] }),
      }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    enabled: q !== "",
  });
