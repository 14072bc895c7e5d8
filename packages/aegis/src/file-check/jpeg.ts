/**
 * JPEG (ITU T.81), read segment by segment and written anew: pictures of telephones say where they were taken. Of EXIF
 * the orientation alone is kept, in a segment of our own; colour profiles stay, so that the picture looks the same.
 */
import type { Checked } from "./verdict.ts";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Tables, frames, scans, restart intervals. */
const isPicture = (marker: number): boolean =>
  isFrame(marker) || [0xc4, 0xcc, SOS, 0xdb, 0xdc, 0xdd, 0xde, 0xdf].includes(marker);

export function checkJpeg(bytes: Buffer): Checked {
  const kept: Buffer[] = [bytes.subarray(0, 2)];
  let size: { width: number; height: number } | undefined;
  let scans = 0;
  let orientation = 1;
  for (let at = 2; at + 1 < bytes.length;) {
    if (bytes[at] !== 0xff) return { refused: "damaged" };
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1; // fill bytes may stand before a marker
      continue;
    }
    if (marker === EOI) {
      if (size === undefined || scans === 0) return { refused: "damaged" };
      if (!isHarmlessTail(bytes, at + 2)) return { refused: "trailing_data" };
      const [start, ...rest] = kept;
      const parts = [start ?? Buffer.alloc(0), ...orientationSegment(orientation), ...rest];
      return { bytes: Buffer.concat([...parts, Buffer.from([0xff, EOI])]), ...size };
    }
    if (marker === SOI || marker === 0 || isRestart(marker) || at + 4 > bytes.length)
      return { refused: "damaged" };
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return { refused: "damaged" };
    const segment = bytes.subarray(at, end);
    if (isFrame(marker)) {
      // A second frame could have another size than the one that is looked at.
      if (length < 8 || size !== undefined) return { refused: "damaged" };
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    if (marker === 0xe1) orientation = orientationOf(segment) ?? orientation;
    if (isPicture(marker) || isColour(marker, segment)) kept.push(segment);
    at = end;
    if (marker !== SOS) continue;
    scans += 1;
    const next = endOfScan(bytes, at);
    if (next === undefined) return { refused: "damaged" };
    kept.push(bytes.subarray(at, next));
    at = next;
  }
  return { refused: "damaged" };
}

/** Where the next marker stands that is no part of the picture's data. */
function endOfScan(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) return undefined;
    if (next !== 0 && next !== 0xff && !isRestart(next)) return at;
  }
  return undefined;
}

/** Cameras fill up with zeros, and put smaller pictures behind; neither is kept. Anything else is refused. */
function isHarmlessTail(bytes: Buffer, from: number): boolean {
  const tail = bytes.subarray(from);
  return tail.every((byte) => byte === 0) || tail.subarray(0, 3).equals(Buffer.from([0xff, SOI, 0xff]));
}

/** JFIF, Adobe's note on colours, and a profile: without them colours are wrong. */
function isColour(marker: number, segment: Buffer): boolean {
  const says = (text: string): boolean => segment.toString("latin1", 4, 4 + text.length) === text;
  if (marker === 0xe0) return says("JFIF\0") && segment.length === 18; // no thumbnail
  if (marker === 0xe2) return says("ICC_PROFILE\0");
  return marker === 0xee && says("Adobe") && segment.length === 16;
}

/** 1 to 8, out of an EXIF segment (TIFF 6.0); undefined where it has none. */
function orientationOf(segment: Buffer): number | undefined {
  if (segment.toString("latin1", 4, 10) !== "Exif\0\0" || segment.length < 24) return undefined;
  const tiff = segment.subarray(10);
  const order = tiff.toString("latin1", 0, 2);
  if (order !== "II" && order !== "MM") return undefined;
  const u16 = (at: number): number => (order === "II" ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const first = order === "II" ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (first + 2 > tiff.length) return undefined;
  for (let entry = 0, at = first + 2; entry < u16(first) && at + 12 <= tiff.length; entry++, at += 12)
    if (u16(at) === 0x0112) {
      const value = u16(at + 8);
      return value >= 1 && value <= 8 ? value : undefined;
    }
  return undefined;
}

function orientationSegment(orientation: number): Buffer[] {
  if (orientation === 1) return [];
  const entry = `0112000300000001000${orientation}0000`; // tag, one short, its value
  const tiff = `4d4d002a000000080001${entry}00000000`;
  return [Buffer.from(`ffe10022${Buffer.from("Exif\0\0").toString("hex")}${tiff}`, "hex")];
}
