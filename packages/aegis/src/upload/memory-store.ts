import type { Finished, Quota, Reservation, Upload, UploadQuery, UploadStore } from "./store.ts";

type Row = Upload & { readonly state: "reserved" | "kept" | "ended" };

/** The executable specification of an upload store; forgets everything when the process ends. */
export class MemoryUploadStore implements UploadStore {
  readonly #rows = new Map<string, Row>();

  #counted(tenantId: string | null): Row[] {
    return [...this.#rows.values()].filter((row) => row.tenantId === tenantId && row.state !== "ended");
  }

  #of(tenantId: string | null, id: string, state: Row["state"]): Row | undefined {
    const row = this.#rows.get(id);
    return row?.tenantId === tenantId && row.state === state ? row : undefined;
  }

  async reserve(one: Reservation, quota: Quota): Promise<"reserved" | "full" | "taken"> {
    if (this.#rows.has(one.id)) return "taken";
    const all = this.#counted(one.tenantId);
    const own = all.filter(({ accountId }) => accountId === one.accountId);
    const sum = (rows: readonly Row[]): number => rows.reduce((total, { size }) => total + size, one.bytes);
    const isFull =
      own.length >= quota.accountFileLimit ||
      sum(own) > quota.accountBytes ||
      (one.tenantId !== null && sum(all) > quota.tenantBytes);
    if (isFull) return "full";
    const { id, tenantId, accountId, bytes: size, now: createdAt } = one;
    const nothingYet = { name: "", kind: "", digest: "", width: null, height: null };
    this.#rows.set(id, { id, tenantId, accountId, size, createdAt, ...nothingYet, state: "reserved" });
    return "reserved";
  }

  async finish(tenantId: string | null, id: string, facts: Finished): Promise<Upload | undefined> {
    const row = this.#of(tenantId, id, "reserved");
    if (row === undefined || facts.size > row.size) return undefined;
    const kept: Row = { ...row, ...facts, state: "kept" };
    this.#rows.set(id, kept);
    return facesOf(kept);
  }

  async release(tenantId: string | null, id: string): Promise<boolean> {
    return this.#of(tenantId, id, "reserved") !== undefined && this.#rows.delete(id);
  }

  async find(tenantId: string | null, id: string): Promise<Upload | undefined> {
    const row = this.#of(tenantId, id, "kept");
    return row === undefined ? undefined : facesOf(row);
  }

  async page(tenantId: string | null, accountId: string, { query, limit, offset }: UploadQuery) {
    const found = this.#counted(tenantId)
      .filter((row) => row.state === "kept" && row.accountId === accountId)
      .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
    return { items: found.slice(offset, offset + limit).map(facesOf), total: found.length };
  }

  async ofAccount(accountId: string, limit: number) {
    const found = [...this.#rows.values()]
      .filter((row) => row.state === "kept" && row.accountId === accountId)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
    return { items: found.slice(0, limit).map(facesOf), total: found.length };
  }

  async used(tenantId: string | null, accountId: string) {
    const own = this.#counted(tenantId).filter((row) => row.accountId === accountId);
    return { bytes: own.reduce((total, { size }) => total + size, 0), files: own.length };
  }

  async end(tenantId: string | null, accountId: string, id: string): Promise<boolean> {
    const row = this.#of(tenantId, id, "kept");
    if (row === undefined || row.accountId !== accountId) return false;
    this.#rows.set(id, { ...row, state: "ended" });
    return true;
  }

  async forget(id: string): Promise<void> {
    this.#rows.delete(id);
  }

  async leftovers(reservedBefore: number, limit: number): Promise<readonly string[]> {
    return [...this.#rows.values()]
      .filter(
        ({ state, createdAt }) => state === "ended" || (state === "reserved" && createdAt < reservedBefore),
      )
      .map(({ id }) => id)
      .slice(0, limit);
  }
}

const facesOf = ({ state: _state, ...upload }: Row): Upload => upload;
