/**
 * Threat: files that fill the disk, run in a reader's browser or program, hide one kind in another, unpack to a
 * thousand times their size, or tell where somebody lives. Rule: the content decides the kind, and what is not known is
 * refused; every kind has a size, every tenant and account a share that is taken before a byte is written; what is kept
 * lies under a random id outside of everything that is served, and goes out as an attachment that nothing may run in.
 * References: ASVS 5.0 5.1 to 5.4; CWE-434; CWE-409; CWE-22; RFC 6266; requirement LIM-6.
 */
import type Type from "typebox";
import { count, type Environment, flag, section, wordsOf } from "../lib/schema.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** The kinds that can be told from their content. */
export const uploadKinds = [
  "png",
  "jpeg",
  "webp",
  "gif",
  "pdf",
  "docx",
  "xlsx",
  "pptx",
  "text",
  "csv",
  "zip",
  "mp4",
  "webm",
] as const;

const size = (what: string) => count(1024, 4 * GiB, `Largest ${what}, in bytes; beyond it 413.`);

export const uploadPolicySchema = section(
  {
    allowedKinds: wordsOf(uploadKinds, "Kinds of files that are taken; a route may take fewer."),
    limits: section(
      {
        generalBytes: size("file of any other kind"),
        documentBytes: size("document: PDF, office, text"),
        imageBytes: size("picture"),
        videoBytes: size("video"),
        csvBytes: size("table of comma-separated values"),
      },
      "Sizes by kind; a route may set less.",
    ),
    imagePixelLimit: count(
      10_000,
      1_000_000_000,
      "Most pixels of a picture, by what its header says: a small file may be a picture of gigabytes.",
    ),
    archiveEntryLimit: count(1, 65_534, "Most files in an archive or office document."),
    archiveExpandedBytes: count(1024, 4 * GiB, "What an archive or office document may unpack to, in bytes."),
    nameMaxLength: count(16, 200, "Longest name that is shown and given back, in characters."),
    inlineImages: flag("Checked pictures open in the browser; everything else is always an attachment."),
    accountBytes: count(0, 1024 * GiB, "What one account may keep, in bytes."),
    accountFileLimit: count(0, 1_000_000, "How many files one account may keep."),
    tenantBytes: count(0, 1024 * 1024 * GiB, "What all accounts of a tenant may keep together, in bytes."),
  },
  "Files of people.",
);

export type UploadPolicy = Type.Static<typeof uploadPolicySchema>;

export const uploadDefaults = (_environment: Environment): UploadPolicy => ({
  allowedKinds: [...uploadKinds],
  limits: {
    generalBytes: 16 * MiB,
    documentBytes: 10 * MiB,
    imageBytes: 5 * MiB,
    videoBytes: 50 * MiB,
    csvBytes: 20 * MiB,
  },
  imagePixelLimit: 50_000_000, // a good telephone's; 200 MB once it is decoded
  archiveEntryLimit: 1000,
  archiveExpandedBytes: 100 * MiB,
  nameMaxLength: 120,
  inlineImages: false, // <img> shows an attachment, too
  accountBytes: GiB,
  accountFileLimit: 1000,
  tenantBytes: 10 * GiB,
});
