/**
 * Client of the range service of Have I Been Pwned, or of a mirror. Of the password only the first five characters
 * of its hash leave: about one in a million passwords shares them (k-anonymity). The answer comes from somebody
 * else's machine: bounded in time and bytes, read strictly, and whatever is not a clean list is "not checked".
 */
import { type BreachAnswer, breachHash, type BreachSource, notChecked } from "./checker.ts";

export interface RangeOptions {
  /** The platform's fetch, or a test's. */
  readonly fetch: typeof globalThis.fetch;
  /** The policy's breach.timeoutSeconds: for the whole answer, body included. */
  readonly timeoutSeconds: number;
  /** Default https://api.pwnedpasswords.com. HTTPS, except on this machine. */
  readonly endpoint?: string;
  /** Look-ups at a time; one more is not checked. Default 32. */
  readonly maxInFlight?: number;
}

const ENDPOINT = "https://api.pwnedpasswords.com";
const MAX_BYTES = 512 * 1024; // a padded answer of today is about 80 KiB
const ROW = /^([0-9A-F]{35}):(\d{1,12})$/i;
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** @throws TypeError when the endpoint is no HTTPS address. */
export function rangeSource({
  fetch,
  timeoutSeconds,
  endpoint = ENDPOINT,
  maxInFlight = 32,
}: RangeOptions): BreachSource {
  const base = checkedEndpoint(endpoint);
  let inFlight = 0;

  async function ask(prefix: string, suffix: string): Promise<BreachAnswer> {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const response = await orEnd(
      signal,
      fetch(`${base}/range/${prefix}`, {
        // Padding makes every answer about the same size, so that its size does not tell the range to a listener.
        headers: { "add-padding": "true", "user-agent": "aegis", accept: "text/plain" },
        // Followed, a redirect could carry the range to anybody, or down to plain HTTP.
        redirect: "manual",
        signal,
      }),
    );
    if (response.status !== 200) {
      response.body?.cancel().catch(() => undefined);
      return notChecked(`the range service answered with ${response.status}`);
    }
    const text = await boundedText(response, signal);
    return text === undefined ? notChecked("the range service's answer is too large") : find(text, suffix);
  }

  return {
    async count(password) {
      // A service that is slow during a flood of registrations must not pile up sockets and memory here.
      if (inFlight >= maxInFlight) return notChecked("too many look-ups at this moment");
      const hash = breachHash(password).toString("hex").toUpperCase();
      inFlight += 1;
      try {
        return await ask(hash.slice(0, 5), hash.slice(5));
      } catch (error) {
        return notChecked(reasonOf(error));
      } finally {
        inFlight -= 1;
      }
    },
  };
}

/** Every row is read before any is believed: half an answer, or a portal's page, would pass for "never seen". */
function find(text: string, suffix: string): BreachAnswer {
  let count = 0;
  for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) {
    const [, tail, seen] = ROW.exec(line) ?? [];
    if (tail === undefined) return notChecked("the range service's answer is no list of hashes");
    // Rows of padding count 0, which adds nothing.
    if (tail.toUpperCase() === suffix) count = Math.max(count, Number(seen));
  }
  return { checked: true, count };
}

async function boundedText(response: Response, signal: AbortSignal): Promise<string | undefined> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await orEnd(signal, reader.read());
      if (done) return Buffer.concat(chunks).toString("latin1");
      bytes += value.byteLength; // after decompression: a small packet can hold an endless answer
      if (bytes > MAX_BYTES) return undefined;
      chunks.push(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Ends with the signal even where what is waited for does not heed it. */
async function orEnd<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Words of our own and the code of the system; the message of a client may hold the address, and so the range. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return "the range service did not answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const known = typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : "";
  return `the range service could not be reached${known}`;
}

/** Over plain HTTP anybody on the way reads the range, and answers "never seen" to everything. */
function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && LOCAL.test(url.hostname));
  if (url === undefined || !secure || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new TypeError("The endpoint of the range service must be a plain https address.");
  return url.href.replace(/\/+$/, "");
}
