/**
 * What SARIF 2.1.0 (OASIS, 27 March 2020, with errata 01) and OSCAL assessment results 1.1 (NIST) demand of the parts that
 * we write: names, forms, what must be there. Written down by us from those documents, and closed: a name that is not
 * theirs is found. Beside it the types of @types/sarif, which are made from the published schema, hold the writer.
 */
import { Ajv } from "ajv";

const text = { type: "string" };
const list = (items: object, minItems = 0) => ({ type: "array", items, minItems });
const object = (properties: Record<string, object>, required: readonly string[] = []) => ({
  type: "object",
  properties,
  required: [...required],
  additionalProperties: false,
});
const map = { type: "object", additionalProperties: { type: "string" } };
const bag = { type: "object" };
const message = object({ text: { type: "string", minLength: 1 } }, ["text"]);
const utc = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" };

const sarifRule = object(
  {
    id: text,
    shortDescription: message,
    fullDescription: message,
    help: message,
    defaultConfiguration: object({ level: { enum: ["none", "note", "warning", "error"] } }),
    properties: object({ tags: { ...list(text), uniqueItems: true } }),
  },
  ["id"],
);
const sarifResult = {
  ...object(
    {
      ruleId: text,
      ruleIndex: { type: "integer", minimum: -1 },
      kind: { enum: ["notApplicable", "pass", "fail", "review", "open", "informational"] },
      level: { enum: ["none", "note", "warning", "error"] },
      message,
      locations: list(
        object({
          physicalLocation: object(
            { artifactLocation: object({ uri: { type: "string", pattern: "^[a-z]+:" } }) },
            ["artifactLocation"],
          ),
          logicalLocations: list(object({ fullyQualifiedName: text, kind: text })),
        }),
      ),
      partialFingerprints: map,
      webRequest: object({ method: text, target: text, headers: map, body: object({ text }) }),
      webResponse: object({ statusCode: { type: "integer" }, headers: map, body: object({ text }) }),
    },
    ["message", "ruleId", "ruleIndex"],
  ),
  // 3.27.10: where the kind is not "fail", the level is "none".
  if: { properties: { kind: { const: "fail" } } },
  // eslint-disable-next-line unicorn/no-thenable -- the name is JSON Schema's
  then: { properties: { level: { enum: ["note", "warning", "error"] } } },
  else: { properties: { level: { const: "none" } } },
};
const sarif = object(
  {
    $schema: { type: "string", pattern: "^https://" },
    version: { const: "2.1.0" },
    runs: list(
      object(
        {
          tool: object(
            { driver: object({ name: text, semanticVersion: text, rules: list(sarifRule) }, ["name"]) },
            ["driver"],
          ),
          automationDetails: object({ id: text }),
          invocations: list(
            object({ executionSuccessful: { type: "boolean" }, startTimeUtc: utc, endTimeUtc: utc }, [
              "executionSuccessful",
            ]),
          ),
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          results: list(sarifResult),
          properties: bag,
        },
        ["tool"],
      ),
    ),
  },
  ["version", "runs"],
);

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
const checker = (schema: object) => {
  const check = ajv.compile(schema);
  return (source: string): readonly string[] => {
    check(JSON.parse(source));
    return (check.errors ?? []).map(({ instancePath, message: said }) => `${instancePath} ${said ?? ""}`);
  };
};

export const sarifProblems = checker(sarif);
export const oscalProblems = checker(oscal);
