import {
  type Control,
  type Exchange,
  type ProbeContext,
  type SignedIn,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { notDescribed } from "../verify/wire/checks.ts";
import * as files from "../verify/wire/files.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { UploadPolicy } from "./policy.ts";

export type Policy = DeepReadonly<UploadPolicy>;
export type Context = ProbeContext<Policy>;
export type File = files.SampleFile;

export interface Uploader {
  readonly visitor: SignedIn;
  /** `declared`: what is announced, where it is more than what comes. */
  readonly send: (file: File, declared?: number) => Promise<Exchange>;
  readonly content: (made: Exchange) => Promise<Exchange | undefined>;
  readonly nameOf: (made: Exchange) => unknown;
}

const advice: Control<Policy>["advice"] = {
  symptom: "A file that somebody uploads runs in another's browser, fills the disk or breaks what reads it.",
  cause: "Names and declared types are believed, sizes are not bounded, files are served as they came.",
  fix: "Take files through the upload room; set the upload section of the policy.",
};

export const control = (
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  probe: (uploader: Uploader, context: Context) => Promise<Verdict>,
): Control<Policy> => ({
  id: `upload.${id}`,
  claim,
  proves,
  references,
  advice,
  async probe(context) {
    const uploader = await open(context);
    return "outcome" in uploader ? uploader : probe(uploader, context);
  },
});

async function open(context: Context): Promise<Uploader | Verdict> {
  const { uploads, csrf } = context.target;
  if (uploads === undefined) return notDescribed("how to upload files (uploads)");
  const visitor = await context.signIn({ fresh: true });
  if (visitor === undefined) return unknown("could not sign in with a fresh account");
  const token = await visitor.csrfToken();
  const send = (file: File, declared?: number): Promise<Exchange> => {
    const { type, body } = files.envelope(file);
    return visitor.client.send({
      method: uploads.create.method ?? "POST",
      path: uploads.create.path,
      bytes: body,
      headers: {
        "Content-Type": type,
        ...(csrf?.header === undefined || token === undefined ? {} : { [csrf.header]: token }),
      },
      ...(declared === undefined ? {} : { declaredLength: declared }),
    });
  };
  return {
    visitor,
    send,
    content: async (made) => {
      const id = fieldOf(made, uploads.create.idField);
      return typeof id === "string"
        ? visitor.client.send({ path: uploads.contentPath.replace("{id}", encodeURIComponent(id)) })
        : undefined;
    },
    nameOf: (made) => fieldOf(made, uploads.create.nameField),
  };
}

/** Files that are made here byte by byte, by the name that the policy has for their kind. */
export const samples: readonly (readonly [
  kind: Policy["allowedKinds"][number],
  file: File,
  family: string,
])[] = [
  ["pdf", files.pdfFile(), "documentBytes"],
  ["png", files.pngFile(), "imageBytes"],
  ["gif", files.gifFile(), "imageBytes"],
  ["csv", files.csvFile(), "csvBytes"],
  ["text", files.textFile(), "documentBytes"],
  ["zip", files.zipFile([{ name: "a.txt", data: "a" }]), "generalBytes"],
  ["mp4", files.mp4File(), "videoBytes"],
];
export const allowedSamples = ({ policy }: Context) =>
  samples.filter(([kind]) => policy.allowedKinds.includes(kind));
export const named = (file: File, name: string, type = file.type): File => ({ ...file, name, type });
