/**
 * What is told, as a line, a letter and a webhook. Pure. Threat: a message that anybody could have sent, or that shows
 * what the target keeps secret. Rule: texts are our own, or findings from which secrets were taken; a webhook is signed
 * with its time and its id (Standard Webhooks 1.0.0), so that a receiver knows who speaks, refuses what is old and counts
 * what comes twice once. References: requirement OPS-4; RFC 2104; ASVS 5.0 1.2.1, 11.6.1.
 */
import { createHmac } from "node:crypto";
import { htmlText } from "../lib/markup.ts";
import { oneLine } from "../lib/one-line.ts";
import { cut } from "./judge.ts";
import type { Change, Notice } from "./model.ts";

export const WORDS: Readonly<Record<Change["to"], string>> = {
  bad: "FAILED",
  good: "well again",
  unseen: "not seen",
  other: "changed",
};

export const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** "2 h 5 min", "40 s". */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** "session.cookie-secure": what a control is called everywhere else. */
export const nameOf = (subject: string): string => subject.replace(/^control:/, "");

const sinceText = (change: Change): string =>
  change.from === "none" ? "from the beginning" : `since ${timeText(change.since)}`;

/** For a terminal and a log. */
export function lineOf(change: Change): string {
  const lasted = change.lasted === undefined ? "" : `, after ${durationText(change.lasted)}`;
  return oneLine(
    `${timeText(change.at)}  ${WORDS[change.to]}  ${nameOf(change.subject)}  ${change.observed} (${sinceText(change)}${lasted})`,
  );
}

export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The worst of it is what it is about. */
const headlineOf = ({ changes, more }: Notice): string => {
  const first =
    changes.find(({ to }) => to === "bad") ?? changes.find(({ to }) => to === "unseen") ?? changes[0];
  const others = changes.length + more - 1;
  const what = first === undefined ? "" : `${nameOf(first.subject)} ${WORDS[first.to]}`;
  return `${what}${others > 0 ? `, and ${others} more` : ""}`;
};

const paragraphsOf = (origin: string, { changes, more }: Notice): readonly string[] => [
  `The watch of ${origin} has seen:`,
  ...changes.map((change) =>
    [
      `${WORDS[change.to]}: ${nameOf(change.subject)}, ${sinceText(change)}`,
      change.claim,
      `seen: ${change.observed}`,
      ...(change.lasted === undefined ? [] : [`it lasted ${durationText(change.lasted)}`]),
      ...(change.advice === undefined
        ? []
        : [
            `symptom: ${change.advice.symptom}`,
            `cause: ${change.advice.cause}`,
            `fix: ${change.advice.fix}`,
          ]),
    ]
      .map(oneLine)
      .join("\n"),
  ),
  ...(more === 0 ? [] : [`And ${more} more, which are in the report.`]),
  "Nothing more is sent of these until they change.",
];

export function letterOf(origin: string, notice: Notice): Letter {
  const host = new URL(origin).host;
  const paragraphs = paragraphsOf(origin, notice);
  return {
    subject: cut(oneLine(`[aegis watch] ${host}: ${headlineOf(notice)}`).trim(), 180),
    text: `${paragraphs.join("\n\n")}\n`,
    html: `<!doctype html><html lang="en"><body>${paragraphs
      .map((one) => `<p>${htmlText(one).replaceAll("\n", "<br>")}</p>`)
      .join("")}</body></html>`,
  };
}

/** The body of a webhook: what a program needs, and a text for people. */
export function webhookBody(origin: string, notice: Notice): string {
  return JSON.stringify({
    type: "aegis.watch.changed",
    timestamp: timeText(notice.at),
    data: {
      id: notice.id,
      origin,
      text: headlineOf(notice),
      more: notice.more,
      changes: notice.changes.map(({ at, since, subject, lasted, from, ...rest }) => ({
        subject: nameOf(subject),
        ...rest,
        from: from === "none" ? null : from,
        at: timeText(at),
        since: timeText(since),
        ...(lasted === undefined ? {} : { lasted_seconds: Math.round(lasted / 1000) }),
      })),
    },
  });
}

const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks has it; undefined for anything else. */
export function webhookKey(secret: string): Uint8Array | undefined {
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const bytes = Buffer.from(base64, "base64");
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : undefined;
}

export function webhookHeaders(
  id: string,
  body: string,
  key: Uint8Array,
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}
