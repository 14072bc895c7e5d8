/**
 * Mail into a folder, for development and tests: what would have been sent, as files that any mail program opens.
 * Codes and links lie there in the clear, so the files are their owner's alone, and old ones go.
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import nodemailer from "nodemailer";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { parseSender } from "./address.ts";
import type { MailMessage, MailTransport } from "./mailer.ts";
import { mimeOf } from "./mime.ts";
import { outboxFiles } from "./outbox-read.ts";

export interface OutboxOptions {
  /** Made with mode 0700 where it is missing. */
  readonly directory: string;
  readonly from: string;
  /** Gets each message for the terminal: a line with recipient, subject and file, and the text below. */
  readonly announce?: (line: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

const KEPT_FILES = 500;

/**
 * Writes each message as a file of its own.
 * @throws MailError AEGIS_MAIL_SENDER
 */
export function outboxTransport(options: OutboxOptions): MailTransport {
  const { directory, announce, clock = systemClock, random = systemRandom } = options;
  const from = parseSender(options.from);
  const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  let last = 0;

  /** Later than the one before, also within one millisecond, so that the newest file is the last message. */
  function stamp(): string {
    last = Math.max(clock.now(), last + 1);
    return new Date(last).toISOString().replaceAll(/[-:]/g, "");
  }

  return {
    async send(message) {
      const mail = mimeOf(message, from, clock, random);
      const name = `${stamp()}-${random.token(9)}.eml`;
      const { message: bytes } = await composer.sendMail(mail);
      if (!Buffer.isBuffer(bytes)) throw new Error("The message was composed as a stream.");
      // Only a folder of our own making gets the mode: to close one that was there could close a shared one.
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = join(directory, name);
      const unfinished = `${file}.part`;
      // "wx" follows no link that lies there; the name appears when all of it is written.
      await writeFile(unfinished, bytes, { mode: 0o600, flag: "wx" });
      await rename(unfinished, file);
      announce?.(forTerminal(message, file));
      const files = await outboxFiles(directory);
      for (const old of files.slice(0, Math.max(0, files.length - KEPT_FILES)))
        await rm(join(directory, old), { force: true });
    },
  };
}

/** Without control characters: a terminal obeys them, and part of a message may come from a stranger. */
function forTerminal({ to, subject, text }: MailMessage, file: string): string {
  const body = text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);
  return [`mail to ${to}: ${subject} (${file})`, ...body]
    .map((line) => line.replaceAll(/\p{Cc}/gu, ""))
    .join("\n");
}
