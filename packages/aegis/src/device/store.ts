/** A browser that signed in to an account before. Times are milliseconds since the Unix epoch. */
export interface KnownDevice {
  readonly id: string;
  readonly accountId: string;
  /** SHA-256 (base64url) of the token in the browser's device cookie. */
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** An account keeps so many; the oldest goes. */
export const DEVICES_PER_ACCOUNT = 20;

export interface DeviceStore {
  /** The id of the account's device with this token, while it is known. */
  find(accountId: string, tokenHash: string, now: number): Promise<string | undefined>;
  /** Keeps a device; the account's oldest beyond the limit are forgotten. */
  remember(device: KnownDevice): Promise<void>;
  /** True when the account knows a device already: then another one is worth telling the owner. */
  hasAny(accountId: string, now: number): Promise<boolean>;
  forgetAll(accountId: string): Promise<void>;
  removeExpired(now: number): Promise<number>;
}
