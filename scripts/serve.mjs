// npm run serve: the production server.
import { build } from "./lib/build.mjs";
import { install } from "./lib/install.mjs";
import { become, environment, nodePath } from "./lib/node.mjs";

install();
await build();
become(nodePath(), ["apps/hub/dist/server/serve.js", ...process.argv.slice(2)], {
  NODE_ENV: "production",
  ...environment(),
});
