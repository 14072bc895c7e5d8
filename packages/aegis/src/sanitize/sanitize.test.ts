import fc from "fast-check";
import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { safeAttributes, safeTags, sanitizeDefaults } from "./policy.ts";
import { sanitizedFields } from "./fields.ts";
import { sanitizer, sanitizeKinds } from "./sanitizer.ts";
import { attackFamilies, fragments } from "./payloads.contract.ts";

const sanitize = sanitizer({ ...sanitizeDefaults("test"), htmlMaxDepth: 64 });
const clean = (text: string, kind: (typeof sanitizeKinds)[number] = "rich"): string => {
  const result = sanitize(kind, text);
  if ("refused" in result) throw new Error(result.refused);
  return result.value;
};

/** What another parser finds in a text that policy does not name. */
function strangers(html: string): string[] {
  const found: string[] = [];
  const known = new Set<string>([...safeAttributes, "a.rel"]);
  const parser = new Parser({
    onopentag(name, attributes) {
      if (!safeTags.some((tag) => tag === name)) found.push(name);
      for (const [key, value] of Object.entries(attributes)) {
        if (!known.has(`${name}.${key}`)) found.push(`${name}.${key}`);
        if (key === "href" && !/^(https?:\/\/|mailto:|\/(?!\/)|#)/.test(value)) found.push(value);
        if (key === "src" && !/^\/(?!\/)/.test(value)) found.push(value);
      }
    },
    oncomment: (text) => void found.push(`comment ${text}`),
    onprocessinginstruction: (name) => void found.push(name),
  });
  parser.end(html);
  return found;
}

describe("rich text", () => {
  it.each([
    ["<p>One <b>two</b></p>", "<p>One <b>two</b></p>"],
    ["<script>alert(1)</script>left", "left"],
    ["<section>kept <marquee>text</marquee></section>", "kept text"],
    ["<p onclick=alert(1) style=x class=y id=z>a</p>", "<p>a</p>"],
    ["a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"],
    ["<!-- <img src=x onerror=alert(1)> -->a", "a"],
    ["<svg><p>x</p></svg><math><mtext>y</mtext></math>z", "<p>x</p>z"],
    ["<img src=https://evil.example/a.png alt=x>", ""],
    [
      '<img src="/api/uploads/1/content" alt="a&quot;b">',
      '<img src="/api/uploads/1/content" alt="a&quot;b">',
    ],
    ["<pre>\n\n x</pre>", "<pre>\n\n x</pre>"],
    [
      "<table><tr><td colspan=2 rowspan=51>x<th colspan=50 rowspan=0>y</table>",
      '<table><tbody><tr><td colspan="2">x</td><th colspan="50">y</th></tr></tbody></table>',
    ],
  ])("turns %j into %j", (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it("keeps links to what the policy names, and vouches for none", () => {
    const rel = ' rel="nofollow noopener noreferrer ugc"';
    expect(clean("<a href=HTTPS://Example.com/x?y=1&z=2#a>l</a>")).toBe(
      `<a href="https://example.com/x?y=1&amp;z=2#a"${rel}>l</a>`,
    );
    expect(clean("<a href=mailto:a@example.com>l</a>")).toBe(`<a href="mailto:a@example.com"${rel}>l</a>`);
    for (const local of ["/courses/a", "#part"])
      expect(clean(`<a href="${local}">l</a>`)).toBe(`<a href="${local}">l</a>`);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " \u0001javascript:alert(1)",
    "java\tscript:alert(1)",
    "java&#10;script:alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A&#x61vascript&colon;alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://x/1",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://bank.example@evil.example/",
    "https:///evil.example@x",
    "https://exa\u202emple.com",
    "relative/path",
    "ftp://x/",
    "tel:1",
    "",
  ])("leaves out a link to %j", (address) => {
    expect(clean(`<a href="${address}">l</a>`)).not.toMatch(/href="(?!https?:\/\/[\w.]+)/);
    expect(clean(`<a href="${address}">l</a>`)).not.toMatch(/bank\.example|script/i);
  });

  it("holds nothing but what the policy names, whatever came in, for another parser as well", () => {
    for (const text of attackFamilies) {
      for (const kind of ["rich", "strict", "linkify"] as const) {
        const result = sanitize(kind, text);
        if ("value" in result) expect([text, strangers(result.value)]).toEqual([text, []]);
      }
    }
  });

  it("settles: cleaned again, nothing changes", () => {
    const text = fc.oneof(
      fc.array(fc.constantFrom(...fragments), { maxLength: 30 }).map((parts) => parts.join("")),
      fc
        .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: "grapheme" })), { maxLength: 20 })
        .map((parts) => parts.join("")),
      fc.constantFrom(...attackFamilies),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...sanitizeKinds), (one, kind) => {
        const first = sanitize(kind, one);
        if ("refused" in first) return;
        expect(sanitize(kind, first.value)).toEqual(first);
        if (kind !== "text") expect(strangers(first.value)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses what would take long to clean", () => {
    const reason = (text: string) => sanitizer(sanitizeDefaults("test"))("rich", text);
    expect(reason("x".repeat(100_001))).toEqual({ refused: "too_long" });
    expect(reason("<div>".repeat(20_000))).toEqual({ refused: "too_deep" });
    expect(reason("<p>".repeat(30_000))).toEqual({ refused: "too_many_elements" });
    expect(reason(`<p ${Array.from({ length: 20_000 }, (_, at) => at.toString(36)).join(" ")}>`)).toEqual({
      refused: "too_many_attributes",
    });
    const formats = Array.from({ length: 20 }, (_, at) => `<b a=${at}>`).join("");
    expect(reason(formats + "<p>x</p>".repeat(10_000))).toEqual({ refused: "too_many_elements" });
  });
});

describe("strict", () => {
  it("leaves no markup, and the text readable", () => {
    expect(clean("<b>5 &lt; 6</b> <script>x</script>&amp;lt;", "strict")).toBe("5 &lt; 6 &amp;lt;");
  });
});

describe("linkify", () => {
  const link = (href: string, text = href) =>
    `<a href="${href}" rel="nofollow noopener noreferrer ugc">${text}</a>`;
  it("makes links of addresses, and of nothing else", () => {
    expect(clean("See https://example.com/a_(b), or ask me@example.com.", "linkify")).toBe(
      `See ${link("https://example.com/a_(b)")}, or ask ${link("mailto:me@example.com", "me@example.com")}.`,
    );
    expect(clean("javascript:alert(1) data:text/html,x <b>bold</b>", "linkify")).toBe(
      "javascript:alert(1) data:text/html,x bold",
    );
    expect(clean('https://example.com/"onmouseover="alert(1)', "linkify")).toBe(
      `${link("https://example.com/")}"onmouseover="alert(1)`,
    );
  });
});

describe("plain text", () => {
  it("loses what nobody sees, and nothing else", () => {
    expect(clean("a\u0000b\u0007c\u202etxt.exe\u2066\ufeff\u{e0041}", "text")).toBe("abctxt.exe");
    expect(clean("<b>5 < 6</b> & ünïcode 👩‍👩‍👧 שלום\u200f\r\nx\ty", "text")).toBe(
      "<b>5 < 6</b> & ünïcode 👩‍👩‍👧 שלום\u200f\nx\ty",
    );
    expect(clean("e\u0301", "text")).toBe("\u00e9");
    expect(clean("a\ud800b", "text")).toBe("a\ufffdb");
  });
});

describe("fields", () => {
  it("are found in objects and lists, and stop the start where they would be overlooked", () => {
    const text = { type: "string", sanitize: "rich" };
    expect(
      sanitizedFields({
        type: "object",
        properties: { a: text, list: { type: "array", items: { type: "object", properties: { b: text } } } },
      }).map(({ path }) => path.join(".")),
    ).toEqual(["a", "list.*.b"]);
    expect(() => sanitizedFields({ properties: { a: { anyOf: [text] } } })).toThrow(/anyOf/);
    expect(() => sanitizedFields({ properties: { a: { type: "string", sanitize: "all" } } })).toThrow(/rich/);
    expect(() => sanitizedFields({ properties: { a: { type: "integer", sanitize: "rich" } } })).toThrow(
      /text/,
    );
  });
});
