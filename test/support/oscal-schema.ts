/**
 * OSCAL assessment results 1.1 (NIST) as we wrote them down, to hold our reports against: of every object that they have,
 * the members that the published JSON schema knows, those it demands, and their forms. Each is closed and stands beside the
 * name of its definition. Parts that we do not write at all are `elsewhere`, which takes nothing: who writes one day what
 * belongs there writes its definition down first. Stricter than what is published: prose has a sign in it (1.2 demands it).
 */
type Members = Readonly<Record<string, object>>;

const object = (required: Members, optional: Members = {}) => ({
  type: "object",
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});
/** No list is empty: what there is none of is left out. */
const list = (items: object) => ({ type: "array", minItems: 1, items });
const oneOf = (...names: readonly string[]) => ({ enum: names });
const elsewhere = { not: {} };

// UUIDDatatype: version 4 or 5
const uuid = {
  type: "string",
  pattern: "^[\\dA-Fa-f]{8}-[\\dA-Fa-f]{4}-[45][\\dA-Fa-f]{3}-[89ABab][\\dA-Fa-f]{3}-[\\dA-Fa-f]{12}$",
};
// TokenDatatype. Names that the schema only suggests (the reason of a status, relations of links) are tokens too.
const token = { type: "string", pattern: "^[\\p{L}_][\\p{L}\\p{N}._\\-]*$" };
// StringDatatype: one line, no white space at its ends
const string = { type: "string", pattern: "^\\S(.*\\S)?$" };
// URIDatatype, URIReferenceDatatype
const uri = { type: "string", format: "uri", pattern: "^[a-zA-Z][a-zA-Z\\d+.\\-]+:.+$" };
const reference = { type: "string", format: "uri-reference" };
// Base64Datatype
const base64 = { type: "string", pattern: "^[\\dA-Za-z+/]+={0,2}$" };
// EmailAddressDatatype
const email = { type: "string", format: "email", pattern: "^\\S(.*\\S)?$" };
// DateTimeWithTimezoneDatatype: years 1900 to 2999, days that there are (the format looks), offsets that are in use
const west = "-(?:0\\d:00|1[0-2]:00|0[39]:30)";
const east = "\\+(?:0\\d:00|1[0-4]:00|0[34569]:30|10:30|0[58]:45|12:45)";
const time = {
  type: "string",
  format: "date-time",
  pattern: `^(?:19|2\\d)\\d\\d-\\d\\d-\\d\\dT(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d+)?(?:Z|${west}|${east})$`,
};
// Markup of one line, of many lines, and metadata:remarks
const prose = { type: "string", pattern: "\\S" };

// metadata:property
const props = list(
  object({ name: token, value: string }, { uuid, ns: uri, class: token, group: token, remarks: prose }),
);
// metadata:link
const links = list(
  object({ href: reference }, { rel: token, "media-type": string, "resource-fragment": string, text: prose }),
);
const said = { props, links, remarks: prose };
// metadata:responsible-party
const parties = list(object({ "role-id": token, "party-uuids": list(uuid) }, said));
// metadata:document-id
const documents = list(object({ identifier: string }, { scheme: uri }));
// metadata:hash
const hashes = list(object({ algorithm: string, value: string }));
// metadata:telephone-number
const telephones = list(object({ number: string }, { type: string }));
// metadata:address
const address = object(
  {},
  {
    type: token,
    "addr-lines": list(string),
    city: string,
    state: string,
    "postal-code": string,
    country: string,
  },
);
// metadata:metadata / revision
const revision = object(
  { version: string },
  { title: prose, published: time, "last-modified": time, "oscal-version": string, ...said },
);
// metadata:metadata / role
const role = object({ id: token, title: prose }, { "short-name": string, description: prose, ...said });
// metadata:metadata / location
const location = object(
  { uuid },
  {
    title: prose,
    address,
    "email-addresses": list(email),
    "telephone-numbers": telephones,
    urls: list(uri),
    ...said,
  },
);
// metadata:metadata / party
const party = object(
  { uuid, type: oneOf("person", "organization") },
  {
    name: string,
    "short-name": string,
    "external-ids": list(object({ id: string, scheme: uri })),
    "email-addresses": list(email),
    "telephone-numbers": telephones,
    addresses: list(address),
    "location-uuids": list(uuid),
    "member-of-organizations": list(uuid),
    ...said,
  },
);
// metadata:action
const action = object(
  { uuid, type: token, system: uri },
  { date: time, "responsible-parties": parties, ...said },
);
// metadata:metadata
const metadata = object(
  { title: prose, "last-modified": time, version: string, "oscal-version": string },
  {
    published: time,
    revisions: list(revision),
    "document-ids": documents,
    roles: list(role),
    locations: list(location),
    parties: list(party),
    "responsible-parties": parties,
    actions: list(action),
    ...said,
  },
);

