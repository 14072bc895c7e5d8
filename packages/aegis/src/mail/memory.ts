import type { MailMessage, MailTransport } from "./mailer.ts";

/** Keeps what is sent, for tests. */
export function memoryTransport(): MailTransport & { readonly sent: MailMessage[] } {
  const sent: MailMessage[] = [];
  return {
    sent,
    async send(message) {
      sent.push(message);
    },
  };
}
