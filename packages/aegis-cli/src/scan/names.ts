/** What names of variables and properties say. */

/** `resetTokenHash`, `RESET_TOKEN_HASH`, `reset-token-hash`: reset, token, hash. */
export const wordsOf = (name: string): readonly string[] =>
  name
    .slice(0, 100)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");

const SECRET_WORDS = new Set([
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "secret",
  "token",
  "apikey",
  "credential",
  "jwt",
  "bearer",
]);
const SECRET_PAIRS = /\b(?:api|private|access|secret|signing|encryption|session|master|auth|jwt) key\b/;
/** What is about a secret, and is none: its file, its name, its length. */
const ABOUT = new Set(
  "file path name names field fields length size count type types kind status state url uri endpoint hint label id ids expiry expires expired expiration at ttl seconds minutes days age header headers cookie policy input error errors message messages prefix suffix chars characters char alphabet pattern regex regexp rule rules option options config schema placeholder text title strength score form page route routes index position start end reset required changed confirmation confirm repeat again validator store storage manager service provider payload limit set map list column table mode info data hash hashes digest mark marks source sources variable env separator format version view".split(
    " ",
  ),
);

/** Whether somebody who knew the value of this name could pass for somebody. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1);
  if (last === undefined || ABOUT.has(last)) return false;
  return words.some((word) => SECRET_WORDS.has(word)) || SECRET_PAIRS.test(words.join(" "));
}

export const isPasswordName = (name: string): boolean =>
  /\b(?:password|passwd|pwd|passphrase|pass)\b/.test(wordsOf(name).join(" "));

/** What proves something by being equal: signatures, codes, hashes of secrets. */
export function isProofName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  const text = words.join(" ");
  if (/\b(?:confirm|confirmation|repeat|repeated|again|old|new|previous|current|next)\b/.test(text))
    return false;
  if (/^(?:signature|hmac|mac|otp|csrf)$/.test(last)) return true;
  if (/\b(?:sealed|encrypted|wrapped|hashed)\b/.test(text)) return false;
  return isSecretName(name);
}
