import type { RoomControls } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AuditPolicy } from "./policy.ts";

const INSIDE =
  "The log is shown to administrators with two factors alone; `aegis audit verify` holds the log itself against its signed heads";

export const auditControls: RoomControls<DeepReadonly<AuditPolicy>> = {
  controls: [],
  unprovable: [
    { leaf: "covered", reason: INSIDE },
    { leaf: "onFailure", reason: "Shows only while the database takes no entries; a test takes it away" },
    { leaf: "queueLimit", reason: "Shows only while the database takes no entries, and not from outside" },
    { leaf: "strangerEventLimit", reason: INSIDE },
    { leaf: "signEverySeconds", reason: INSIDE },
  ],
};