// metadata:back-matter / resource. That it has content, or says where that is, is a rule of the metaschema (a warning there).
const resource = {
  anyOf: [{ required: ["base64"] }, { required: ["rlinks"] }],
  ...object(
    { uuid },
    {
      title: prose,
      description: prose,
      props,
      "document-ids": documents,
      citation: object({ text: prose }, { props, links }),
      rlinks: list(object({ href: reference }, { "media-type": string, hashes })),
      base64: object({ value: base64 }, { filename: token, "media-type": string }),
      remarks: prose,
    },
  ),
};

// control-common:include-all
const all = object({});
// assessment-common:select-control-by-id
const controls = list(object({ "control-id": token }, { "statement-ids": list(token) }));
// assessment-common:select-objective-by-id
const objectives = list(object({ "objective-id": token }));
// assessment-common:reviewed-controls
const reviewed = object(
  {
    "control-selections": list(
      object(
        {},
        {
          description: prose,
          "include-all": all,
          "include-controls": controls,
          "exclude-controls": controls,
          ...said,
        },
      ),
    ),
  },
  {
    description: prose,
    "control-objective-selections": list(
      object(
        {},
        {
          description: prose,
          "include-all": all,
          "include-objectives": objectives,
          "exclude-objectives": objectives,
          ...said,
        },
      ),
    ),
    ...said,
  },
);

// assessment-common:origin, origin-actor
const origins = list(
  object(
    {
      actors: list(
        object(
          { type: oneOf("tool", "assessment-platform", "party"), "actor-uuid": uuid },
          { "role-id": token, props, links },
        ),
      ),
    },
    { "related-tasks": elsewhere },
  ),
);
// assessment-common:subject-reference
const subjects = list(object({ "subject-uuid": uuid, type: token }, { title: prose, ...said }));
// assessment-common:observation. The schema suggests EXAMINE, INTERVIEW, TEST and UNKNOWN as methods, and takes any string.
const observation = object(
  { uuid, description: prose, methods: list(string), collected: time },
  {
    title: prose,
    types: list(token),
    origins,
    subjects,
    "relevant-evidence": list(object({ description: prose }, { href: reference, ...said })),
    expires: time,
    ...said,
  },
);
// assessment-common:finding-target, implementation-common:implementation-status
const target = object(
  {
    type: oneOf("statement-id", "objective-id"),
    "target-id": token,
    status: object({ state: oneOf("satisfied", "not-satisfied") }, { reason: token, remarks: prose }),
  },
  {
    title: prose,
    description: prose,
    "implementation-status": object({ state: token }, { remarks: prose }),
    ...said,
  },
);
// assessment-common:finding
const finding = object(
  { uuid, title: prose, description: prose, target },
  {
    origins,
    "implementation-statement-uuid": uuid,
    "related-observations": list(object({ "observation-uuid": uuid })),
    "related-risks": list(object({ "risk-uuid": uuid })),
    ...said,
  },
);
// assessment-common:assessment-part, which has parts of its own kind
const parts = list({ $ref: "#/$defs/part" });
const part = object(
  { name: token },
  { uuid, ns: uri, class: token, title: prose, props, prose, parts, links },
);

// ar:result
const result = object(
  { uuid, title: prose, description: prose, start: time, "reviewed-controls": reviewed },
  {
    end: time,
    "local-definitions": elsewhere,
    attestations: list(object({ parts }, { "responsible-parties": parties })),
    "assessment-log": elsewhere,
    observations: list(observation),
    risks: elsewhere,
    findings: list(finding),
    ...said,
  },
);

export const oscalSchema = {
  $defs: { part },
  ...object(
    {
      // ar:assessment-results
      "assessment-results": object(
        {
          uuid,
          metadata,
          // ar:import-ap
          "import-ap": object({ href: reference }, { remarks: prose }),
          results: list(result),
        },
        {
          "local-definitions": elsewhere,
          // metadata:back-matter
          "back-matter": object({}, { resources: list(resource) }),
        },
      ),
    },
    { $schema: reference }, // json-schema-directive
  ),
};
