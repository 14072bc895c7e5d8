/** Where the hub's mail goes: by SMTP, or in development into a folder and onto the terminal. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type MailTransport, outboxTransport, smtpTransport } from "aegis/mail";
import type { HubConfig } from "./config.ts";

/** Undefined in production without SMTP_URL: then the policy may ask for no mail. */
export function openMail(config: HubConfig): MailTransport | undefined {
  const { smtpUrl, mailFrom: from, environment, directory } = config;
  if (smtpUrl !== undefined) return smtpTransport({ url: smtpUrl, from });
  if (environment === "production") return undefined;
  const folder = join(directory, "outbox");
  mkdirSync(folder, { recursive: true, mode: 0o700 }); // there before the first mail: a verifier looks for it
  return outboxTransport({
    directory: folder,
    from,
    announce: (line) => void process.stdout.write(`${line}\n`),
  });
}
