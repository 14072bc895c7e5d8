import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayName, extensionOf } from "./name.ts";

describe("the name of a file", () => {
  it.each([
    ["holiday.png", "holiday.png"],
    ["../../etc/passwd.png", "passwd.png"],
    ["C:\\Users\\eve\\x.PNG", "x.png"],
    ["report\u202egnp.exe.png", "reportgnp.exe.png"],
    ["a\u0000b\r\nSet-Cookie: x.png", "abSet-Cookie_ x.png"],
    ["CON.png", "_CON.png"],
    ["lpt1.tar.png", "_lpt1.tar.png"],
    ["...hidden.png", "hidden.png"],
    ["-rf.png", "rf.png"],
    [".png", "png.png"],
    ["", "file.png"],
    ["   ", "file.png"],
    ['"; rm -rf "$(x)`.png', "__ rm -rf __(x)_.png"],
    ["no extension", "no extension.png"],
    ["Ünï cödé 👩‍👩‍👧.png", "Ünï cödé 👩👩👧.png"],
    ["e\u0301.png", "\u00e9.png"],
    ["a\ud800.png", "a\ufffd.png"],
  ])("%j becomes %j", (sent, shown) => {
    expect(displayName(sent, "png", 60)).toBe(shown);
  });

  it("is short, printable and no path, whatever was sent, and stays as it is when it is sent again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (sent) => {
        const name = displayName(`${sent}.png`, "png", 40);
        expect([...name].length).toBeLessThanOrEqual(40);
        expect(name).toMatch(/^[^/\\:*?"<>|\0-\u001f\u202a-\u202e]+\.png$/u);
        expect(displayName(name, "png", 40)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it("has an extension that no dot, blank or letter hides", () => {
    expect(extensionOf("a.PNG")).toBe("png");
    expect(extensionOf("a.png\u202e")).toBe("png");
    expect(extensionOf("a.png.exe")).toBe("exe");
    expect(extensionOf("a.png.")).toBe("?");
    expect(extensionOf("dir.png/a")).toBe("");
    expect(extensionOf(`a.${"x".repeat(40)}`)).toBe("?");
  });
});
