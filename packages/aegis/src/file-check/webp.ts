/** WebP (RFC 9649) and GIF (GIF89a), read part by part and written anew without what tells of people or hides things. */
import type { Checked } from "./verdict.ts";

const PICTURE = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;

export function checkWebp(bytes: Buffer): Checked {
  if (bytes.length < 20) return { refused: "damaged" };
  const whole = bytes.readUInt32LE(4) + 8;
  if (whole > bytes.length) return { refused: "damaged" };
  if (whole < bytes.length) return { refused: "trailing_data" };
  const kept: Buffer[] = [];
  let size: { width: number; height: number } | undefined;
  for (let at = 12; at < bytes.length;) {
    if (at + 8 > bytes.length) return { refused: "damaged" };
    const type = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (end > bytes.length) return { refused: "damaged" };
    const chunk = Buffer.from(bytes.subarray(at, end));
    if (size === undefined) {
      size = webpSize(type, chunk.subarray(8, 8 + length));
      if (size === undefined) return { refused: "damaged" };
    } else if (type === "VP8X") return { refused: "damaged" };
    if (type === "VP8X") chunk[8] = (chunk[8] ?? 0) & ~(HAS_EXIF | HAS_XMP);
    if (PICTURE.has(type)) kept.push(chunk);
    at = end;
  }
  if (size === undefined) return { refused: "damaged" };
  const body = Buffer.concat(kept);
  const head = Buffer.from(bytes.subarray(0, 12));
  head.writeUInt32LE(body.length + 4, 4);
  return { bytes: Buffer.concat([head, body]), ...size };
}

/** The first chunk says how large the picture is. */
function webpSize(type: string, data: Buffer): { width: number; height: number } | undefined {
  if (type === "VP8X" && data.length === 10)
    return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
  if (type === "VP8L" && data.length > 5 && data[0] === 0x2f) {
    const bits = data.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (type === "VP8 " && data.length > 10 && data.readUIntBE(3, 3) === 0x9d012a)
    return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
  return undefined;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

export function checkGif(bytes: Buffer): Checked {
  if (bytes.length < 14) return { refused: "damaged" };
  const size = { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  const table = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  let at = 13 + table(bytes[10] ?? 0);
  const kept: Buffer[] = [bytes.subarray(0, at)];
  let images = 0;
  while (at < bytes.length) {
    const start = at;
    const introducer = bytes[at];
    if (introducer === TRAILER) {
      if (images === 0) return { refused: "damaged" };
      if (at + 1 !== bytes.length) return { refused: "trailing_data" };
      return { bytes: Buffer.concat([...kept, bytes.subarray(at)]), ...size };
    }
    let isKept = true;
    if (introducer === IMAGE && at + 11 <= bytes.length) {
      images += 1;
      // A frame beyond the screen makes decoders grow the picture after its size was looked at.
      const right = bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5);
      const bottom = bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7);
      if (right > size.width || bottom > size.height) return { refused: "damaged" };
      at += 11 + table(bytes[at + 9] ?? 0);
    } else if (introducer === EXTENSION) {
      // Comments, plain text and what programs add go; how frames follow each other stays.
      const label = bytes[at + 1];
      isKept =
        label === 0xf9 || (label === 0xff && bytes.toString("latin1", at + 3, at + 14) === "NETSCAPE2.0");
      at += 2;
    } else return { refused: "damaged" };
    for (let length = bytes[at]; length !== 0; length = bytes[at]) {
      if (length === undefined) return { refused: "damaged" };
      at += 1 + length;
    }
    at += 1;
    if (isKept) kept.push(bytes.subarray(start, at));
  }
  return { refused: "damaged" };
}
