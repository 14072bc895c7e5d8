/** A client that keeps cookies as a browser would, and remembers what it was sent. */
import type { Exchange, WireClient, WireRequest } from "../../control.ts";
import { WireError, type WireOptions } from "./connection.ts";
import { exchange } from "./exchange.ts";
import { headersOf } from "./header.ts";
import { isDeletion, parseSetCookie } from "./set-cookie.ts";

/** A target that plants cookies without end must not fill our memory. */
const MAX_COOKIES = 100;

export class CookieClient implements WireClient {
  readonly cookies: Map<string, string>;
  readonly received: string[] = [];
  readonly #options: WireOptions;
  readonly #onExchange: (exchange: Exchange) => void;

  constructor(
    options: WireOptions,
    onExchange: (exchange: Exchange) => void,
    cookies = new Map<string, string>(),
  ) {
    this.#options = options;
    this.#onExchange = onExchange;
    this.cookies = cookies;
  }

  async send(request: WireRequest): Promise<Exchange> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const done = await exchange(this.#options, request, cookie === "" ? undefined : cookie);
    for (const line of headersOf(done.response, "set-cookie").slice(0, MAX_COOKIES)) this.#keep(line);
    this.#onExchange(done);
    // Who brings a key of its own may have used that key's quota up: that is an answer.
    const bringsKey = Object.keys(request.headers ?? {}).some((name) => /^authorization$/i.test(name));
    if (done.response.status === 429 && this.#options.limitsAnswer !== true && !bringsKey)
      throw new WireError(
        "limited",
        "the target limits how often it may be asked (429); give the verifier its probe key (--probe-key-file)",
      );
    return done;
  }

  clone(): CookieClient {
    return new CookieClient(this.#options, this.#onExchange, new Map(this.cookies));
  }

  #keep(line: string): void {
    if (this.received.length < MAX_COOKIES) this.received.push(line);
    const cookie = parseSetCookie(line);
    if (cookie === undefined) return;
    if (isDeletion(cookie, Date.now())) this.cookies.delete(cookie.name);
    else if (this.cookies.has(cookie.name) || this.cookies.size < MAX_COOKIES)
      this.cookies.set(cookie.name, cookie.value);
  }
}
