import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMailAddress, parseSender, wireAddress } from "./address.ts";

describe("a recipient", () => {
  it.each([
    "ada@example.org",
    "Ada.Lovelace+news@mail.example.co.uk",
    "o'brien@example.org",
    "bounce+ada=example.com@example.org",
    "a@b.co",
    "ada@bücher.example",
    "ada@xn--bcher-kva.example",
    "ada@例え.テスト",
    `${"a".repeat(64)}@example.org`,
  ])("%j is taken", (address) => {
    expect(isMailAddress(address)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["no @", "ada.example.org"],
    ["two @", "ada@evil.example@example.org"],
    ["two recipients", "ada@example.org,eve@evil.example"],
    ["two recipients by semicolon", "ada@example.org;eve@evil.example"],
    ["a line break", "ada@example.org\r\nBcc: eve@evil.example"],
    ["a line break at the end", "ada@example.org\n"],
    ["a line break in front", "\nada@example.org"],
    ["NUL", "ada\0@example.org"],
    ["angle brackets", "<ada@example.org>"],
    ["a name", "Ada <ada@example.org>"],
    ["a quoted part", '"ada"@example.org'],
    ["a comment", "ada(eve)@example.org"],
    ["a comment in the domain", "ada@example.org(eve)"],
    ["a space", "ada lovelace@example.org"],
    ["ESMTP parameters", "ada@example.org SIZE=1"],
    ["an encoded word", "=?utf-8?q?eve=40evil.example=3e?=@example.org"],
    ["a percent route", "eve%evil.example@example.org"],
    ["a bang path", "evil!eve@example.org"],
    ["a pipe", "|sh@example.org"],
    ["a letter outside ASCII in front of the @", "adà@example.org"],
    ["dots in a row", "ada..l@example.org"],
    ["a dot in front", ".ada@example.org"],
    ["a domain of one label", "ada@localhost"],
    ["an IP address", "ada@127.0.0.1"],
    ["an IP address as one number", "ada@2130706433"],
    ["an address literal", "ada@[127.0.0.1]"],
    ["a label with a hyphen in front", "ada@-example.org"],
    ["an empty label", "ada@example..org"],
    ["a dot at the end", "ada@example.org."],
    ["a port", "ada@example.org:25"],
    ["a path", "ada@example.org/x"],
    ["an escaped domain", "ada@ex%61mple.org"],
    ["a broken punycode label", "ada@xn--a.example"],
    ["full-width letters", "ada@ｅｘａｍｐｌｅ.org"],
    ["another full stop", "ada@example。org"],
    ["a direction mark", "ada@exa‮mple.org"],
    ["a local part too long", `${"a".repeat(65)}@example.org`],
    ["too long a whole", `ada@${"abcdefgh.".repeat(28)}org`],
  ])("with %s is refused", (_, address) => {
    expect(isMailAddress(address)).toBe(false);
  });

  it("that is taken is plain ASCII without any mark of a list, a header or a route", () => {
    const part = fc.string({ unit: "binary", maxLength: 20 });
    fc.assert(
      fc.property(part, part, (local, domain) => {
        const wire = wireAddress(`${local}@${domain}.org`);
        if (wire !== undefined) expect(wire).toMatch(/^[^\s,;:<>()[\]\\"!%|?@\x7f-\uffff]+@[a-z0-9.-]+$/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the sender", () => {
  it("is an address, with a name or without", () => {
    expect(parseSender("hub@example.org")).toEqual({ name: "", address: "hub@example.org" });
    expect(parseSender("The Hub <hub@bücher.example>")).toEqual({
      name: "The Hub",
      address: "hub@xn--bcher-kva.example",
    });
  });

  it.each(["", "Hub", "Hub <hub>", "a <a@example.org>, b <b@example.org>", "Hub\r\nBcc: x <a@example.org>"])(
    "%j stops the start",
    (from) => {
      expect(() => parseSender(from)).toThrow(expect.objectContaining({ code: "AEGIS_MAIL_SENDER" }));
    },
  );
});
