import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  csvFile,
  gifFile,
  mp4File,
  pdfFile,
  pngFile,
  type SampleFile,
  textFile,
  zipFile,
  type ZipPart,
} from "../verify/wire/files.ts";
import { checkWhole, streamCheck } from "./check.ts";
import { agreedKind, candidatesOf, kindNames, type KindName } from "./kinds.ts";

const bounds = { imagePixelLimit: 1_000_000, archiveEntryLimit: 20, archiveExpandedBytes: 4_000_000 };
const check = (kind: KindName, { bytes }: Pick<SampleFile, "bytes">) =>
  checkWhole(kind, Buffer.from(bytes), bounds);
const arriving = (kind: KindName, bytes: Uint8Array, step = bytes.length) => {
  const stream = streamCheck(kind);
  if (stream === undefined) throw new Error("not looked at while it arrives");
  for (let at = 0; at < bytes.length; at += step) {
    const wrong = stream.push(Buffer.from(bytes.subarray(at, at + step)));
    if (wrong !== undefined) return wrong;
  }
  return stream.end();
};
const followedBy = (one: SampleFile, tail: string | Uint8Array): Pick<SampleFile, "bytes"> => ({
  bytes: Buffer.concat([one.bytes, Buffer.from(tail)]),
});
const HTML = "<script>alert(1)</script>";

describe("the content", () => {
  it("decides the kind, whatever the name says", () => {
    const of = (bytes: Uint8Array | string) => candidatesOf(Buffer.from(bytes));
    expect(of(pngFile().bytes)).toEqual(["png"]);
    expect(of(gifFile().bytes)).toEqual(["gif"]);
    expect(of(pdfFile().bytes)).toEqual(["pdf"]);
    expect(of(mp4File().bytes)).toEqual(["mp4"]);
    expect(of(zipFile([]).bytes)).toContain("docx");
    expect(of(textFile("Grüße").bytes)).toEqual(["text", "csv"]);
  });

  it.each([
    ["a program", "MZ\x90\0\x03"],
    ["an ELF program", "\x7fELF\x02"],
    ["a page", "\n <!DOCTYPE html><p>"],
    ["a page that begins with a comment", "<!-- --><script>"],
    ["an SVG picture", '<?xml version="1.0"?><svg onload="x"/>'],
    ["a bare SVG picture", "<svg xmlns='http://www.w3.org/2000/svg'/>"],
    ["a shell script", "#!/bin/sh\nrm x"],
    ["PostScript", "%!PS-Adobe"],
    ["UTF-16", Buffer.from("\ufeff<script>", "utf16le")],
    ["a note with a NUL", "a\0b"],
    ["broken UTF-8", Buffer.from([0x61, 0xff, 0x62])],
    ["a gzip archive", Buffer.from([0x1f, 0x8b, 8])],
    ["nothing known", Buffer.from([1, 2, 3, 4])],
  ])("of %s is no kind that is known", (_what, bytes) => {
    expect(candidatesOf(Buffer.from(bytes))).toEqual([]);
  });

  it("must agree with the name and the declared type", () => {
    const agreed = (extension: string, mediaType: string) => agreedKind(["png"], { extension, mediaType });
    expect(agreed("png", "image/png")).toBe("png");
    expect(agreed("", "application/octet-stream")).toBe("png");
    expect(agreed("jpg", "image/png")).toBeUndefined();
    expect(agreed("png", "text/html")).toBeUndefined();
    expect(agreed("exe", "")).toBeUndefined();
    expect(agreedKind(["text", "csv"], { extension: "csv", mediaType: "application/vnd.ms-excel" })).toBe(
      "csv",
    );
    expect(agreedKind(["text", "csv"], { extension: "", mediaType: "text/csv; charset=x" })).toBe("csv");
    expect(agreedKind(["zip", "docx"], { extension: "docx", mediaType: "" })).toBe("docx");
  });
});

