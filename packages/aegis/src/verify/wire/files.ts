/** Small files as probes send them, made here byte by byte, and the envelope that they are sent in. */
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

export interface SampleFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

const file = (name: string, type: string, bytes: Uint8Array | string): SampleFile => ({
  name,
  type,
  bytes: typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes,
});

/** One file as multipart/form-data (RFC 7578): the Content-Type and the body. */
export function envelope(sent: SampleFile, field = "file"): { readonly type: string; readonly body: Buffer } {
  const boundary = "aegis-5f0c8a2d7b";
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${field}"; filename="${sent.name}"`,
    `Content-Type: ${sent.type}`,
    "",
    "",
  ].join("\r\n");
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), sent.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

export const textFile = (text = "A note.\n"): SampleFile => file("note.txt", "text/plain", Buffer.from(text));
export const csvFile = (text = "a,b\n1,2\n"): SampleFile => file("table.csv", "text/csv", Buffer.from(text));

/** One empty page; `extra` goes into the catalogue, `object` stands behind it as it is. */
export function pdfFile(extra = "", object: string | Uint8Array = ""): SampleFile {
  const start = `%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R ${extra} >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n`;
  const bytes = Buffer.concat([
    Buffer.from(start, "latin1"),
    typeof object === "string" ? Buffer.from(object, "latin1") : object,
    Buffer.from("trailer\n<< /Root 1 0 R /Size 4 >>\nstartxref\n0\n%%EOF\n", "latin1"),
  ]);
  return file("page.pdf", "application/pdf", bytes);
}

export function gifFile(width = 1, height = 1, comment = ""): SampleFile {
  const head = Buffer.from("GIF89a\0\0\0\0\0\0\0", "latin1");
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  const note = comment === "" ? "" : `!\xfe${String.fromCharCode(comment.length)}${comment}\0`;
  const picture = "\x2c\0\0\0\0\x01\0\x01\0\x80\0\0\0\xff\xff\xff\x02\x02\x44\x01\0;";
  return file("dot.gif", "image/gif", Buffer.concat([head, Buffer.from(note + picture, "latin1")]));
}

const pngChunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
};

/** White, ten lines of it at most; `more` are chunks before the picture's data. */
export function pngFile(
  width = 1,
  height = 1,
  more: readonly (readonly [type: string, data: Uint8Array])[] = [],
): SampleFile {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const row = Buffer.alloc(Math.min(width, 100_000) + 1, 0xff).fill(0, 0, 1); // each begins with its filter: none
  const rows = deflateSync(Buffer.concat(Array.from({ length: Math.min(height, 10) }, () => row)));
  return file(
    "white.png",
    "image/png",
    Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      pngChunk("IHDR", header),
      ...more.map(([type, data]) => pngChunk(type, data)),
      pngChunk("IDAT", rows),
      pngChunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

const box = (type: string, data: string): string => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length + 8);
  return size.toString("latin1") + type + data;
};
/** No frame in it; a box of moov alone. */
export const mp4File = (behind = ""): SampleFile =>
  file(
    "clip.mp4",
    "video/mp4",
    box("ftyp", "isom\0\0\x02\0isomiso2") + box("moov", "") + box("mdat", "x") + behind,
  );

export interface ZipPart {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** What its headers say instead of the truth. */
  readonly lies?: {
    readonly size?: number;
    readonly crc?: number;
    readonly flags?: number;
    readonly mode?: number;
  };
}

/** Deflated entries one after the other, the directory, the end. */
export function zipFile(parts: readonly ZipPart[], name = "files.zip", type = "application/zip"): SampleFile {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name: entry, data, lies = {} } of parts) {
    const plain = Buffer.from(data);
    const packed = deflateRawSync(plain, { level: 9 });
    const title = Buffer.from(entry);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(lies.flags ?? 0x0800, 2);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(lies.crc ?? crc32(plain), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(lies.size ?? plain.length, 18);
    shared.writeUInt16LE(title.length, 22);
    bodies.push(Buffer.concat([Buffer.from("PK\x03\x04"), shared, title, packed]));
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((lies.mode ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), shared, rest.subarray(0, 14), title]));
    at += 30 + title.length + packed.length;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return file(name, type, Buffer.concat([...bodies, ...directory, end]));
}
