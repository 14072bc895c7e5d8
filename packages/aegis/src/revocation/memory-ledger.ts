import type { Revocation } from "./entry.ts";
import type { RevocationLedger } from "./ledger.ts";

/** The executable specification of a revocation ledger; forgets everything when the process ends. */
export class MemoryRevocationLedger implements RevocationLedger {
  readonly #entries: { readonly place: number; readonly entry: Revocation }[] = [];
  readonly #leases = new Map<string, number>();
  readonly #elapsed: () => number;
  #place = 0;

  /** `elapsed`: milliseconds that only grow. */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  async append(entries: readonly Revocation[]): Promise<void> {
    for (const entry of entries) this.#entries.push({ place: ++this.#place, entry });
  }

  async lease(instance: string, milliseconds: number): Promise<void> {
    this.#leases.set(instance, this.#elapsed() + milliseconds);
  }

  async release(instance: string): Promise<void> {
    this.#leases.delete(instance);
  }

  async since(mark: string | null) {
    const from = mark === null ? 0 : Number(mark);
    return {
      entries: this.#entries.filter(({ place }) => place > from).map(({ entry }) => entry),
      mark: String(this.#place),
    };
  }

  async holders() {
    return [...this.#leases]
      .map(([instance, end]) => ({ instance, leftMs: end - this.#elapsed() }))
      .filter(({ leftMs }) => leftMs > 0);
  }

  async removeExpired(now: number): Promise<number> {
    const kept = this.#entries.filter(({ entry }) => entry.keptUntil > now);
    return this.#entries.splice(0, this.#entries.length, ...kept).length - kept.length;
  }
}
