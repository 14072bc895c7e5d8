/** Keeps secrets out of what a report says and saves: those that the run knows of, and what is named like one. */
import type { Exchange } from "../control.ts";
import { headersOf } from "./wire/header.ts";
import { parseSetCookie } from "./wire/set-cookie.ts";

const KEPT = 4;
/** Shorter ones are words as like as not, and a word must not vanish from a report because it was in a cookie. */
const MIN_LENGTH = 16;
/** A target that hands out cookies without end must not make every line of the report slow: the oldest are let go. */
const MAX_RECEIVED = 200;

const NAMED = /cookie|token|secret|passw|csrf|xsrf|jwt|auth|session|api-?_?key/i;

/** Enough to tell two apart, too little to use. */
export const shortened = (secret: string): string =>
  secret.length > KEPT ? `${secret.slice(0, KEPT)}...` : secret;

export class Secrets {
  readonly #own = new Set<string>();
  readonly #received = new Set<string>();

  /** One that the run made, or asked for. */
  add(secret: string): void {
    for (const form of formsOf(secret)) this.#own.add(form);
  }

  /** Every cookie that the answer sets. */
  learn({ response }: Exchange): void {
    for (const line of headersOf(response, "set-cookie").slice(0, MAX_RECEIVED)) {
      for (const form of formsOf(parseSetCookie(line)?.value ?? "")) this.#received.add(form);
    }
    for (const oldest of this.#received) {
      if (this.#received.size <= MAX_RECEIVED) break;
      this.#received.delete(oldest);
    }
  }

  hide(text: string): string {
    let hidden = text;
    for (const secret of [...this.#own, ...this.#received])
      hidden = hidden.replaceAll(secret, shortened(secret));
    return hidden;
  }
}

/** As it is, and as it stands in an address. */
function formsOf(secret: string): readonly string[] {
  return secret.length < MIN_LENGTH || /\s/.test(secret)
    ? []
    : [secret, encodeURIComponent(secret.toWellFormed())];
}

/** One header line; of a cookie the attributes stay readable. */
export function hideHeader(name: string, value: string): string {
  if (name === "set-cookie" && value.includes("=")) {
    const end = value.indexOf(";");
    const pair = end === -1 ? value : value.slice(0, end);
    const at = pair.indexOf("=") + 1;
    return pair.slice(0, at) + shortened(pair.slice(at)) + value.slice(pair.length);
  }
  return NAMED.test(name) ? shortened(value) : value;
}

/** Values of JSON members and of page tags that are named like secrets; one that is cut off at the end counts. */
export function hideInBody(body: string): string {
  return body
    .replace(
      /"([\w.-]{1,60})"(\s{0,20}:\s{0,20}")((?:[^"\\]|\\.)*)/g,
      (whole, key: string, colon: string, value: string) =>
        NAMED.test(key) ? `"${key}"${colon}${shortened(value)}` : whole,
    )
    .replace(
      /((?:name|id)=["']?[\w.-]{0,60}(?:token|csrf|xsrf)[\w.-]{0,60}["']?[^<>]{0,200}?(?:content|value)=["']?)([^"'<>\s]+)/gi,
      (_whole, before: string, value: string) => before + shortened(value),
    );
}
