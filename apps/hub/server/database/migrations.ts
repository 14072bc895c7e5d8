import { aegisMigrations } from "aegis/stores/postgres";

/** In the order they are applied: the library's tables first. */
export const migrationSources = [
  aegisMigrations,
  { name: "hub", directory: new URL("./migrations/", import.meta.url) },
];
