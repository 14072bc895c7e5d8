/**
 * The one place where a message becomes what nodemailer takes. Threat: nodemailer reads addresses, paths and URLs out
 * of text that it is given (`a@b, c@d`, `{path}`, `href`). Rule: it gets addresses as objects, bodies as strings, the
 * envelope spelt out, a subject without controls, and no other field that came from a message (ASVS 5.0 1.3.11).
 */
import type { SendMailOptions } from "nodemailer";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { type Sender, wireAddress } from "./address.ts";
import { MailError, type MailMessage } from "./mailer.ts";

const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const MAX_SUBJECT_LENGTH = 200;

/** @throws MailError AEGIS_MAIL_RECIPIENT | AEGIS_MAIL_SUBJECT */
export function mimeOf(message: MailMessage, from: Sender, clock: Clock, random: Random): SendMailOptions {
  const to = wireAddress(message.to);
  if (to === undefined)
    throw new MailError(
      "AEGIS_MAIL_RECIPIENT",
      "The recipient of a message is no address that mail is sent to.",
    );
  const { subject, text, html } = message;
  if (
    subject === "" ||
    subject !== subject.trim() ||
    CONTROLS.test(subject) ||
    subject.length > MAX_SUBJECT_LENGTH ||
    !subject.isWellFormed()
  )
    throw new MailError("AEGIS_MAIL_SUBJECT", "The subject of a message has to be one short line.");
  return {
    from: { ...from },
    to: { name: "", address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    html,
    date: new Date(clock.now()),
    messageId: `<${random.token(16)}@${domainOf(from)}>`,
    // Answering machines stay quiet (RFC 3834, 5), so that they cannot tell a stranger that an address is in use.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    encoding: "quoted-printable",
    textEncoding: "B",
    xMailer: false,
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** What the sender's mail is signed and named by. */
export function domainOf({ address }: Sender): string {
  return address.slice(address.indexOf("@") + 1);
}
