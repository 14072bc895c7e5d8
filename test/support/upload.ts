/** Sends files as a browser's form does. */
import { envelope, type SampleFile } from "../../packages/aegis/src/verify/wire/files.ts";
import type { Visitor } from "./browser-like.ts";

export async function upload(
  visitor: Visitor,
  file: SampleFile,
  options: { field?: string; cut?: number } = {},
) {
  const { type, body } = envelope(file, options.field);
  return visitor.send("POST", "/api/uploads", {
    payload: body.subarray(0, body.length - (options.cut ?? 0)),
    headers: { "content-type": type, "x-csrftoken": await visitor.token() },
  });
}

export const named = (file: SampleFile, name: string, type = file.type): SampleFile => ({
  ...file,
  name,
  type,
});
