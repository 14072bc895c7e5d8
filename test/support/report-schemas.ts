/**
 * What SARIF 2.1.0 and OSCAL demand. SARIF is held against its published schema, whole; OSCAL assessment results 1.1 (NIST)
 * against what we wrote down of its published schema.
 */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { oscalSchema } from "./oscal-schema.ts";

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true });
formats.default(ajv, ["date-time", "email", "uri", "uri-reference"]);

/** What is wrong with a document, one line each. */
const checker = (schema: object, by = ajv) => {
  const check = by.compile(schema);
  return (source: string): readonly string[] => {
    check(JSON.parse(source));
    return (check.errors ?? []).map(({ instancePath, message: said }) => `${instancePath} ${said ?? ""}`);
  };
};

/** What the standard demands of SARIF 2.1.0 (OASIS), without its words. */
const sarifSchema = (): object =>
  JSON.parse(readFileSync(new URL("sarif-2.1.0.json", import.meta.url), "utf8"));

/** Its patterns are of JSON Schema draft 4, and no Unicode ones; `date-time` and `uri` are forms that ajv does not know. */
export const sarifProblems = checker(
  sarifSchema(),
  new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false }),
);
export const oscalProblems = checker(oscalSchema);
