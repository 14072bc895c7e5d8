import { type LockHolder, takeLock as takeNumbered } from "../lib/lock.ts";
import { ReleaseError } from "./settings.ts";

/** One release at a time. @throws ReleaseError where a living process is at it */
export const takeLock = (folder: string, what: string, now: number): Promise<() => Promise<void>> =>
  takeNumbered(folder, what, now, held);

const held = (holder: LockHolder | undefined): ReleaseError =>
  new ReleaseError(
    holder === undefined
      ? "Somebody else began a release at this moment. Look with: aegis releases"
      : `Process ${holder.pid} is at it since ${holder.at} (${holder.what}). One release at a time.`,
  );
