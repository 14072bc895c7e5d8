/** What values of secrets look like. */

/** Forms that their makers publish, so that scanners find them. */
const FORMS: readonly (readonly [string, RegExp])[] = [
  ["a private key (PEM)", /-----BEGIN (?:[A-Z]{1,10} ){0,2}PRIVATE KEY-----[\s\\rn]{0,8}[A-Za-z0-9+/]{16}/],
  ["a private key of age", /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/],
  ["an access key of AWS", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a token of GitHub", /\b(?:gh[pousr]_[0-9A-Za-z]{36,251}|github_pat_[0-9A-Za-z_]{82})\b/],
  ["a token of GitLab", /\bglpat-[0-9A-Za-z_-]{20,64}\b/],
  ["a token of npm", /\bnpm_[0-9A-Za-z]{36}\b/],
  ["a token of Slack", /\bxox[abprs]-[0-9A-Za-z-]{10,200}\b/],
  ["a live key of Stripe", /\b[rs]k_live_[0-9A-Za-z]{16,200}\b/],
  ["a token of Vault", /\bhvs\.[0-9A-Za-z_-]{24,200}\b/],
  ["a key of SendGrid", /\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}\b/],
  ["a key of Google", /\bAIza[0-9A-Za-z_-]{35}\b/],
];
const ADDRESS =
  /\b(?:postgres(?:ql)?|rediss?|smtps?|mysql|mongodb(?:\+srv)?|amqps?):\/\/[^\s:/@"'`]{1,64}:([^\s/@"'`]{8,128})@([^\s:/"'`]{1,253})/;
const NOBODYS =
  /^(?:localhost|127\.|\[::1|(?:.+\.)?(?:example|test|invalid|localhost)(?:\.|$)|host$|db$|postgres$|redis$)|example\.(?:com|org|net)$/i;
const PLACEHOLDER =
  /^[<{[%*]|[>}\]%]$|^(?:x+|\*+|\.+|-+)$|your|example|placeholder|replace|insert|sample|dummy|lorem|redacted|\bxxx|\$\{|\.\.\./i;

export function knownForm(value: string): string | undefined {
  const [kind] = FORMS.find(([, form]) => form.test(value)) ?? [];
  if (kind !== undefined) return kind;
  const address = ADDRESS.exec(value);
  const [, password = "", host = ""] = address ?? [];
  return address !== null &&
    !NOBODYS.test(host) &&
    !/[$<>{}*]|\.\.\.|password|secret|change|example|your/i.test(password)
    ? "an address with a password"
    : undefined;
}

const DEFAULTS =
  /^(?:admin|administrator|root|password|passw0rd|changeme|change[-_ ]?(?:me|it|this)\w*|secret|secret[-_ ]?key|default|test|guest|letmein|welcome|qwerty\d*|123456\d*|1234|keyboard cat|shhh*|supersecret|super[-_ ]secret(?:[-_ ]key)?|my[-_ ]?secret(?:[-_ ]?key)?|development[-_ ]?secret|dev[-_ ]?secret|postgres|mysql|s3cr3t|topsecret|hunter2|foobar|not[-_ ]?secret|jwt[-_ ]?secret|session[-_ ]?secret|some[-_ ]?secret)(?:[-_]?\d{1,4})?!?$/i;

/** A word that stands in manuals. One that is but its own name (`{ password: "password" }`) is a name of a field. */
export const isDefault = (value: string, name: string): boolean =>
  DEFAULTS.test(value) && (value.toLowerCase() !== name.toLowerCase() || /^secret$/i.test(name));

/** Bits per character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Random, or a password as people make them; no word, path, address, alphabet or sentence. */
export function isLikeSecret(given: string, isPassword: boolean): boolean {
  const value = given.replace(/^(?:Bearer|Basic|Token)\s+/i, "");
  if (PLACEHOLDER.test(value) || /\s/.test(value) || value.length > 2000) return false;
  if (/^(?:https?:|[./~#@]|sha\d+-)/.test(value) || isAlphabet(value)) return false;
  // A parameter of a header: `error="invalid_token"`.
  if (/^[a-z_-]+="[a-z _-]*"$/.test(value)) return false;
  // Words with dashes, dots or slashes between them are names: of events, headers, files, translations.
  if (/^[A-Za-z]+(?:[-_./: ][A-Za-z]+)*\d{0,2}$/.test(value) && !/[a-z][A-Z][a-z]?[A-Z0-9]/.test(value))
    return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((one) => one.test(value)).length;
  if (isPassword && value.length >= 6 && value.length <= 40)
    return kinds >= 2 && /\d|[^A-Za-z0-9_.:/-]/.test(value);
  return value.length >= 16 && kinds >= 2 && entropyOf(value) >= 3;
}

/** A row of characters in their order, or each of them once. */
const isAlphabet = (value: string): boolean =>
  /abcdefg|ABCDEFG|0123456789|bcdfghj|BCDFGHJ/.test(value) && new Set(value).size > value.length * 0.9;
