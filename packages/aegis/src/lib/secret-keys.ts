/**
 * The application's secret as it changes. Threat: a key that cannot be replaced without signing everybody out is never
 * replaced. Rule: one key makes and seals, every other one that is kept verifies and opens. References: NIST SP 800-57
 * 5.3; ASVS 5.0 13.3.4; requirement SEC-1.
 */
import type { KeyObject } from "node:crypto";
import { deriveKey, macKey } from "./bytes.ts";

export type AtLeastOne<T> = readonly [T, ...T[]];

export interface SecretKeys {
  /** The first makes and seals; all verify and open. The same array until something changes. */
  readonly all: () => AtLeastOne<Uint8Array>;
  /**
   * The eldest that is kept. What is a name and no proof (a counted address, the source of an event) is derived of it, so
   * that a rotation lets nobody begin anew; the name changes when that key goes.
   */
  readonly eldest: () => Uint8Array;
  /** True where the source has been away for longer than the policy lets old values serve. */
  readonly isStale?: () => boolean;
}

/** What carries a secret: bytes that stay, or keys that change while the application runs. */
export interface SecretWiring {
  readonly secretKey: Uint8Array | SecretKeys;
  /** Earlier values of `secretKey`: they still open what was sealed under them, and seal nothing. */
  readonly previousSecretKeys?: readonly Uint8Array[];
}

export function secretKeys({ secretKey, previousSecretKeys = [] }: SecretWiring): SecretKeys {
  if (!(secretKey instanceof Uint8Array)) return secretKey;
  const all: AtLeastOne<Uint8Array> = [secretKey, ...previousSecretKeys];
  return { all: () => all, eldest: () => all.at(-1) ?? secretKey };
}

/** Something made of the keys, and made again only when they change. */
export function ofKeys<T>(secrets: SecretKeys, make: (keys: AtLeastOne<Uint8Array>) => T): () => T {
  let known: { readonly of: AtLeastOne<Uint8Array>; readonly made: T } | undefined;
  return () => {
    const now = secrets.all();
    if (known?.of !== now) known = { of: now, made: make(now) };
    return known.made;
  };
}

/** Keys of one purpose, newest first. */
export type PurposeKeys = () => AtLeastOne<KeyObject>;

export const purposeKeys = (secrets: SecretKeys, purpose: string): PurposeKeys => {
  const derived = (secret: Uint8Array): KeyObject => macKey(deriveKey(secret, purpose));
  return ofKeys(secrets, ([first, ...others]) => [derived(first), ...others.map(derived)]);
};
