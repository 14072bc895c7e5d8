/** Files that are looked at while they arrive, because they are large: texts and videos. */
import type { Refusal } from "./verdict.ts";
import { NO_TEXT } from "./kinds.ts";

export interface StreamCheck {
  /** What is wrong so far, if anything is. */
  push(chunk: Buffer): Refusal | undefined;
  end(): Refusal | undefined;
}

/** UTF-8 without control characters: what is shown as text is nothing else. */
export function textCheck(): StreamCheck {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const read = (chunk?: Buffer): Refusal | undefined => {
    try {
      const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
      return NO_TEXT.test(text) ? "not_text" : undefined;
    } catch {
      return "not_text";
    }
  };
  return { push: read, end: () => read() };
}

const BRANDS = /^(isom|iso[2-9]|mp4[12]|avc1|M4V |M4VH|M4VP|dash|qt {2}|MSNV|mmp4|3gp\d|hvc1|av01)$/;
const BOXES = new Set(
  "ftyp moov mdat free skip wide moof mfra sidx ssix styp uuid meta pdin prft emsg udta".split(" "),
);

/** MP4 (ISO 14496-12): known boxes, one after the other to the last byte. What stands behind them would be another file. */
export function mp4Check(): StreamCheck {
  let header = Buffer.alloc(0);
  let left = 0;
  let isFirst = true;
  const seen = new Set<string>();
  const push = (chunk: Buffer): Refusal | undefined => {
    for (let at = 0; at < chunk.length;) {
      const skipped = Math.min(left, chunk.length - at);
      left -= skipped;
      at += skipped;
      if (at >= chunk.length) break;
      const wanted = header.length >= 8 && header.readUInt32BE(0) === 1 ? 16 : isFirst ? 12 : 8;
      const part = chunk.subarray(at, at + wanted - header.length);
      header = Buffer.concat([header, part]);
      at += part.length;
      if (header.length < wanted) break;
      const size = header.readUInt32BE(0);
      if (size === 1 && wanted < 16) continue; // the size is the 64 bits that follow
      const whole = size === 1 ? Number(header.readBigUInt64BE(8)) : size;
      const type = header.toString("latin1", 4, 8);
      if (!BOXES.has(type) || whole < wanted || !Number.isSafeInteger(whole)) return "damaged";
      if (isFirst !== (type === "ftyp") || (isFirst && !BRANDS.test(header.toString("latin1", 8, 12))))
        return "damaged";
      seen.add(type);
      isFirst = false;
      left = whole - header.length;
      header = Buffer.alloc(0);
    }
    return undefined;
  };
  const end = (): Refusal | undefined => {
    if (left > 0 || header.length > 0) return header.length > 0 ? "trailing_data" : "damaged";
    return seen.has("ftyp") && (seen.has("moov") || seen.has("moof")) ? undefined : "damaged";
  };
  return { push, end };
}

const HEAD_LENGTH = 4096;

/** WebM (RFC 9559): an EBML header that says so, and one segment to the last byte. */
export function webmCheck(): StreamCheck {
  let head = Buffer.alloc(0);
  let length = 0;
  return {
    push(chunk) {
      if (head.length < HEAD_LENGTH)
        head = Buffer.concat([head, chunk.subarray(0, HEAD_LENGTH - head.length)]);
      length += chunk.length;
      return undefined;
    },
    end() {
      const header = sizeAt(head, 4);
      if (header?.size === undefined || header.end + header.size + 12 > head.length) return "damaged";
      const from = header.end + header.size;
      const type = head.subarray(header.end, from).toString("latin1");
      if (!/\x42\x82.webm/s.test(type)) return "damaged";
      if (head.readUInt32BE(from) !== 0x18538067) return "damaged";
      const segment = sizeAt(head, from + 4);
      if (segment === undefined) return "damaged";
      // A recording of a live camera does not say how long it is.
      if (segment.size === undefined) return undefined;
      const whole = segment.end + segment.size;
      return whole === length ? undefined : whole < length ? "trailing_data" : "damaged";
    },
  };
}

/** A number of variable length (RFC 8794 4); all ones: unknown. */
function sizeAt(bytes: Buffer, at: number): { size: number | undefined; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  let value = BigInt(first & (0xff >> length));
  for (let one = 1; one < length; one++) value = value * 256n + BigInt(bytes[at + one] ?? 0);
  const unknown = 2n ** BigInt(7 * length) - 1n;
  return { size: value === unknown ? undefined : Number(value), end: at + length };
}
