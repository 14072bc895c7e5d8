import fc from "fast-check";
import PostalMime from "postal-mime";
import nodemailer from "nodemailer";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import type { MailMessage } from "./mailer.ts";
import { mimeOf } from "./mime.ts";
import { composeMail, type Letter, type MfaChange } from "./templates.ts";

const facts = { product: "Aegis Hub", origin: "https://hub.example.org" };
const doing = { at: Date.UTC(2026, 2, 1, 12, 34, 56, 789), ip: "192.0.2.7", device: "Firefox on Windows" };
const changes: readonly MfaChange[] = [
  "totp_on",
  "mfa_off",
  "passkey_added",
  "passkey_removed",
  "backup_codes_renewed",
  "reset_by_admin",
];
const letters: readonly Letter[] = [
  { kind: "verify_code", code: "482913", minutes: 10 },
  { kind: "address_taken" },
  { kind: "reset_link", url: "https://hub.example.org/reset#token=a_b-c&x=1", minutes: 1 },
  { kind: "password_changed", ...doing },
  { kind: "password_reset", ...doing },
  { kind: "new_device", ...doing },
  { kind: "email_changed", ...doing },
  { kind: "token_reused", ...doing },
  ...changes.map((change) => ({ kind: "mfa_changed", change, ...doing }) as const),
  { kind: "sessions_revoked", count: 3, ...doing },
  { kind: "sign_in_blocked", at: doing.at },
  { kind: "account_unlocked" },
  { kind: "deletion_scheduled", deleteAfter: doing.at },
  { kind: "deletion_cancelled" },
  { kind: "mfa_removal_decided", approved: true },
  { kind: "mfa_removal_decided", approved: false },
  ...(["created", "rotated", "revoked_by_admin"] as const).map(
    (change) => ({ kind: "api_key_changed", change, id: "Ab12Cd34", ...doing }) as const,
  ),
];
const tagsOf = (html: string) => html.match(/<[^>]*>/g);

/** What a strict parser of another hand reads of the message that goes out. */
async function parsed(message: MailMessage) {
  const sender = { name: "Hub", address: "hub@example.org" };
  const mail = mimeOf(message, sender, { now: () => doing.at }, systemRandom);
  const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message: bytes } = await composer.sendMail(mail);
  if (!Buffer.isBuffer(bytes)) throw new Error("no buffer");
  return PostalMime.parse(bytes);
}

