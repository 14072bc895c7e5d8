import { DEVICES_PER_ACCOUNT, type DeviceStore, type KnownDevice } from "./store.ts";

/** The executable specification of a device store; forgets everything when the process ends. */
export class MemoryDeviceStore implements DeviceStore {
  #devices: readonly KnownDevice[] = [];

  async find(accountId: string, tokenHash: string, now: number): Promise<string | undefined> {
    return this.#devices.find(
      (one) => one.accountId === accountId && one.tokenHash === tokenHash && one.expiresAt > now,
    )?.id;
  }

  async remember(device: KnownDevice): Promise<void> {
    const own = [...this.#devices.filter(({ accountId }) => accountId === device.accountId), device]
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .slice(0, DEVICES_PER_ACCOUNT);
    this.#devices = [...this.#devices.filter(({ accountId }) => accountId !== device.accountId), ...own];
  }

  async hasAny(accountId: string, now: number): Promise<boolean> {
    return this.#devices.some((one) => one.accountId === accountId && one.expiresAt > now);
  }

  async forgetAll(accountId: string): Promise<void> {
    this.#devices = this.#devices.filter((one) => one.accountId !== accountId);
  }

  async removeExpired(now: number): Promise<number> {
    const before = this.#devices.length;
    this.#devices = this.#devices.filter(({ expiresAt }) => expiresAt > now);
    return before - this.#devices.length;
  }
}