describe("a picture", () => {
  const secret = Buffer.from("Comment\0GPS 52.5 13.4");
  it("loses what it tells beside the picture", async () => {
    const told = pngFile(2, 2, [
      ["tEXt", secret],
      ["eXIf", secret],
      ["gAMA", Buffer.from([0, 0, 0xb1, 0x8f])],
    ]);
    const checked = await check("png", told);
    if ("refused" in checked) throw new Error(checked.refused);
    expect(checked).toMatchObject({ width: 2, height: 2 });
    expect(checked.bytes.includes("GPS")).toBe(false);
    expect(checked.bytes.includes("gAMA")).toBe(true);
    const gif = await check("gif", gifFile(1, 1, "GPS 52.5"));
    if ("refused" in gif) throw new Error(gif.refused);
    expect([gif.bytes.includes("GPS"), gif.width]).toEqual([false, 1]);
  });

  it.each([
    ["png", pngFile()],
    ["gif", gifFile()],
  ] as const)("as %s with something behind its end is refused", async (kind, one) => {
    expect(await check(kind, followedBy(one, HTML))).toEqual({ refused: "trailing_data" });
    expect(await check(kind, followedBy(one, zipFile([{ name: "a", data: "b" }]).bytes))).toEqual({
      refused: "trailing_data",
    });
  });

  it("that says it is huge is refused before anybody decodes it", async () => {
    expect(await check("png", pngFile(1001, 1000))).toEqual({ refused: "too_many_pixels" });
    expect(await check("png", pngFile(0x7fffffff, 0x7fffffff))).toEqual({ refused: "too_many_pixels" });
    expect(await check("gif", gifFile(65_535, 65_535))).toEqual({ refused: "too_many_pixels" });
    expect(await check("png", pngFile(0, 5))).toEqual({ refused: "damaged" });
    expect(await check("png", pngFile(1000, 1000))).toMatchObject({ width: 1000 });
  });

  it("that is cut off or changed anywhere never breaks the check", async () => {
    const samples: (readonly [KindName, Uint8Array])[] = [
      ["png", pngFile(3, 3).bytes],
      ["gif", gifFile(3, 3, "x").bytes],
      ["jpeg", Buffer.from("ffd8ffe000104a46494600010100000100010000ffdb", "hex")],
      ["webp", Buffer.from("524946461a000000574542505650384c0d0000002f0000001007", "hex")],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        async (one, at, byte, cut) => {
          const bytes = Buffer.from(one[1]);
          const place = at % bytes.length;
          bytes[place] = byte;
          await expect(
            check(one[0], { bytes: cut ? bytes.subarray(0, place) : bytes }),
          ).resolves.toBeDefined();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("a PDF", () => {
  const packed = (text: string, dictionary = "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode") => {
    const data = deflateSync(text);
    return Buffer.concat([
      Buffer.from(`9 0 obj\n<< ${dictionary} /Length ${data.length} >>\nstream\n`),
      data,
      Buffer.from("\nendstream\nendobj\n"),
    ]);
  };

  it("that only shows something is taken", async () => {
    expect(await check("pdf", pdfFile("/Names << /Dests 4 0 R >>"))).toHaveProperty("bytes");
    expect(
      await check("pdf", pdfFile("", packed("5 0 << /A << /S /URI /URI (https://x) >> >>"))),
    ).toHaveProperty("bytes");
  });

  it.each([
    ["a script", "/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", "active_content"],
    ["a script under another spelling", "/OpenAction << /S /J#61vaScr#69pt /JS (1) >>", "active_content"],
    ["a program to start", "/OpenAction << /S /Launch /F (cmd.exe) >>", "active_content"],
    ["a form of its own kind", "/AcroForm << /XFA 9 0 R >>", "active_content"],
    ["a file on somebody's network", "/A << /S /GoToR /F (\\\\\\\\evil\\\\x) >>", "active_content"],
    ["files in it", "/Names << /EmbeddedFiles 9 0 R >>", "embedded_file"],
    ["a lock", "/Encrypt 9 0 R", "encrypted"],
  ])("with %s is refused", async (_what, extra, refused) => {
    expect(await check("pdf", pdfFile(extra))).toEqual({ refused });
  });

  it("is looked into where its objects are packed, whatever the dictionary pretends", async () => {
    const script = "5 0 << /S /Java#53cript /JS (1) >>";
    expect(await check("pdf", pdfFile("", packed(script)))).toEqual({ refused: "active_content" });
    expect(await check("pdf", pdfFile("", packed(script, "/N 1 /First 4")))).toEqual({
      refused: "active_content",
    });
    expect(await check("pdf", pdfFile("/Title (stream)", packed(script)))).toEqual({
      refused: "active_content",
    });
    expect(await check("pdf", pdfFile("", packed(script, "/Type /ObjStm /Filter [/ASCII85Decode]")))).toEqual(
      {
        refused: "unreadable",
      },
    );
    expect(
      await check("pdf", pdfFile("", packed("x", "/Type /ObjStm /DecodeParms << /Predictor 12 >>"))),
    ).toEqual({ refused: "unreadable" });
  });

  it("with something else behind or before it is refused", async () => {
    expect(await check("pdf", followedBy(pdfFile(), HTML))).toEqual({ refused: "trailing_data" });
    expect(await check("pdf", followedBy(pdfFile(), Buffer.alloc(4000)))).toEqual({ refused: "damaged" });
    expect(candidatesOf(Buffer.concat([Buffer.from([1]), pdfFile().bytes]))).toEqual([]);
  });
});

describe("an archive", () => {
  const zip = (parts: readonly ZipPart[]) => check("zip", zipFile(parts));
  const good: ZipPart = { name: "a/b.txt", data: "text" };

  it("of plain files is taken", async () => {
    expect(await zip([good, { name: "c.csv", data: "1,2" }])).toHaveProperty("bytes");
    expect(await zip([])).toHaveProperty("bytes");
  });

  it.each([
    ["a path out of its folder", [{ name: "../x", data: "" }], "bad_path"],
    ["a path from the root", [{ name: "/etc/passwd", data: "" }], "bad_path"],
    ["a path of another system", [{ name: "a\\..\\x", data: "" }], "bad_path"],
    ["a drive", [{ name: "C:x", data: "" }], "bad_path"],
    ["a link", [{ name: "x", data: "/etc/passwd", lies: { mode: 0o120777 } }], "bad_path"],
    ["one name twice", [good, { name: "A/B.TXT", data: "" }], "damaged"],
    ["an archive in it", [{ name: "x", data: zipFile([good]).bytes }], "nested_archive"],
    ["an archive by name in it", [{ name: "x.rar", data: "x" }], "nested_archive"],
    ["a lock", [{ ...good, lies: { flags: 0x0801 } }], "encrypted"],
    ["a wrong sum", [{ ...good, lies: { crc: 1 } }], "damaged"],
    ["more in it than it says", [{ name: "x", data: "x".repeat(5000), lies: { size: 10 } }], "damaged"],
    ["less in it than it says", [{ name: "x", data: "x", lies: { size: 10 } }], "damaged"],
    ["a bomb", [{ name: "x", data: Buffer.alloc(3_000_000) }], "bomb"],
    ["more than may come out", [{ name: "x", data: "x", lies: { size: 4_000_001 } }], "bomb"],
    [
      "too many files",
      Array.from({ length: 21 }, (_, at) => ({ name: `${at}`, data: "" })),
      "too_many_entries",
    ],
  ] satisfies [string, ZipPart[], string][])("with %s is refused", async (_what, parts, refused) => {
    expect(await zip(parts)).toEqual({ refused });
  });

  it("with anything before, between or behind its parts is refused", async () => {
    const bytes = Buffer.from(zipFile([good]).bytes);
    expect(await check("zip", followedBy(zipFile([good]), HTML))).toEqual({ refused: "trailing_data" });
    expect(await check("zip", { bytes: Buffer.concat([Buffer.from("PK\x03\x04"), bytes]) })).toHaveProperty(
      "refused",
    );
  });
});

describe("an office document", () => {
  const types = (more = "") => ({ name: "[Content_Types].xml", data: `<Types>${more}</Types>` });
  const main = { name: "word/document.xml", data: "<w:document/>" };
  const docx = (parts: readonly ZipPart[]) => check("docx", zipFile(parts));

  it("is taken as what it is, and as nothing else", async () => {
    expect(await docx([types(), main])).toHaveProperty("bytes");
    expect(await check("xlsx", zipFile([types(), main]))).toEqual({ refused: "mismatch" });
    expect(await check("zip", zipFile([types(), main]))).toEqual({ refused: "mismatch" });
    expect(await docx([{ name: "x", data: "" }])).toEqual({ refused: "mismatch" });
  });

  it.each([
    ["a macro", [types(), main, { name: "word/vbaProject.bin", data: "x" }]],
    ["macros by type", [types('ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"'), main]],
    ["a control", [types(), main, { name: "word/activeX/activeX1.xml", data: "<x/>" }]],
    ["an object in it", [types(), main, { name: "word/embeddings/oleObject1.bin", data: "x" }]],
    ["entities", [types(), { ...main, data: '<!DOCTYPE x [<!ENTITY a "b">]><x/>' }]],
    ["entities in UTF-16", [types(), { ...main, data: Buffer.from("\ufeff<!DOCTYPE x []>", "utf16le") }]],
    [
      "a template from elsewhere",
      [
        types(),
        main,
        {
          name: "word/_rels/settings.xml.rels",
          data: '<Relationship Id="1" Type="http://x/attachedTemplate" Target="https://evil" TargetMode="External"/>',
        },
      ],
    ],
  ] satisfies [string, ZipPart[]][])("with %s is refused", async (_what, parts) => {
    expect(await docx(parts)).toEqual({ refused: "active_content" });
  });

  it("with links that lead outside is taken", async () => {
    const link = {
      name: "word/_rels/document.xml.rels",
      data: '<Relationship Type="http://x/hyperlink" TargetMode="External"/>',
    };
    expect(await docx([types(), main, link])).toHaveProperty("bytes");
  });
});

describe("what is looked at while it arrives", () => {
  it("is read the same, in whatever pieces it comes", () => {
    for (const step of [1, 3, 7, 1000]) {
      expect(arriving("text", textFile("Grüße, 👩‍👩‍👧\t\r\n").bytes, step)).toBeUndefined();
      expect(arriving("csv", csvFile().bytes, step)).toBeUndefined();
      expect(arriving("csv", csvFile("a\0b").bytes, step)).toBe("not_text");
      expect(arriving("text", Buffer.from([0x61, 0xe2, 0x82]), step)).toBe("not_text");
      expect(arriving("mp4", mp4File().bytes, step)).toBeUndefined();
      expect(arriving("mp4", mp4File("PK\x03\x04").bytes, step)).toBe("trailing_data");
      expect(arriving("mp4", mp4File(HTML).bytes, step)).toBe("damaged");
      expect(arriving("mp4", mp4File().bytes.subarray(0, -1), step)).toBe("damaged");
    }
  });

  it("knows WebM by its header and its one segment", () => {
    const header = Buffer.from("1a45dfa3874282847765626d", "hex");
    const segment = (size: string, body: string) => Buffer.from(`18538067${size}${body}`, "hex");
    const film = "ec8100".repeat(6);
    expect(arriving("webm", Buffer.concat([header, segment("92", film)]), 5)).toBeUndefined();
    expect(arriving("webm", Buffer.concat([header, segment("ff", film)]))).toBeUndefined();
    expect(arriving("webm", Buffer.concat([header, segment("92", film), Buffer.from(HTML)]))).toBe(
      "trailing_data",
    );
    expect(arriving("webm", Buffer.from("1a45dfa38742828464756d6d18538067ff".padEnd(80, "0"), "hex"))).toBe(
      "damaged",
    );
  });
});

describe("any bytes at all", () => {
  it("get an answer, as every kind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(...kindNames),
        async (bytes, kind) => {
          candidatesOf(bytes);
          const stream = streamCheck(kind);
          if (stream === undefined) await expect(check(kind, { bytes })).resolves.toBeDefined();
          else arriving(kind, bytes, 13);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
