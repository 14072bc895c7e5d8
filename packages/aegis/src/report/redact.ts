/** What is a secret by its shape, wherever it stands: the verifier hides what it knows of, and this the rest. */
import { shortened } from "../verify/redact.ts";

const SHAPES: readonly RegExp[] = [
  // Private keys, to their end or to the end of the text.
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
  // JSON Web Tokens, with or without their signature; from the start of a word alone, so that no text is read twice.
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{8,}/g,
];
/** The password of an address, and a member of a query that is named like a secret. */
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,100}:)([^\s/@]{1,200})(?=@)/gi;
const IN_QUERY =
  /([?&;][\w.-]{0,40}(?:token|secret|passw|csrf|xsrf|jwt|session|code|api-?_?key|signature)[\w.-]{0,40}=)([^&\s;#"'<>]+)/gi;
const BEARER = /\b((?:Bearer|Basic|Digest|AWS4-HMAC-SHA256)\s+)([\w.~+/=-]{8,})/gi;

/** Idempotent: what is cut short already stays as it is. */
export function hideShapes(text: string): string {
  let hidden = text;
  for (const shape of SHAPES) hidden = hidden.replaceAll(shape, shortened);
  for (const named of [IN_ADDRESS, IN_QUERY, BEARER])
    hidden = hidden.replaceAll(named, (_whole, before: string, value: string) => before + shortened(value));
  return hidden;
}
