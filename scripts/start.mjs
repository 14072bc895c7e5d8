// npm start: from a fresh clone to a running hub on embedded stores. For development only.
import { build } from "./lib/build.mjs";
import { install } from "./lib/install.mjs";
import { become, environment, fail, nodePath } from "./lib/node.mjs";

if (process.env.NODE_ENV === "production")
  fail("npm start runs the development server, which does not run in production.", "npm run serve");
install();
await build();
become(nodePath(), ["apps/hub/dist/server/main.js", ...process.argv.slice(2)], {
  NODE_ENV: "development",
  ...environment(),
});
