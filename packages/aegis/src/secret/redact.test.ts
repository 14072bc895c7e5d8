import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACTED, redactor } from "./redact.ts";

const secret = fc
  .string({ minLength: 6, maxLength: 80, unit: "binary" })
  .filter((text) => text.trim().length >= 6);

describe("a line of a log", () => {
  it("holds no secret that is known, however it is wrapped", () => {
    fc.assert(
      fc.property(secret, fc.string(), (value, around) => {
        const known = redactor();
        known.add(value);
        const text = value.trim().toWellFormed();
        const error = new Error(`${around}${text}`, { cause: new Error(`inner ${text}`) });
        const forms = [
          text,
          JSON.stringify({ a: text, deep: [{ err: { message: error.message, stack: error.stack } }] }),
          JSON.stringify({ text: JSON.stringify({ text }) }),
          `https://host/?x=${encodeURIComponent(text)}`,
          Buffer.from(text).toString("base64"),
          Buffer.from(text).toString("hex"),
        ];
        for (const line of forms) {
          const written = known.line(line);
          expect(written).toContain(REDACTED);
          // What is left may spell it by chance only where the mark itself does.
          if (!REDACTED.includes(text)) expect(written.replaceAll(REDACTED, "\u0000")).not.toContain(text);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("holds no password of an address, encoded or not, and no key of a ring", () => {
    const known = redactor();
    known.add("postgres://hub_app:p%40ss%2Fw0rd-of-hub@db.example/hub?sslmode=require");
    known.add(JSON.stringify({ data_keys: [{ kid: "abcdefgh", key: "k".repeat(20) + "T3".repeat(12) }] }));
    const line = inspect(
      new AggregateError([
        new Error('password "p@ss/w0rd-of-hub" is wrong'),
        new Error("p%40ss%2Fw0rd-of-hub"),
        new Error(`key ${"k".repeat(20)}${"T3".repeat(12)} of abcdefgh`),
      ]),
    );
    const written = known.line(line);
    expect(written).not.toMatch(/w0rd-of-hub|T3T3/);
    expect(written).toContain("abcdefgh");
  });

  it("stays as it is where nothing in it is secret, and for what is too short to be one", () => {
    const known = redactor();
    expect(known.line("nothing known yet")).toBe("nothing known yet");
    known.add("info");
    known.add("q3JxTnP8Zk2vLw9sRb4Yd");
    expect(known.line('{"level":"info"}')).toBe('{"level":"info"}');
  });
});
