/**
 * Threat: an attacker who fails on purpose until the owner is locked out. Rule: a browser that signed in to an
 * account is known to it by a random token in a cookie of its own, and has its own count of failures. The token opens
 * nothing: it only says in whose queue a guess stands. References: NIST SP 800-63B-4 3.2.2; OWASP "device cookies".
 */
import { sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { DeviceStore } from "./store.ts";

const TOKEN_BYTES = 32;
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export interface DeviceRules {
  /** 0: no device is ever known. */
  readonly knownSeconds: number;
  readonly cookieName: string;
  readonly secure: boolean;
}

export interface Devices {
  /** The known device that the request's cookie names. */
  find(accountId: string, cookieHeader: string | undefined): Promise<string | undefined>;
  /** After a sign-in: what the browser must keep, and whether it is new to an account that has others. */
  greet(
    accountId: string,
    cookieHeader: string | undefined,
  ): Promise<{ readonly setCookie: string | undefined; readonly isNew: boolean }>;
  readonly store: DeviceStore;
}

export function deviceService(rules: DeviceRules, store: DeviceStore, clock: Clock, random: Random): Devices {
  const find = async (accountId: string, cookieHeader: string | undefined): Promise<string | undefined> => {
    const token = tokenFrom(rules.cookieName, cookieHeader);
    if (token === undefined || rules.knownSeconds === 0) return undefined;
    return store.find(accountId, sha256(token), clock.now());
  };

  return {
    store,
    find,
    async greet(accountId, cookieHeader) {
      if (rules.knownSeconds === 0) return { setCookie: undefined, isNew: false };
      if ((await find(accountId, cookieHeader)) !== undefined) return { setCookie: undefined, isNew: false };
      const now = clock.now();
      const isNew = await store.hasAny(accountId, now);
      // Always a token of our own making: one that came along could have been planted.
      const token = random.token(TOKEN_BYTES);
      await store.remember({
        id: random.uuid(),
        accountId,
        tokenHash: sha256(token),
        createdAt: now,
        expiresAt: now + rules.knownSeconds * 1000,
      });
      return { setCookie: cookieOf(rules, token), isNew };
    },
  };
}

const cookieOf = ({ cookieName, secure, knownSeconds }: DeviceRules, token: string): string =>
  [
    `${cookieName}=${token}`,
    "Path=/",
    `Max-Age=${knownSeconds}`,
    "HttpOnly",
    ...(secure ? ["Secure"] : []),
    "SameSite=Lax",
  ].join("; ");

function tokenFrom(name: string, header: string | undefined): string | undefined {
  const found = (header ?? "")
    .split(";")
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [token] = found;
  return found.length === 1 && token !== undefined && TOKEN_SHAPE.test(token) ? token : undefined;
}
