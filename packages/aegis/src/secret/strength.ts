/** Judges a secret key. Pure. A key is 32 random bytes or more, as base64url, base64 or hexadecimal text. */
const MIN_BYTES = 32; // 256 bits: the key of HMAC-SHA-256 should not be shorter than its output (RFC 2104, 3)

/** Words that stand in examples, templates and tutorials, and so in every attacker's list. */
const GIVEAWAYS = /your|todo|dev|test|key/i;
/** The longer ones are giveaways wherever they stand: six given letters in a row do not come about by chance. */
const LONG_GIVEAWAYS = /secret|change|example|default|password|insecure|replace|production/i;
const LONGEST_RUN = 7;

/** Of the 16 characters of hexadecimal text, 64 random ones leave out seven or more in one of 10^12 keys. */
const FEWEST_CHARACTERS = 10;
/** A pair four times in a row comes about in one of 300,000 hexadecimal keys; so long a repetition in none. */
const SHORTEST_REPETITION = 24;

/** Words with marks between, each in one case: no random text of 32 bytes looks so (none of two million did). */
const WORDS = /^([A-Z]?[a-z]+|[A-Z]+|[0-9]+)([-_]([A-Z]?[a-z]+|[A-Z]+|[0-9]+))+$/;

/** What is wrong with it, as a sentence; undefined when nothing is. */
export function weaknessOf(secret: string): string | undefined {
  const bytes = secretBytes(secret);
  if (/\s/.test(secret)) return "it contains white space";
  if (!/^[A-Za-z0-9+/_=-]+$/.test(secret)) return "it is not base64url, base64 or hexadecimal text";
  if (LONG_GIVEAWAYS.test(secret) || (WORDS.test(secret) && GIVEAWAYS.test(secret)))
    return "it reads like an example value";
  if (bytes.length < MIN_BYTES) return `it has ${bytes.length} bytes where ${MIN_BYTES} are needed`;
  if (new Set(secret).size < FEWEST_CHARACTERS)
    return "it repeats itself: too few different characters to be random";
  if ([...secret.matchAll(/(.{2,})\1{3,}/g)].some(([all]) => all.length >= SHORTEST_REPETITION))
    return "it repeats itself";
  if (longestRun(Buffer.from(secret)) > LONGEST_RUN || longestRun(bytes) > LONGEST_RUN)
    return "it counts upwards";
  return undefined;
}

/** The longest stretch in which each byte is one more than the last. */
function longestRun(bytes: Uint8Array): number {
  let longest = 1;
  let run = 1;
  for (let place = 1; place < bytes.length; place++) {
    run = (bytes[place] ?? 0) === (bytes[place - 1] ?? 0) + 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

export function secretBytes(secret: string): Uint8Array {
  return /^([0-9a-f]{2})+$/i.test(secret) ? Buffer.from(secret, "hex") : Buffer.from(secret, "base64url");
}