describe.each(letters.map((letter) => [letter.kind, letter] as const))("the letter %s", (_, letter) => {
  const { subject, text, html } = composeMail(letter, facts);

  it("says the same as text and as HTML, and who it is from", () => {
    const words = html
      .replace(/^[\s\S]*<body>/, "")
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll("&#39;", "'");
    for (const line of text.split("\n").filter((one) => !/https?:/.test(one)))
      for (const word of line.split(/[\s:]+/)) expect(words).toContain(word);
    for (const link of text.match(/https:\S+$/gm) ?? [])
      expect(html).toContain(link.replaceAll("&", "&amp;"));
    expect(text).toContain("Aegis Hub");
  });

  it("tells what to do if it was not you", () => {
    expect(text).toMatch(/[Ii]f (it was not you|you did not)/);
  });

  it("fetches nothing, runs nothing and links to our origin alone", () => {
    expect(html).not.toMatch(/<(img|script|link|iframe|object|form|svg)|src=|url\(|@import|\son\w+=/i);
    for (const [, href] of html.matchAll(/href="([^"]*)"/g))
      expect(href).toMatch(/^https:\/\/hub\.example\.org\//);
    for (const [link] of text.matchAll(/https?:\S+/g)) expect(link).toMatch(/^https:\/\/hub\.example\.org/);
  });

  it("has a subject of one short line without code, device or address", () => {
    expect(subject).toMatch(/^[A-Z][\x20-\x7e]{10,80}$/);
    expect(subject).not.toMatch(/482913|Firefox|192\.0|token/);
  });
});

describe("values in letters", () => {
  it("are exact: times in UTC, the code in one piece, the link whole", () => {
    const of = (kind: Letter["kind"]) => {
      const letter = letters.find((one) => one.kind === kind);
      if (letter === undefined) throw new Error(kind);
      return composeMail(letter, facts);
    };
    expect(of("new_device").text).toContain("Time: 2026-03-01 12:34:56 UTC\nDevice: Firefox on Windows\n");
    expect(of("deletion_scheduled").html).toContain("<b>2026-03-01 12:34:56 UTC</b>");
    expect(of("verify_code").text).toContain("\n    482913\n");
    expect(of("verify_code").html).toContain("<code>482913</code>");
    expect(of("reset_link").text).toContain("\nhttps://hub.example.org/reset#token=a_b-c&x=1\n");
    expect(of("reset_link").text).toContain("for 1 minute.");
  });

  it.each([
    "https://evil.example/reset#token=abc",
    "https://hub.example.org.evil.example/reset",
    "https://hub.example.org@evil.example/",
    "http://hub.example.org/reset",
    "javascript:alert(1)",
    "data:text/html,x",
    "/reset",
  ])("refuses the link %j, and does not repeat it", (url) => {
    const compose = () => composeMail({ kind: "reset_link", url, minutes: 30 }, facts);
    expect(compose).toThrow(expect.objectContaining({ code: "AEGIS_MAIL_LINK" }));
    expect(compose).not.toThrow(/token=abc/);
  });

  it("are escaped wherever they stand, those of the operator too", () => {
    const product = `<img src="x">&'`;
    const { html, text } = composeMail(
      { kind: "verify_code", code: "<b>&", minutes: 10 },
      { ...facts, product },
    );
    expect(html).toContain("<code>&lt;b&gt;&amp;</code>");
    expect(html).toContain(
      "<title>Confirm your e-mail address for &lt;img src=&quot;x&quot;&gt;&amp;&#39;</title>",
    );
    expect(html).not.toContain("<img");
    expect(text).toContain("    <b>&\n");
  });

  it("make a subject that can be sent, whatever the product is called", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 90 }), async (name) => {
        for (const product of [name, `${"a".repeat(59)} ${name}`, ""]) {
          const composed = composeMail({ kind: "address_taken" }, { ...facts, product });
          const mail = await parsed({ to: "ada@example.org", ...composed });
          expect(mail.subject).toBe(composed.subject);
        }
      }),
    );
  });

  it("of a client cannot form a link, a tag, a line or a header", async () => {
    const expected = composeMail({ kind: "new_device", ...doing }, facts);
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.constantFrom(
        "x\r\nBcc: eve@evil.example\r\n\r\n<script>",
        '"><img src=https://evil.example/x>',
        "Visit https://evil.example/login now",
        "www.evil.example",
        "</b></p><a href='https://evil.example'>",
        "\r\n.\r\nQUIT",
        "‮moc.live",
        "\u001b[2J",
      ),
    );
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (device, ip) => {
        const composed = composeMail({ kind: "new_device", at: doing.at, device, ip }, facts);
        expect(tagsOf(composed.html)).toEqual(tagsOf(expected.html));
        expect(composed.text.split("\n")).toHaveLength(expected.text.split("\n").length);
        expect(composed.text.match(/\S*[./:@]\S*evil\S*|evil\.\S*/g)).toBeNull();
        const mail = await parsed({ to: "ada@example.org", ...composed });
        expect(mail.headers.map(({ key }) => key).toSorted()).toEqual(HEADERS);
        expect(mail.to).toEqual([{ name: "", address: "ada@example.org" }]);
        expect(mail.from).toEqual({ name: "Hub", address: "hub@example.org" });
        expect(mail.subject).toBe(expected.subject);
        expect(mail.text?.trimEnd()).toBe(composed.text.trimEnd());
        expect(mail.html?.trimEnd()).toBe(composed.html.trimEnd());
        expect(mail.attachments).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("of a message reach one From, one To and one Subject, or are refused", async () => {
    const marks = fc.constantFrom(...'=?_-. "<>@,;:()\\Bbq\u{a0}\u{feff}\u{2003}ü😀\u{301}\u{200d}');
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: "grapheme-ascii", maxLength: 100 }),
      fc.string({ unit: marks, maxLength: 100 }),
    );
    const injected = fc.tuple(
      text,
      fc.constantFrom("", "\r\nBcc: eve@evil.example", "\n", "\0", ", eve@evil.example"),
    );
    await fc.assert(
      fc.asyncProperty(injected, injected, async ([to, more], [subject, rest]) => {
        const message = {
          to: `a${to}@example.org${more}`,
          subject: subject + rest,
          text: "t\n",
          html: "<p>",
        };
        for (const one of [
          message,
          { ...message, to: "ada@example.org" },
          { ...message, subject: "Hello" },
        ]) {
          const mail = await parsed(one).catch((error: unknown) => error);
          if (mail instanceof Error) {
            expect(mail).toMatchObject({ code: expect.stringMatching(/^AEGIS_MAIL_(RECIPIENT|SUBJECT)$/) });
            continue;
          }
          expect(mail).toMatchObject({ to: [{ address: one.to }], subject: one.subject });
          expect(mail).toMatchObject({ headers: { length: HEADERS.length } });
        }
      }),
      { numRuns: 300 },
    );
  });
});

const HEADERS = [
  "auto-submitted",
  "content-type",
  "date",
  "from",
  "message-id",
  "mime-version",
  "subject",
  "to",
  "x-auto-response-suppress",
];
