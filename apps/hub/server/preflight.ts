/** What `npx aegis check` looks at before and after the hub is put on a machine; the variables are in settings.ts. */
import type { PreflightSettings } from "aegis/preflight";

export const hubPreflight: PreflightSettings = {
  // Keys of tests, that open nothing.
  git: {
    reviewed: [
      "pwqqkiqoKlc_",
      "kug7RmO6ZF2F",
      "VzGHllDeZQBT",
      "Az8j0BnW08TK",
      "7WnJhaXVJWTZ",
      "AIIwMkDBdsbS",
    ],
  },
  migrations: [{ name: "hub", directory: "apps/hub/server/database/migrations" }],
};
