import type { Approval, ApprovalStore } from "./store.ts";

/** The executable specification of an approval store; forgets everything when the process ends. */
export class MemoryApprovalStore implements ApprovalStore {
  readonly #approvals = new Map<string, Approval>();

  async request(approval: Approval): Promise<boolean> {
    const pending = [...this.#approvals.values()].some(
      ({ action, subjectId, state, expiresAt }) =>
        action === approval.action &&
        subjectId === approval.subjectId &&
        state === "pending" &&
        expiresAt > approval.requestedAt,
    );
    if (pending) return false;
    this.#approvals.set(approval.id, approval);
    return true;
  }

  async find(id: string): Promise<Approval | undefined> {
    return this.#approvals.get(id);
  }

  async list(): Promise<readonly Approval[]> {
    return [...this.#approvals.values()]
      .toSorted((a, b) => b.requestedAt - a.requestedAt || (a.id < b.id ? -1 : 1))
      .slice(0, 200);
  }

  async decide(id: string, by: string, state: "approved" | "rejected", now: number): Promise<boolean> {
    const found = this.#approvals.get(id);
    if (found === undefined || found.state !== "pending" || found.expiresAt <= now) return false;
    if (found.requestedBy === by || found.subjectId === by) return false;
    this.#approvals.set(id, { ...found, state, decidedBy: by, decidedAt: now });
    return true;
  }
}
