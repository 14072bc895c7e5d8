/** Reads what a person would read in a mail. */
import type { MailMessage } from "aegis/mail";

export function codeIn(mail: Pick<MailMessage, "text"> | undefined): string {
  const code = /\b(\d{6})\b/.exec(mail?.text ?? "")?.[1];
  if (code === undefined) throw new Error(`no code in the mail: ${mail?.text ?? "there is none"}`);
  return code;
}

export function linkIn(mail: Pick<MailMessage, "text"> | undefined): string {
  const token = /\/reset#token=([\w-]{43})/.exec(mail?.text ?? "")?.[1];
  if (token === undefined) throw new Error(`no link in the mail: ${mail?.text ?? "there is none"}`);
  return token;
}
