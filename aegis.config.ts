/** What `npx aegis` uses in this repository: the hub's policy, how to use the hub, its routes, and what a preflight looks at. */
import { endSessions } from "./apps/hub/server/end-sessions.ts";
import { describeRoutes } from "./apps/hub/server/describe-routes.ts";
import { hubSettings } from "./apps/hub/server/settings.ts";
import { hubPreflight } from "./apps/hub/server/preflight.ts";

export default {
  policy: { preset: "education" },
  target: "apps/hub/target.json",
  routes: describeRoutes,
  settings: hubSettings,
  deployment: "deploy/deployment.json",
  endSessions,
  preflight: hubPreflight,
  probeKeyFile: ".aegis/probe-key", // what the hub makes in development
};
