/** What users are told before, meanwhile and after: texts to send, with the facts filled in. */
import { spoken } from "./page.ts";

export interface NoticeFacts {
  readonly product: string;
  /** ISO times, UTC. */
  readonly from: string;
  readonly until: string | undefined;
  /** Everybody has to sign in again. */
  readonly endsSessions: boolean;
}

export const noticeKinds = ["before", "during", "after"] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export function notice(kind: NoticeKind, { product, from, until, endsSessions }: NoticeFacts): string {
  const end =
    until === undefined ? "We will tell you when it is over." : `We expect to be back by ${spoken(until)}.`;
  const again = endsSessions
    ? "\nWhen we are back, everybody has to sign in again. Your password stays as it is."
    : "";
  const lines = {
    before: [
      `${product}: maintenance from ${spoken(from)}`,
      "",
      `From ${spoken(from)} on, ${product} is closed for maintenance. ${end}`,
      `Please save your work before that; what is saved is safe.${again}`,
      "We will not ask for your password, and send no link to sign in with.",
    ],
    during: [
      `${product}: closed for maintenance`,
      "",
      `${product} is closed for maintenance since ${spoken(from)}. ${end}`,
      `There is nothing that you have to do; what you saved is safe.${again}`,
    ],
    after: [
      `${product}: back from maintenance`,
      "",
      `${product} is open again. Thank you for your patience.`,
      ...(endsSessions
        ? ["For safety everybody was signed out: please sign in again, with the password that you have."]
        : ["If a page looks odd, load it again."]),
      "We will not ask for your password by mail. If something is wrong, answer this message.",
    ],
  } as const;
  return lines[kind].join("\n");
}
