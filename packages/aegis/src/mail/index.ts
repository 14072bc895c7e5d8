export { isMailAddress, parseSender, type Sender } from "./address.ts";
export {
  MailError,
  memoryTransport,
  type MailErrorCode,
  type Mailer,
  type MailMessage,
  type MailTransport,
  type Schedule,
} from "./mailer.ts";

export { type OutboxOptions, outboxTransport } from "./outbox.ts";
export { type OutboxMail, readOutbox } from "./outbox-read.ts";
export { mailQueue, type MailQueueOptions } from "./queue.ts";
export { type SmtpOptions, smtpTransport } from "./smtp.ts";
export {
  composeMail,
  type Doing,
  type Letter,
  type LetterFacts,
  mailPages,
  type MfaChange,
} from "./templates.ts";
