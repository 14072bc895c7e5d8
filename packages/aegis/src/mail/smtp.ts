/**
 * Mail over SMTP. Threat: a letter with a code read or changed on its way, credentials given to whoever answers, a
 * server that never finishes. Rule: TLS with a verified certificate, or nothing is sent, except to this machine itself
 * (ASVS 5.0 12.3.1, 12.3.2); every phase has a time limit, and the whole has one.
 */
import nodemailer from "nodemailer";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { parseSender } from "./address.ts";
import { MailError, type MailTransport, type Schedule, systemSchedule } from "./mailer.ts";
import { domainOf, mimeOf } from "./mime.ts";

export interface SmtpOptions {
  /** `smtps://user:password@host:465`, or `smtp://…:587`, which starts in the clear and goes on by STARTTLS. */
  readonly url: string;
  /** `hub@example.org`, or `The Hub <hub@example.org>`. */
  readonly from: string;
  /** Default true; false takes any certificate, and so anybody who can answer for the server. */
  readonly rejectUnauthorized?: boolean;
  /** A certificate authority of one's own, as PEM text. */
  readonly ca?: string;
  /** Demands STARTTLS of a server on this machine too. Of any other it is always demanded. */
  readonly requireTls?: true;
  /** For each phase of the conversation and each silence in it; default 10. The whole may take six times that. */
  readonly timeLimitSeconds?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly schedule?: Schedule;
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;
const HOST = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i;

/**
 * Sends by SMTP, over at most two kept connections.
 * @throws MailError AEGIS_MAIL_URL | AEGIS_MAIL_SENDER
 */
export function smtpTransport(options: SmtpOptions): MailTransport {
  const { clock = systemClock, random = systemRandom, schedule = systemSchedule } = options;
  const from = parseSender(options.from);
  const server = serverOf(options.url);
  const limit = (options.timeLimitSeconds ?? 10) * 1000;
  const open = () =>
    nodemailer.createTransport({
      pool: true,
      host: server.host,
      port: server.port,
      secure: server.secure,
      ...(server.auth === undefined ? {} : { auth: server.auth }),
      requireTLS: options.requireTls ?? !server.loopback,
      tls: {
        rejectUnauthorized: options.rejectUnauthorized ?? true,
        minVersion: "TLSv1.2",
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      },
      name: domainOf(from), // not this machine's name, which would travel on in a Received header
      maxConnections: 2,
      maxRequeues: 1, // an idle connection that the server closed; anything else is the queue's to repeat
      idleTimeout: 30_000,
      dnsTimeout: limit,
      connectionTimeout: limit,
      greetingTimeout: limit,
      socketTimeout: limit,
      maxResponseSize: 65_536,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
      debug: false,
    });
  let pool = open();

  return {
    async send(message) {
      const mail = mimeOf(message, from, clock, random);
      const used = pool;
      const { promise: late, reject } = Promise.withResolvers<never>();
      // A server that sends a byte now and then is never silent long enough for the limit of the socket.
      const cancel = schedule(() => {
        reject(new MailError("AEGIS_MAIL_UNDELIVERED", "The mail server did not finish in time."));
        used.close();
        if (pool === used) pool = open();
      }, limit * 6);
      try {
        await Promise.race([used.sendMail(mail), late]);
      } catch (error) {
        throw told(error);
      } finally {
        cancel();
      }
    },
    async close() {
      pool.close();
    },
  };
}

interface Server {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly loopback: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
}

/** The message names no part of the URL: it holds a password, and goes to a log. */
function serverOf(text: string): Server {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol))
    throw badUrl("it has to look like smtps://user:password@host:465 or smtp://user:password@host:587");
  if (!HOST.test(url.hostname)) throw badUrl("its host is missing, or no host name");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "")
    throw badUrl("nothing may follow the port; write / ? # in a user name or password as %2F %3F %23");
  if (url.port === "0") throw badUrl("its port is no port");
  const secure = url.protocol === "smtps:";
  const user = decoded(url.username);
  const pass = decoded(url.password);
  if ((user === "") !== (pass === "")) throw badUrl("it needs a user name and a password, or neither");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    loopback: LOOPBACK.test(url.hostname.toLowerCase()),
    ...(user === "" ? {} : { auth: { user, pass } }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badUrl("a % in the user name or password has to be written as %25");
  }
}

const badUrl = (why: string) => new MailError("AEGIS_MAIL_URL", `SMTP_URL cannot be used: ${why}.`);

/**
 * What went wrong, without what the server said: refusals of spam filters quote the links of the message, and those of
 * mailboxes the recipient. The numbers say enough. 5xx is for good (RFC 5321, 4.2.1).
 */
function told(error: unknown): MailError {
  if (error instanceof MailError) return error;
  const fact = (key: string): unknown =>
    typeof error === "object" && error !== null ? Reflect.get(error, key) : undefined;
  const [status, code, command] = [fact("responseCode"), fact("code"), fact("command")];
  const step = typeof command === "string" && /^[A-Z ]{2,20}$/.test(command) ? command : "the connection";
  const symbol = typeof code === "string" && /^[A-Z_]{2,40}$/.test(code) ? code : "no code";
  if (typeof status === "number")
    return new MailError(
      status >= 500 && status < 600 ? "AEGIS_MAIL_REFUSED" : "AEGIS_MAIL_UNDELIVERED",
      `The mail server answered ${status} to ${step} (${symbol}).`,
    );
  const own = error instanceof Error && fact("response") === undefined ? error.message : "";
  const reason = /response=/.test(own) ? "" : own.slice(0, 200);
  return new MailError(
    "AEGIS_MAIL_UNDELIVERED",
    `The mail server could not be used at ${step} (${symbol})${reason === "" ? "" : `: ${reason}`}`,
  );
}
