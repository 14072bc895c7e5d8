/**
 * Threat: bodies that are too large, too deep, ambiguous, or that reach for an object's prototype. Rule: bounded,
 * exactly one meaning, and every field named by a schema. References: ASVS 5.0 1.5, 2.2, 4.3, 15.3; RFC 8259; RFC 8725.
 */
import type Type from "typebox";
import { count, type Environment, oneOf, section } from "../lib/schema.ts";

export const inputPolicySchema = section(
  {
    bodyLimitBytes: count(1024, 1_073_741_824, "Largest request body, in bytes; beyond it 413."),
    jsonLimitBytes: count(1024, 67_108_864, "Largest JSON or form body, in bytes; beyond it 413."),
    jsonMaxDepth: count(1, 256, "Deepest nesting of JSON."),
    unknownFields: oneOf(["refuse", "strip"], "What happens to fields that no schema names."),
  },
  "Request bodies.",
);

export type InputPolicy = Type.Static<typeof inputPolicySchema>;

export const inputDefaults = (_environment: Environment): InputPolicy => ({
  bodyLimitBytes: 16 * 1024 * 1024,
  jsonLimitBytes: 1024 * 1024,
  jsonMaxDepth: 20,
  unknownFields: "refuse",
});
