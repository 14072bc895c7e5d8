/** Answers that are broken, or built to waste the reader's time. */
import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readResponse, ResponseReader } from "./response.ts";

const limits = { maxHeaderBytes: 65_536, maxBodyBytes: 1_048_576 };
const read = (text: string | Buffer, ended = true) =>
  readResponse(Buffer.isBuffer(text) ? text : Buffer.from(text, "latin1"), ended, "GET", limits);
const timed = (work: () => unknown): number => {
  const started = performance.now();
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ name: "WireError" });
  }
  return performance.now() - started;
};
const packed = (body: Buffer, coding: string): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);

describe("the reader of answers", () => {
  it.each([
    ["a bare carriage return after blanks", `X:${" ".repeat(60_000)}\rz`],
    ["blanks inside a value", `X: a${" ".repeat(60_000)}b`],
    ["tabs inside a value", `X: a${"\t ".repeat(30_000)}b`],
    ["a name without end", "X".repeat(60_000)],
  ])("is not kept busy by %s", (_what, line) => {
    expect(timed(() => read(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`))).toBeLessThan(200);
  });

  it.each([
    ["a million chunks of one byte", "1\r\na\r\n".repeat(10_000)],
    ["chunks that are nearly all extension", `1;${"e".repeat(1000)}\r\na\r\n`.repeat(60)],
  ])("gives up on %s, and soon", (_what, text) => {
    const reader = new ResponseReader("GET", limits);
    reader.push(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    const piece = Buffer.from(text);
    let gaveUp: unknown;
    const busy = timed(() => {
      try {
        for (let round = 0; round < 200; round++) reader.push(piece);
      } catch (error) {
        gaveUp = error;
      }
    });
    expect(gaveUp).toMatchObject({ name: "WireError", fault: "size" });
    expect(busy).toBeLessThan(3000);
  });

  it.each([
    ["a chunk that is longer than it says", "Transfer-Encoding: chunked\r\n\r\n2\r\nabXX\r\n0\r\n\r\n"],
    ["a chunk size that is negative", "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"],
    ["a transfer coding nobody asked for", "Transfer-Encoding: gzip\r\n\r\n2\r\nab\r\n0\r\n\r\n"],
    ["two transfer codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length and chunks", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length that is negative", "Content-Length: -1\r\n\r\n"],
    ["a length that is hexadecimal", "Content-Length: 0x10\r\n\r\n"],
    ["a length that is listed twice", "Content-Length: 5, 5\r\n\r\nabcde"],
    ["a folded header", "X: a\r\n b\r\n\r\n"],
    ["a header name with a blank", "X : a\r\n\r\n"],
    ["a header without a name", ": a\r\n\r\n"],
    ["a NUL in a header", "X: a\0b\r\n\r\n"],
    ["a content coding nobody asked for", "Content-Encoding: rot13\r\nContent-Length: 1\r\n\r\na"],
    ["gzip that is none", "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"],
  ])("refuses %s", (_what, rest) => {
    expect(() => read(`HTTP/1.1 200 OK\r\n${rest}`)).toThrow(
      expect.objectContaining({ name: "WireError", fault: "malformed" }),
    );
  });

  it("refuses a switch of protocols that nobody asked for", () => {
    expect(() => read("HTTP/1.1 101 Switching Protocols\r\n\r\n")).toThrow("unasked");
  });

  it("says that a body is cut off when it is shorter than its length", () => {
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")).toMatchObject({
      body: "abc",
      truncated: true,
    });
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false)).toBeUndefined();
  });

  it("takes no more of a body than its length", () => {
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef")).toMatchObject({
      body: "abc",
      truncated: false,
    });
  });

  it("reads what is no UTF-8 as replacement characters", () => {
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\xff\xfe")?.body).toBe("a\ufffd\ufffd");
  });

  it("unpacks what comes compressed though nobody asked, so that nothing can hide in it", () => {
    const page = Buffer.from("<script>evil()</script>");
    expect(read(packed(zlib.gzipSync(page), "gzip"))?.body).toBe(page.toString());
    expect(read(packed(zlib.deflateSync(page), "deflate"))?.body).toBe(page.toString());
    expect(read(packed(zlib.brotliCompressSync(page), "br"))?.body).toBe(page.toString());
  });

  it("gives up on a small body that unpacks to a large one", () => {
    const bomb = Buffer.alloc(20_000_000);
    for (const answer of [
      packed(zlib.gzipSync(bomb), "gzip"),
      packed(zlib.brotliCompressSync(bomb, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }), "br"),
    ])
      expect(() => read(answer)).toThrow(expect.objectContaining({ fault: "size" }));
  });

  it("reads the same answer however it arrives", () => {
    const whole = Buffer.from(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    );
    const expected = read(whole);
    expect(expected?.body).toBe("hello world");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }), (sizes) => {
        const reader = new ResponseReader("GET", limits);
        let at = 0;
        let answer: unknown;
        for (const size of [...sizes, whole.length]) {
          answer ??= reader.push(whole.subarray(at, at + size));
          at += size;
        }
        expect(answer).toEqual(expected);
      }),
    );
  });
});
