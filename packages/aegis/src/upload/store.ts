/** What is known of a file; its bytes are elsewhere (BlobStore). Times are milliseconds since the Unix epoch. */
export interface Upload {
  /** Random; also the name under which its bytes are kept. */
  readonly id: string;
  /** Null: the application has no tenants. */
  readonly tenantId: string | null;
  readonly accountId: string;
  /** For people alone: never a part of a path. */
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  /** SHA-256 of what is kept, base64url. */
  readonly digest: string;
  /** Of pictures. */
  readonly width: number | null;
  readonly height: number | null;
  readonly createdAt: number;
}

export interface Reservation {
  readonly id: string;
  readonly tenantId: string | null;
  readonly accountId: string;
  /** What it may become; it can end smaller. */
  readonly bytes: number;
  readonly now: number;
}

export interface Quota {
  readonly tenantBytes: number;
  readonly accountBytes: number;
  readonly accountFileLimit: number;
}

export type Finished = Pick<Upload, "name" | "kind" | "size" | "digest" | "width" | "height">;

export interface UploadQuery {
  /** Part of the name, in any case. */
  readonly query: string;
  readonly limit: number;
  readonly offset: number;
}

/** Every method but the sweep's and the export's is bound to one tenant; what belongs to another is not there. */
export interface UploadStore {
  /**
   * Takes room before anything is written. However many come at once, what is reserved and kept together never passes
   * the quota. "taken": the id is in use.
   */
  reserve(reservation: Reservation, quota: Quota): Promise<"reserved" | "full" | "taken">;
  /** From reserved to kept, once; undefined where the reservation is gone or was for less. */
  finish(tenantId: string | null, id: string, facts: Finished): Promise<Upload | undefined>;
  /** Gives the room of a reservation back. */
  release(tenantId: string | null, id: string): Promise<boolean>;
  find(tenantId: string | null, id: string): Promise<Upload | undefined>;
  /** Newest first. */
  page(
    tenantId: string | null,
    accountId: string,
    query: UploadQuery,
  ): Promise<{ readonly items: readonly Upload[]; readonly total: number }>;
  /** Of all tenants: for the person whose files they are, and nobody else. Newest first. */
  ofAccount(
    accountId: string,
    limit: number,
  ): Promise<{ readonly items: readonly Upload[]; readonly total: number }>;
  /** What the account keeps or has reserved. */
  used(
    tenantId: string | null,
    accountId: string,
  ): Promise<{ readonly bytes: number; readonly files: number }>;
  /** Nobody finds it any more; its bytes are still to be removed. True for one of parallel calls. */
  end(tenantId: string | null, accountId: string, id: string): Promise<boolean>;
  /** After its bytes are gone. */
  forget(id: string): Promise<void>;
  /** What was reserved before and never finished, what has ended, and what belongs to nobody any more. */
  leftovers(reservedBefore: number, limit: number): Promise<readonly string[]>;
}
