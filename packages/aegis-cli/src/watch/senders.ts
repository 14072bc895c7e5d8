/** Where messages go: a webhook, mail. Addresses and secrets come with each run and are never kept with the state. */
import { readFileSync } from "node:fs";
import { isMailAddress, MailError, smtpTransport } from "aegis/mail";
import { letterOf, mailChannel, type Parcel, webhookBody, webhookHeaders, webhookKey } from "aegis/watch";
import { readSecrets } from "../secrets.ts";
import { UsageError } from "../talk.ts";

export interface Sender {
  readonly channel: string;
  /** @throws where it was not taken; MailError `permanent`: it never will be */
  send(parcel: Parcel): Promise<void>;
}

export interface SenderFlags {
  readonly webhook?: string;
  readonly mailTo: readonly string[];
  readonly mailFrom?: string;
  readonly mailCa?: string;
}

const WEBHOOK_TIMEOUT_MS = 10_000;
const MOST_ADDRESSES = 5;

/** @throws UsageError where something is missing: a watch that could tell nobody should not begin */
export async function openSenders(flags: SenderFlags, origin: string): Promise<readonly Sender[]> {
  const names = ["WATCH_WEBHOOK_URL", "WATCH_WEBHOOK_SECRET", "SMTP_URL"];
  const secrets = await readSecrets(...names);
  const url = flags.webhook ?? secrets["WATCH_WEBHOOK_URL"];
  return [
    ...(url === undefined ? [] : [webhookSender(url, secrets["WATCH_WEBHOOK_SECRET"], origin)]),
    ...mailSenders(flags, secrets["SMTP_URL"], origin),
  ];
}

/** The address of a webhook may be its password: no message names it. */
function webhookSender(address: string, secret: string | undefined, origin: string): Sender {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isHere = url !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && isHere)))
    throw new UsageError(
      "The address of the webhook cannot be used.",
      "It has to be https://…; plain HTTP on this machine alone.",
    );
  const key = secret === undefined ? undefined : webhookKey(secret);
  if (key === undefined)
    throw new UsageError(
      secret === undefined
        ? "It is not said what a webhook is signed with."
        : "WATCH_WEBHOOK_SECRET is no such secret.",
      'Set WATCH_WEBHOOK_SECRET, e.g. to "whsec_$(openssl rand -base64 32)", here and at the receiver.',
    );
  return {
    channel: "webhook",
    async send({ notice }) {
      const body = webhookBody(origin, notice);
      const answer = await fetch(url, {
        method: "POST",
        body,
        headers: { ...webhookHeaders(notice.id, body, key, Date.now()), "user-agent": "aegis-watch" },
        redirect: "error", // what is signed for one is for no other
        signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      });
      await answer.body?.cancel(); // of no interest, and perhaps without end
      if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`);
    },
  };
}

function mailSenders({ mailTo, mailFrom, mailCa }: SenderFlags, url: string | undefined, origin: string) {
  if (mailTo.length === 0) return [];
  const bad = mailTo.find((one) => !isMailAddress(one));
  if (bad !== undefined) throw new UsageError(`"${bad}" is no e-mail address.`);
  if (mailTo.length > MOST_ADDRESSES)
    throw new UsageError(`More than ${MOST_ADDRESSES} addresses.`, "Give the address of a list.");
  if (url === undefined || mailFrom === undefined)
    throw new UsageError(
      "It is not said how mail goes out.",
      "Set SMTP_URL (smtps://user:password@host), and give --mail-from.",
    );
  const transport = smtpTransport({
    url,
    from: mailFrom,
    ...(mailCa === undefined ? {} : { ca: authority(mailCa) }),
  });
  return mailTo.map((to): Sender => ({
    channel: mailChannel(to),
    send: ({ notice }) => transport.send({ to, ...letterOf(origin, notice) }),
  }));
}

function authority(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`${file} cannot be read.`);
  }
}

export const isForGood = (error: unknown): boolean => error instanceof MailError && error.permanent;
