/** Where the hub's mail goes: by SMTP, or in development into a folder and onto the terminal. */
import { join } from "node:path";
import { type MailTransport, outboxTransport, smtpTransport } from "aegis/mail";
import type { HubConfig } from "./config.ts";

/** Undefined in production without SMTP_URL: then the policy may ask for no mail. */
export function openMail(config: HubConfig): MailTransport | undefined {
  const { smtpUrl, mailFrom: from, environment, directory } = config;
  if (smtpUrl !== undefined) return smtpTransport({ url: smtpUrl, from });
  if (environment === "production") return undefined;
  return outboxTransport({
    directory: join(directory, "outbox"),
    from,
    announce: (line) => void process.stdout.write(`${line}\n`),
  });
}
