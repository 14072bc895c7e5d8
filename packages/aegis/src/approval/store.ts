/** A request that another administrator must agree to. Times are milliseconds since the Unix epoch. */
export interface Approval {
  readonly id: string;
  readonly action: "remove-mfa";
  /** Whose account it is about. */
  readonly subjectId: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly state: "pending" | "approved" | "rejected";
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
}

export interface ApprovalStore {
  /** Keeps a request; false where one for the same action and subject is pending. */
  request(approval: Approval): Promise<boolean>;
  find(id: string): Promise<Approval | undefined>;
  /** Newest first, at most 200. */
  list(): Promise<readonly Approval[]>;
  /**
   * Decides a pending, live request: true for exactly one call, and never for who asked or for whom it is about.
   */
  decide(id: string, by: string, state: "approved" | "rejected", now: number): Promise<boolean>;
}
