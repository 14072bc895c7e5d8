/**
 * Mail as the library needs it: one message to one person, handed over and forgotten. Threat: text that a stranger
 * chose becomes a header or a second recipient, a slow or broken mail server holds up a request, or its answer tells
 * who has an account. Rule: messages come from closed templates, recipients are checked where they leave, sending is
 * queued, bounded and never waited for (ASVS 5.0 1.2.1, 1.3.11, 6.3.8, 15.3.4).
 */

/** One message to one person; its parts come from composeMail, never from a request. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands one message on. What it throws may be logged, and so never holds text of the message. */
export interface MailTransport {
  send(message: MailMessage): Promise<void>;
  close?(): Promise<void>;
}

/** What the rest of the library sees. */
export interface Mailer {
  /** Never throws and never waits: an answer may not tell by its time whether there was somebody to write to. */
  post(message: MailMessage, kind: string): void;
  /** Waits until nothing is being sent or waits for its turn; what pauses before another try is not waited for. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Runs something later; gives back what calls it off. Passed in, so that a test can let a minute go by at once. */
export type Schedule = (run: () => void, milliseconds: number) => () => void;

/** The system's timers. They keep no process alive: a retry is no reason not to end. */
export const systemSchedule: Schedule = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

export type MailErrorCode =
  | "AEGIS_MAIL_URL"
  | "AEGIS_MAIL_SENDER"
  | "AEGIS_MAIL_RECIPIENT"
  | "AEGIS_MAIL_SUBJECT"
  | "AEGIS_MAIL_LINK"
  | "AEGIS_MAIL_REFUSED"
  | "AEGIS_MAIL_UNDELIVERED"
  | "AEGIS_MAIL_BUSY"
  | "AEGIS_MAIL_CLOSED";

const PASSING: readonly MailErrorCode[] = ["AEGIS_MAIL_UNDELIVERED", "AEGIS_MAIL_BUSY", "AEGIS_MAIL_CLOSED"];

/** Why a message did not go out, for the operator: no password, no recipient, no text of the message. */
export class MailError extends Error {
  override readonly name = "MailError";
  readonly code: MailErrorCode;
  /** Trying the same again is of no use. */
  readonly permanent: boolean;

  constructor(code: MailErrorCode, message: string) {
    super(message);
    this.code = code;
    this.permanent = !PASSING.includes(code);
  }
}

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
