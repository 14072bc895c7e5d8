/** PNG (W3C PNG, third edition), read chunk by chunk and written anew with what makes the picture and nothing else. */
import { crc32 } from "node:zlib";
import type { Checked } from "./verdict.ts";

const SIGNATURE_LENGTH = 8;
/** The picture, its colours and its transparency. Texts, times, EXIF, animations and whatever is unknown stay behind. */
const KEPT = new Set([
  "IHDR",
  "PLTE",
  "tRNS",
  "gAMA",
  "cHRM",
  "sRGB",
  "iCCP",
  "sBIT",
  "bKGD",
  "pHYs",
  "IDAT",
  "IEND",
]);

export function checkPng(bytes: Buffer): Checked {
  const kept: Buffer[] = [bytes.subarray(0, SIGNATURE_LENGTH)];
  let size: { width: number; height: number } | undefined;
  let hasData = false;
  for (let at = SIGNATURE_LENGTH; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) return { refused: "damaged" };
    const type = bytes.toString("latin1", at + 4, at + 8);
    const body = bytes.subarray(at + 4, end - 4);
    if (crc32(body) !== bytes.readUInt32BE(end - 4)) return { refused: "damaged" };
    if ((size === undefined) !== (type === "IHDR")) return { refused: "damaged" };
    if (type === "IHDR") {
      if (length !== 13) return { refused: "damaged" };
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
    }
    hasData ||= type === "IDAT";
    if (KEPT.has(type)) kept.push(bytes.subarray(at, end));
    at = end;
    if (type !== "IEND") continue;
    if (size === undefined || !hasData || length !== 0) return { refused: "damaged" };
    // What a picture viewer never reads, another program may run.
    if (at !== bytes.length) return { refused: "trailing_data" };
    return { bytes: Buffer.concat(kept), ...size };
  }
  return { refused: "damaged" };
}
