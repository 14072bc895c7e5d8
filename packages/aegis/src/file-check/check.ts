/** Looks at what is in a file. Whoever calls it has decided how large it may be. */
import { checkArchive } from "./archive.ts";
import { checkJpeg } from "./jpeg.ts";
import { type KindName, kindOf } from "./kinds.ts";
import { checkPdf } from "./pdf.ts";
import { checkPng } from "./png.ts";
import { mp4Check, type StreamCheck, textCheck, webmCheck } from "./streams.ts";
import type { Checked } from "./verdict.ts";
import { checkGif, checkWebp } from "./webp.ts";
import type { ZipBounds } from "./zip.ts";

export interface CheckBounds extends ZipBounds {
  readonly imagePixelLimit: number;
}

const streamChecks: Partial<Record<KindName, () => StreamCheck>> = {
  text: textCheck,
  csv: textCheck,
  mp4: mp4Check,
  webm: webmCheck,
};

/** For kinds that are looked at while they arrive; undefined for those that are looked at whole. */
export const streamCheck = (kind: KindName): StreamCheck | undefined => streamChecks[kind]?.();

export async function checkWhole(kind: KindName, bytes: Buffer, bounds: CheckBounds): Promise<Checked> {
  const { family } = kindOf(kind);
  if (family === "image") return withinPixels(checkImage(kind, bytes), bounds);
  return kind === "pdf" ? checkPdf(bytes) : checkArchive(bytes, kind, bounds);
}

function checkImage(kind: KindName, bytes: Buffer): Checked {
  if (kind === "png") return checkPng(bytes);
  if (kind === "jpeg") return checkJpeg(bytes);
  return kind === "webp" ? checkWebp(bytes) : checkGif(bytes);
}

/** A few kilobytes can say that they are a picture of a gigabyte, and whoever decodes them believes it. */
function withinPixels(checked: Checked, { imagePixelLimit }: CheckBounds): Checked {
  if ("refused" in checked) return checked;
  const { width = 0, height = 0 } = checked;
  if (width === 0 || height === 0) return { refused: "damaged" };
  return width * height > imagePixelLimit ? { refused: "too_many_pixels" } : checked;
}
