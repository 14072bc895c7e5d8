/** What a bundle of evidence consists of: the first file in it, signed. */
import Type from "typebox";

const closed = { additionalProperties: false } as const;
const digest = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });

export const MANIFEST = "manifest.json";
export const RUN = "run.json";
/** What people signed. */
export const ATTESTATIONS = "attestations.json";
export const assessmentFile = (framework: string): string => `assessments/${framework}.json`;
export const isAssessmentFile = (name: string): boolean => name.startsWith("assessments/");
/** Longest manifest that is read: a thousand files take 150 KB. */
export const MAX_MANIFEST_BYTES = 2_000_000;
/** A whole run of the hub makes 6 MB. Nobody should have to read more to learn that it is none. */
export const MAX_BUNDLE_BYTES = 256_000_000;
export const MAX_FILES = 10_100;

export const manifestSchema = Type.Object(
  {
    format: Type.Literal("aegis-evidence/1"),
    made_at: Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" }),
    origin: Type.String({ maxLength: 300 }),
    /** Fingerprint of the policy that the run was held against. */
    policy: Type.String({ pattern: "^[0-9a-f]{8,64}$" }),
    files: Type.Array(
      Type.Object(
        {
          name: Type.String({ maxLength: 200 }),
          bytes: Type.Integer({ minimum: 0, maximum: MAX_BUNDLE_BYTES }),
          sha256: digest,
        },
        closed,
      ),
      { minItems: 1, maxItems: MAX_FILES },
    ),
  },
  closed,
);

export type EvidenceManifest = Type.Static<typeof manifestSchema>;
