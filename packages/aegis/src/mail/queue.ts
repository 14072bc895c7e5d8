/**
 * Sends in the background. Threat: an answer that waits for the mail server is slow where there is an account and fast
 * where there is none, and a flood of sign-ups fills the memory while the server is away. Rule: nothing is done before
 * the caller is through, and what waits is bounded; what is lost is reported (ASVS 5.0 6.3.8, 15.2.2).
 */
import { MailError, type Mailer, type MailMessage, type MailTransport } from "./mailer.ts";
import { type Schedule, systemSchedule } from "./mailer.ts";

export interface MailQueueOptions {
  /** Told of each message that is lost: its kind and the reason, and nothing of what it said. */
  readonly onFailure: (kind: string, error: Error) => void;
  /** How many may wait, for their turn or for another try; default 1000. */
  readonly limit?: number;
  /** How many are sent at a time; default 2. */
  readonly concurrency?: number;
  /** The pause before each further try; default 5 and 30, so three tries. */
  readonly retryAfterSeconds?: readonly number[];
  readonly schedule?: Schedule;
}

const CLOSE_MILLISECONDS = 5000;

interface Job {
  readonly message: MailMessage;
  readonly kind: string;
  failures: number;
}

/** A mailer that hands messages to the transport one after the other. */
export function mailQueue(transport: MailTransport, options: MailQueueOptions): Mailer {
  const { limit = 1000, concurrency = 2, retryAfterSeconds = [5, 30], schedule = systemSchedule } = options;
  const waiting: Job[] = [];
  const pausing = new Map<Job, () => void>();
  const running = new Set<Job>();
  let closing: Promise<void> | undefined;
  const onIdle: (() => void)[] = [];

  function report({ kind }: Pick<Job, "kind">, error: unknown): void {
    try {
      options.onFailure(kind, error instanceof Error ? error : new Error("The transport threw no error."));
    } catch {
      // A report that fails may not take the sending of others with it; there is nobody left to tell.
    }
  }

  function pump(): void {
    while (running.size < concurrency) {
      const job = waiting.shift();
      if (job === undefined) break;
      running.add(job);
      void attempt(job);
    }
    if (running.size === 0 && waiting.length === 0) for (const tell of onIdle.splice(0)) tell();
  }

  async function attempt(job: Job): Promise<void> {
    try {
      await transport.send(job.message);
      running.delete(job);
    } catch (error) {
      // Given up by close() meanwhile: it is reported already.
      if (running.delete(job)) afterFailure(job, error);
    }
    pump();
  }

  function afterFailure(job: Job, error: unknown): void {
    const pause = retryAfterSeconds[job.failures];
    job.failures += 1;
    if (pause === undefined || closing !== undefined || (error instanceof MailError && error.permanent))
      return report(job, error);
    const resume = () => {
      pausing.delete(job);
      waiting.push(job);
      pump();
    };
    pausing.set(job, schedule(resume, pause * 1000));
  }

  async function drain(): Promise<void> {
    for (const [job, cancel] of pausing) {
      cancel();
      waiting.push(job); // a last try now: the pause is longer than the time that is left
    }
    pausing.clear();
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    onIdle.push(resolve);
    pump();
    await atMost(CLOSE_MILLISECONDS, drained);
    const lost = [...running, ...waiting.splice(0)];
    running.clear();
    for (const job of lost)
      report(job, new MailError("AEGIS_MAIL_CLOSED", "The process ended before the message was sent."));
    await atMost(CLOSE_MILLISECONDS, closeTransport());
  }

  async function closeTransport(): Promise<void> {
    try {
      await transport.close?.();
    } catch (error) {
      report({ kind: "close" }, error);
    }
  }

  async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
    const end = Promise.withResolvers<void>();
    const cancel = schedule(end.resolve, milliseconds);
    await Promise.race([work, end.promise]);
    cancel();
  }

  return {
    post(message, kind) {
      if (closing !== undefined)
        return report({ kind }, new MailError("AEGIS_MAIL_CLOSED", "Mail is not sent any more."));
      if (waiting.length + pausing.size >= limit)
        return report(
          { kind },
          new MailError("AEGIS_MAIL_BUSY", `${limit} messages wait to be sent already.`),
        );
      waiting.push({ message, kind, failures: 0 });
      schedule(pump, 0);
    },
    settled() {
      if (running.size === 0 && waiting.length === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      onIdle.push(resolve);
      return promise;
    },
    close: () => (closing ??= drain()),
  };
}
