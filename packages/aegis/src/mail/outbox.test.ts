import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../testing/clock.ts";
import { outboxTransport } from "./outbox.ts";
import { readOutbox } from "./outbox-read.ts";
import { composeMail } from "./templates.ts";

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "aegis-outbox-"));
  folders.push(made);
  return join(made, "deep", "outbox");
};
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

const from = "Der Bücherhub <hub@example.org>";
const letter = (code: string) =>
  composeMail(
    { kind: "verify_code", code, minutes: 10 },
    { product: "Bücher & Hüte — für alle, die lange Betreffzeilen mögen", origin: "https://hub.example.org" },
  );

describe("the outbox", () => {
  it("writes mail that another parser reads, for its owner's eyes alone", async () => {
    const directory = folder();
    const clock = manualClock(Date.UTC(2026, 2, 1, 12, 34, 56, 789));
    const mail = { to: "ada@bücher.example", ...letter("482913") };
    await outboxTransport({ directory, from, clock }).send(mail);
    const [name = ""] = readdirSync(directory);
    expect(name).toMatch(/^20260301T123456\.789Z-[A-Za-z0-9_-]{12}\.eml$/);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    const parsed = await PostalMime.parse(readFileSync(join(directory, name)));
    expect(parsed).toMatchObject({
      from: { name: "Der Bücherhub", address: "hub@example.org" },
      to: [{ address: "ada@xn--bcher-kva.example" }],
      subject: mail.subject,
      date: "2026-03-01T12:34:56.000Z",
    });
    expect(parsed.text?.trimEnd()).toBe(mail.text.trimEnd());
    expect(parsed.html?.trimEnd()).toBe(mail.html.trimEnd());
  });

  it("gives back the newest message to an address, also of one millisecond", async () => {
    const directory = folder();
    const transport = outboxTransport({ directory, from, clock: manualClock(Date.UTC(2026, 2, 1)) });
    for (const code of ["111111", "222222", "333333"])
      await transport.send({ to: "ada@example.org", ...letter(code) });
    await transport.send({ to: "eve@bücher.example", ...letter("444444") });
    const { subject, text } = letter("333333");
    expect((await readOutbox(directory, "Ada@example.org")).at(-1)).toEqual({ subject, text });
    expect((await readOutbox(directory, "eve@bücher.example")).at(-1)?.text).toContain("444444");
    expect((await readOutbox(directory, "nobody@example.org")).at(-1)).toBeUndefined();
    expect((await readOutbox(directory, "no address")).at(-1)).toBeUndefined();
    expect(await readOutbox(join(directory, "missing"), "ada@example.org")).toEqual([]);
  });

  it("keeps the newest 500 messages and touches nothing else", async () => {
    const directory = folder();
    mkdirSync(directory, { recursive: true });
    for (let index = 0; index < 505; index += 1)
      writeFileSync(join(directory, `20250101T000000.${String(index).padStart(3, "0")}Z-x.eml`), "");
    for (const other of ["notes.txt", "0.eml", "letter.eml"]) writeFileSync(join(directory, other), "mine");
    await outboxTransport({ directory, from }).send({ to: "ada@example.org", ...letter("1") });
    const left = readdirSync(directory).toSorted();
    expect(left).toHaveLength(503);
    expect(left).toEqual(expect.arrayContaining(["notes.txt", "0.eml", "letter.eml"]));
    expect(left).toContain("20250101T000000.006Z-x.eml");
    expect(left).not.toContain("20250101T000000.005Z-x.eml");
    expect((await readOutbox(directory, "ada@example.org")).at(-1)).toBeDefined();
  });

  it("announces each message to the terminal, without what a terminal obeys", async () => {
    const directory = folder();
    const lines: string[] = [];
    const transport = outboxTransport({ directory, from, announce: (line) => lines.push(line) });
    await transport.send({
      to: "ada@example.org",
      subject: "Hello",
      text: "one\n\u001b[2Jtwo\r\n",
      html: "",
    });
    expect(lines).toEqual([
      expect.stringMatching(/^mail to ada@example\.org: Hello \(.*outbox.*\.eml\)\n  one\n  \[2Jtwo$/),
    ]);
  });

  it("refuses what is no recipient and a sender that is none", async () => {
    const directory = folder();
    const transport = outboxTransport({ directory, from });
    await expect(
      transport.send({ to: "a@example.org, b@example.org", ...letter("1") }),
    ).rejects.toMatchObject({
      code: "AEGIS_MAIL_RECIPIENT",
    });
    expect(() => outboxTransport({ directory, from: "Hub" })).toThrow(/sender/);
  });
});
