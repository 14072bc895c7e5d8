/** LIST 4: every room's controls, bound to its section of the policy. */
import { accessControls } from "../access/controls.ts";
import { accountControls } from "../account/controls.ts";
import { apiKeyControls } from "../api-key/controls.ts";
import { auditControls } from "../audit/controls.ts";
import { backupControls } from "../backup/controls.ts";
import { breachControls } from "../breach/controls.ts";
import type { Control, RoomControls, Unprovable } from "../control.ts";
import { csrfControls } from "../csrf/controls.ts";
import { headersControls } from "../headers/controls.ts";
import { inputControls } from "../input/controls.ts";
import { maintenanceControls } from "../maintenance/controls.ts";
import { metricsControls } from "../metrics/controls.ts";
import { mfaControls } from "../mfa/controls.ts";
import { passwordControls } from "../password/controls.ts";
import type { Policy } from "../policy.ts";
import { rateLimitControls } from "../rate-limit/controls.ts";
import { recoveryControls } from "../recovery/controls.ts";
import { reputationControls } from "../reputation/controls.ts";
import { sanitizeControls } from "../sanitize/controls.ts";
import { uploadControls } from "../upload/controls.ts";
import { secretControls } from "../secret/controls.ts";
import { sessionControls } from "../session/controls.ts";
import { tenancyControls } from "../tenancy/controls.ts";
import { throttleControls } from "../throttle/controls.ts";
import { tokenControls } from "../token/controls.ts";
import { transportControls } from "../transport/controls.ts";
import type { RunContext } from "./context.ts";
import type { Exchange, Verdict } from "../control.ts";

type Room = Exclude<keyof Policy, "environment">;

/** A control that knows where its policy is: leaves are whole paths ("session.cookie.secure"). */
export interface BoundControl extends Omit<Control<never>, "probe" | "proves"> {
  readonly room: Room;
  readonly proves: readonly string[];
  readonly slow: boolean;
  run(run: RunContext, policy: Policy, onExchange: (exchange: Exchange) => void): Promise<Verdict>;
}

export interface BoundRoom {
  readonly room: Room;
  readonly controls: readonly BoundControl[];
  readonly unprovable: readonly Unprovable[];
}

function bind<R extends Room>(room: R, { controls, unprovable }: RoomControls<Policy[R]>): BoundRoom {
  const whole = (leaf: string): string => `${room}.${leaf}`;
  return {
    room,
    controls: controls.map(({ probe, ...control }) => ({
      ...control,
      room,
      slow: control.slow === true,
      proves: control.proves.map(whole),
      run: (run, policy, onExchange) => probe(run.forControl(policy[room], onExchange)),
    })),
    unprovable: unprovable.map(({ leaf, reason }) => ({ leaf: whole(leaf), reason })),
  };
}

export const catalogue: readonly BoundRoom[] = [
  bind("transport", transportControls),
  bind("headers", headersControls),
  bind("session", sessionControls),
  bind("csrf", csrfControls),
  bind("access", accessControls),
  bind("account", accountControls),
  bind("password", passwordControls),
  bind("breach", breachControls),
  bind("throttle", throttleControls),
  bind("mfa", mfaControls),
  bind("recovery", recoveryControls),
  bind("token", tokenControls),
  bind("apiKey", apiKeyControls),
  bind("tenancy", tenancyControls),
  bind("input", inputControls),
  bind("audit", auditControls),
  bind("secret", secretControls),
  bind("sanitize", sanitizeControls),
  bind("upload", uploadControls),
  bind("backup", backupControls),
  bind("maintenance", maintenanceControls),
  bind("metrics", metricsControls),
  bind("reputation", reputationControls),
  bind("rateLimit", rateLimitControls), // last: what it uses up, others behind the same address would miss
];
