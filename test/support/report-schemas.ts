/**
 * What SARIF 2.1.0 and OSCAL demand. SARIF is held against its published schema, whole. OSCAL assessment results 1.1 (NIST)
 * are held against what we wrote down of that document: names, forms, what must be there, of the parts that we write; it
 * is closed, so that a name that is not theirs is found.
 */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

const text = { type: "string" };
const list = (items: object, minItems = 0) => ({ type: "array", items, minItems });
const object = (properties: Record<string, object>, required: readonly string[] = []) => ({
  type: "object",
  properties,
  required: [...required],
  additionalProperties: false,
});

const uuid = {
  type: "string",
  pattern: "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$",
};
const token = { type: "string", pattern: "^(\\p{L}|_)(\\p{L}|\\p{N}|[.\\-_])*$" };
const string = { type: "string", pattern: "^\\S(.*\\S)?$" };
const uri = { type: "string", pattern: "^[a-zA-Z][a-zA-Z0-9+\\-.]+:.+$" };
const time = {
  type: "string",
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$",
};
const prose = { type: "string", minLength: 1 };
const props = list(
  object({ name: token, ns: uri, value: string, uuid, class: token, remarks: prose }, ["name", "value"]),
  1,
);
const related = list(object({ "observation-uuid": uuid }, ["observation-uuid"]), 1);

const oscal = object(
  {
    "assessment-results": object(
      {
        uuid,
        metadata: object(
          { title: prose, "last-modified": time, version: string, "oscal-version": string, props },
          ["title", "last-modified", "version", "oscal-version"],
        ),
        "import-ap": object({ href: { type: "string", pattern: "^#?\\S+$" } }, ["href"]),
        results: list(
          object(
            {
              uuid,
              title: prose,
              description: prose,
              start: time,
              end: time,
              props,
              "reviewed-controls": object(
                { "control-selections": list(object({ "include-all": object({}) }), 1) },
                ["control-selections"],
              ),
              observations: list(
                object(
                  {
                    uuid,
                    title: prose,
                    description: prose,
                    props,
                    methods: list({ enum: ["EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"] }, 1),
                    "relevant-evidence": list(object({ href: text, description: prose }, ["description"]), 1),
                    collected: time,
                  },
                  ["uuid", "description", "methods", "collected"],
                ),
                1,
              ),
              findings: list(
                object(
                  {
                    uuid,
                    title: prose,
                    description: prose,
                    props,
                    target: object(
                      {
                        type: { enum: ["statement-id", "objective-id"] },
                        "target-id": token,
                        status: object(
                          {
                            state: { enum: ["satisfied", "not-satisfied"] },
                            reason: { enum: ["pass", "fail", "other"] },
                            remarks: prose,
                          },
                          ["state"],
                        ),
                      },
                      ["type", "target-id", "status"],
                    ),
                    "related-observations": related,
                  },
                  ["uuid", "title", "description", "target"],
                ),
                1,
              ),
            },
            ["uuid", "title", "description", "start", "reviewed-controls"],
          ),
          1,
        ),
        "back-matter": object({ resources: list(object({ uuid, title: prose }, ["uuid"]), 1) }),
      },
      ["uuid", "metadata", "import-ap", "results"],
    ),
  },
  ["assessment-results"],
);

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true });

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
export const oscalProblems = checker(oscal);
