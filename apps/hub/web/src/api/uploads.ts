/** One's own files. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { list, nullable, number, object, text } from "./parse.ts";
import { sendFile, type Sending } from "./send-file.ts";

const upload = object({
  id: text,
  name: text,
  kind: text,
  media_type: text,
  size_bytes: number,
  width: nullable(number),
  height: nullable(number),
  created_at: text,
});
const share = object({ bytes: number, files: number });
const uploads = object({
  items: list(upload),
  total: number,
  page: number,
  pages: number,
  used: share,
  quota: share,
  kinds: list(object({ kind: text, extensions: list(text), limit_bytes: number })),
});

export type Upload = ReturnType<typeof upload>;
export type Uploads = ReturnType<typeof uploads>;

const MINE = "/api/uploads";
export const contentOf = (id: string) => `${MINE}/${encodeURIComponent(id)}/content`;
export const PER_PAGE = 20;

export interface UploadsSearch {
  readonly q: string;
  readonly page: number;
}

export const uploadsQuery = ({ q, page }: UploadsSearch) =>
  queryOptions({
    queryKey: ["me", "uploads", q, String(page)],
    queryFn: () => {
      const query = new URLSearchParams({ page: String(page), per_page: String(PER_PAGE) });
      if (q !== "") query.set("q", q);
      return call("GET", `${MINE}?${query.toString()}`, uploads);
    },
    placeholderData: keepPreviousData,
  });

export const sendUpload = (file: File, sending: Sending) => sendFile(MINE, file, upload, sending);
export const deleteUpload = (id: string) =>
  call("DELETE", `${MINE}/${encodeURIComponent(id)}`, object({ deleted: number }));
