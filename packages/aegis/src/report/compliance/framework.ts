/**
 * Frameworks as data: which requirements there are, in titles of our own, and what each of them takes. Which controls
 * prove one is not said here but by the controls, whose `references` are the one place where that stands.
 */
import { readFileSync } from "node:fs";
import Type from "typebox";
import { Value } from "typebox/value";
import { ComplianceError } from "./errors.ts";

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 3, maxLength: 300 });
const needSchema = Type.Union([
  Type.Object({ atLeast: Type.Number() }, closed),
  Type.Object({ atMost: Type.Number() }, closed),
  Type.Object(
    { oneOf: Type.Array(Type.Union([Type.String(), Type.Boolean()]), { minItems: 1, maxItems: 8 }) },
    closed,
  ),
]);
const requirementSchema = Type.Object(
  {
    /** As the framework numbers it: "3.4.1", "CC6.1", "164.312(d)". */
    id: Type.String({ pattern: "^[A-Za-z0-9.()]{1,40}$" }),
    level: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })),
    title: text,
    /** `whole`: controls prove it; `part`: they prove some of it; `none`: no probe sees it. */
    covers: Type.Enum(["whole", "part", "none"]),
    /** What somebody has to show of what no control proves. */
    attest: Type.Optional(text),
    /** Why it concerns nothing that Aegis does. */
    outOfScope: Type.Optional(text),
    /** Values that the requirement names: a control that holds a target against a weaker policy proves nothing here. */
    needs: Type.Optional(Type.Record(Type.String(), needSchema)),
    /** Further references whose controls count for it: of another framework, or "control:ID". */
    through: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 16, uniqueItems: true })),
  },
  closed,
);
const frameworkSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z][a-z0-9-]{1,31}$" }),
    name: text,
    version: Type.String({ minLength: 1, maxLength: 80 }),
    /** What stands before an id in a control's references. */
    prefix: Type.String(),
    note: text,
    /** Parts of a long one: a requirement belongs to the part whose id its own begins with. Titles are ours. */
    chapters: Type.Optional(
      Type.Array(Type.Object({ id: Type.String({ minLength: 1, maxLength: 40 }), title: text }, closed), {
        minItems: 1,
        maxItems: 40,
      }),
    ),
    requirements: Type.Array(requirementSchema, { minItems: 1, maxItems: 1000 }),
  },
  closed,
);

export type Need = Type.Static<typeof needSchema>;
export type Requirement = Readonly<Type.Static<typeof requirementSchema>>;
export type Framework = Readonly<Type.Static<typeof frameworkSchema>>;

/** Ids of the frameworks that come with Aegis. */
export const frameworkIds = [
  "asvs",
  "owasp-top-10-2021",
  "owasp-top-10-2025",
  "nist-800-63b",
  "pci-dss",
  "soc-2",
  "hipaa",
  "gdpr",
] as const;

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`./frameworks/${file}.json`, import.meta.url), "utf8"));

const loaded = new Map<string, Framework>();

/** @throws ComplianceError where there is no framework of that id */
export function framework(id: string): Framework {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  if (!frameworkIds.some((one) => one === id))
    throw new ComplianceError(`There is no framework "${id}". Known: ${frameworkIds.join(", ")}.`);
  const data = read(id);
  if (!Value.Check(frameworkSchema, data)) {
    const [first] = Value.Errors(frameworkSchema, data);
    throw new ComplianceError(
      `The framework ${id} is damaged: ${first?.instancePath ?? ""} ${first?.message ?? ""}`,
    );
  }
  loaded.set(id, data);
  return data;
}

/** The references whose controls count for a requirement. */
export const referencesOf = ({ prefix }: Framework, { id, through = [] }: Requirement): readonly string[] => [
  `${prefix}${id.toLowerCase()}`,
  ...through,
];

const flipsSchema = Type.Record(Type.String(), Type.Array(Type.String(), { minItems: 1 }));
let flips: Readonly<Record<string, readonly string[]>> | undefined;

/**
 * Which controls were seen to fail when what they claim was broken on purpose, and by what: a weakened setting
 * ("policy:..."), or a fault planted in the answers ("fault:..."). A pass of any other control proves nothing.
 */
export function shownToFail(): Readonly<Record<string, readonly string[]>> {
  if (flips !== undefined) return flips;
  const data = read("flips");
  if (!Value.Check(flipsSchema, data))
    throw new ComplianceError("The list of controls that were seen to fail is damaged.");
  return (flips = data);
}
