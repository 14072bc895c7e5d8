import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTags } from "./html.ts";
import { isDeletion, parseSetCookie } from "./set-cookie.ts";

describe("the reader of Set-Cookie", () => {
  it("gives back what was put in", () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
    const value = fc.stringMatching(/^[!#-+\--:<-~]{0,40}$/);
    const attributes = fc.uniqueArray(fc.tuple(token, fc.option(value, { nil: undefined })), {
      maxLength: 6,
      selector: ([name]) => name.toLowerCase(),
    });
    fc.assert(
      fc.property(token, value, attributes, (name, content, list) => {
        const parts = list.map(([key, text]) => (text === undefined ? key : `${key}=${text}`));
        const cookie = parseSetCookie([`${name}=${content}`, ...parts].join("; "));
        expect(cookie).toMatchObject({ name, value: content });
        expect([...(cookie?.attributes ?? [])]).toEqual(
          list.map(([key, text]) => [key.toLowerCase(), text ?? ""]),
        );
      }),
    );
  });

  it.each(["", "=", "=value", " =value", "name", "; Path=/", `a=${"b".repeat(9000)}`])(
    "takes %j for no cookie",
    (line) => {
      expect(parseSetCookie(line)).toBeUndefined();
    },
  );

  it.each([
    ["a=b; Max-Age=0", true],
    ["a=b; Max-Age=-1", true],
    ["a=b; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false],
    ["a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true],
    ["a=b; Expires=never", false],
    ["a=b; Max-Age=abc", false],
    ["a=b", false],
  ])("%s takes the cookie away: %s", (line, away) => {
    const cookie = parseSetCookie(line);
    expect(cookie !== undefined && isDeletion(cookie, Date.parse("2026-01-01"))).toBe(away);
  });
});

describe("the reader of pages", () => {
  const scripts = (html: string) =>
    findTags(html, ["script"]).map(({ attributes }) => Object.fromEntries(attributes));

  it.each([
    ['<script nonce="a">', { nonce: "a" }],
    ["<script nonce='a' src=/x.js>", { nonce: "a", src: "/x.js" }],
    ["<SCRIPT NONCE = a defer>", { nonce: "a", defer: "" }],
    ['<script data-x="a>b" nonce="c">', { "data-x": "a>b", nonce: "c" }],
    ['<script nonce="a" nonce="b">', { nonce: "a" }],
    ["<script/nonce=a>", { nonce: "a" }],
    ['<script =x="1" nonce=a>', { "=x": "1", nonce: "a" }],
    ["<script", {}],
  ])("reads %s", (html, attributes) => {
    expect(scripts(html)).toEqual([attributes]);
  });

  it("overlooks none, however far down, and takes no other tag for one", () => {
    expect(scripts(`${"<b>".repeat(5000)}<script>`)).toHaveLength(1);
    expect(scripts("<!-- <script> --><scripty><script-x><noscript>")).toHaveLength(1);
  });

  it("finds every script among any others", () => {
    const other = fc.constantFrom("<b>", "text", "<!--", "-->", "'", '"', "<", ">", "</script>", "<style>");
    fc.assert(
      fc.property(fc.array(fc.oneof(other, fc.constant("<script>")), { maxLength: 40 }), (parts) => {
        expect(scripts(parts.join(" ")).length).toBe(parts.filter((part) => part === "<script>").length);
      }),
    );
  });

  it.each(["<script ", '<script a=">', "<script a='", "<script =", "<", "<script/"])(
    "is not kept busy by a page of %j",
    (piece) => {
      const page = piece.repeat(Math.floor(1_000_000 / piece.length));
      const started = performance.now();
      findTags(page, ["script", "link"]);
      expect(performance.now() - started).toBeLessThan(1500);
    },
  );
});
