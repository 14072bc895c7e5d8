/** Writes the generated pages of docs/: what the code says of itself. A test compares; stale pages fail. */
import { writeFileSync } from "node:fs";
import { generatedDocs } from "./generated-docs.ts";

for (const [file, text] of Object.entries(generatedDocs())) {
  writeFileSync(new URL(`../${file}`, import.meta.url), text);
  process.stderr.write(`${file}\n`);
}
