import type { Control, RoomControls } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { cookieControls } from "./controls-cookie.ts";
import { lifeControls } from "./controls-life.ts";
import { timeControls } from "./controls-time.ts";
import type { SessionPolicy } from "./policy.ts";

const controls: readonly Control<DeepReadonly<SessionPolicy>>[] = [
  ...cookieControls,
  ...lifeControls,
  ...timeControls,
];

export const sessionControls: RoomControls<DeepReadonly<SessionPolicy>> = {
  controls,
  unprovable: [
    {
      leaf: "cookie.name",
      reason:
        "A label: nothing depends on how the cookie is called, and a target's description may name its own.",
    },
  ],
};
