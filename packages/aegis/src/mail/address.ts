/**
 * Judges an e-mail address before it reaches a header or RCPT TO. Pure. What RFC 5321 allows is more than anybody has
 * and more than programs agree on, so only the plain form passes: one dot-atom, one "@", one registered domain.
 */
import { domainToASCII, domainToUnicode } from "node:url";
import { MailError } from "./mailer.ts";

const MAX_LENGTH = 254; // RFC 3696, erratum 1690
const MAX_LOCAL_LENGTH = 64; // RFC 5321, 4.5.3.1.1

/**
 * A dot-atom (RFC 5322, 3.2.3) without what old relays read as a route ("!", "%", "|") and without "?", without which
 * no encoded word ("=?utf-8?q?…?=") can hide a second address from us and show it to a parser after us.
 */
const LOCAL = /^[a-z0-9#$&'*+/=^_`{}~-]+(?:\.[a-z0-9#$&'*+/=^_`{}~-]+)*$/i;
const DOMAIN_LETTERS = /^[\p{L}\p{N}\p{M}.-]+$/u;
/** Two labels or more, the last one no number: neither a host of this network nor an IP address. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const SENDER = /^([^<>"@,;:\\\p{Cc}]{1,100}?) *<([^<>]+)>$/u;

/** True for an address that a message may be sent to. */
export function isMailAddress(address: string): boolean {
  return wireAddress(address) !== undefined;
}

/** The address as it goes over the wire, its domain in ASCII (RFC 5890); undefined where it is none. */
export function wireAddress(address: string): string | undefined {
  const at = address.indexOf("@");
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (at < 1 || address.length > MAX_LENGTH || local.length > MAX_LOCAL_LENGTH) return undefined;
  if (!LOCAL.test(local) || !DOMAIN_LETTERS.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  const unicode = domainToUnicode(ascii);
  // Full-width letters turn into others on the way, so that two spellings would be one mailbox; broken punycode can
  // hide a mark that no domain has, which a program after us would show.
  if (!DOMAIN.test(ascii) || !DOMAIN_LETTERS.test(unicode) || /(^|\.)xn--/.test(unicode)) return undefined;
  if (![ascii, unicode].includes(domain.normalize("NFC").toLowerCase())) return undefined;
  const wire = `${local}@${ascii}`;
  return wire.length > MAX_LENGTH ? undefined : wire;
}

export interface Sender {
  readonly name: string;
  readonly address: string;
}

/**
 * Who the mail is from, as the operator wrote it: `hub@example.org` or `The Hub <hub@example.org>`.
 * @throws MailError AEGIS_MAIL_SENDER
 */
export function parseSender(from: string): Sender {
  const named = SENDER.exec(from);
  const address = wireAddress(named?.[2] ?? from);
  if (address === undefined)
    throw new MailError(
      "AEGIS_MAIL_SENDER",
      "The sender of mail cannot be used: give it as hub@example.org or as The Hub <hub@example.org>.",
    );
  return { name: named?.[1]?.trim() ?? "", address };
}
