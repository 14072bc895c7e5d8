/** Secrets that change, in the form in which the rooms use them; and what has them read again. */
import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../lib/clock.ts";
import type { AtLeastOne, SecretKeys } from "../lib/secret-keys.ts";
import { loadSecretKey, type SecretSource as KeySource } from "./load.ts";
import type { Secrets } from "./manager.ts";
import { keysOf } from "./source.ts";
import { secretBytes } from "./strength.ts";

/**
 * SECRET_KEY and SECRET_KEY_PREVIOUS as they change. A new key verifies at once, and makes after `secret.cacheSeconds`.
 * In development without a SECRET_KEY: the key that is kept in `directory`.
 * @throws SecretError
 */
export function liveSecretKeys(
  secrets: Secrets,
  kept: Pick<KeySource, "environment" | "directory">,
): SecretKeys {
  const key = secrets.live("SECRET_KEY");
  const previous = secrets.live("SECRET_KEY_PREVIOUS");
  if (key.latest() === undefined) {
    const only: AtLeastOne<Uint8Array> = [loadSecretKey({ ...kept, env: {} })];
    return { all: () => only, eldest: () => only[0], isStale: () => secrets.isStale() };
  }
  let known:
    | { readonly from: readonly (string | undefined)[]; readonly all: AtLeastOne<Uint8Array> }
    | undefined;
  const all = (): AtLeastOne<Uint8Array> => {
    const from = [key.settled(), key.latest(), previous.latest(), previous.settled()];
    if (known === undefined || from.some((text, place) => text !== known?.from[place])) {
      const texts = [...new Set(from.flatMap((text) => keysOf(text ?? "")))];
      const [first = "", ...others] = texts;
      known = { from, all: [secretBytes(first), ...others.map(secretBytes)] };
    }
    return known.all;
  };
  return {
    all,
    eldest: () => secretBytes(keysOf(previous.latest() ?? "").at(-1) ?? key.settled() ?? ""),
    isStale: () => secrets.isStale(),
  };
}

/** Something made of a secret's text, and made again only when that changes. */
export function made<T>(text: () => string | undefined, make: (text: string) => T): () => T | undefined {
  let known: { readonly text: string; readonly made: T } | undefined;
  return () => {
    const now = text();
    if (now === undefined) return undefined;
    if (known?.text !== now) known = { text: now, made: make(now) };
    return known.made;
  };
}

/** An editor writes in several steps, and a rotation two files. */
const SETTLED_AFTER_MS = 500;
const LONGEST_TIMER_MS = 2_147_483_647;

export interface FreshOptions {
  readonly clock?: Clock;
  /** Whether SIGHUP means: read again. Default true; not for a program that ends with its terminal. */
  readonly onSignal?: boolean;
}

export interface KeepingFresh {
  stop(): void;
}

/** Reads again when the policy says so, when a folder of a source changes, and on SIGHUP. */
export function keepFresh(secrets: Secrets, options: FreshOptions = {}): KeepingFresh {
  const { clock = systemClock, onSignal = true } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, secrets.nextAt() - clock.now()));
    timer = setTimeout(again, wait).unref();
  };
  const again = (): void => void secrets.refresh().finally(schedule);
  // Not put off by every further change: whoever writes without end beside a secret would keep it from being read.
  const changed = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined;
      again();
    }, SETTLED_AFTER_MS).unref();
  };
  const watchers = secrets.folders.flatMap((folder): FSWatcher[] => {
    try {
      // A folder that goes away, or that this user may not watch, is read by the timer all the same.
      return [watch(folder, { persistent: false }, changed).on("error", () => undefined)];
    } catch {
      return [];
    }
  });
  if (onSignal) process.on("SIGHUP", again);
  schedule();
  return {
    stop() {
      stopped = true;
      for (const one of [timer, soon]) clearTimeout(one);
      for (const one of watchers) one.close();
      process.off("SIGHUP", again);
    },
  };
}
