/**
 * Threat: an application that is worked on answers with errors and half-made data, loses what people write into it, and
 * teaches machines to ask again at once. Rule: while it is closed everybody but the named networks gets 503 with
 * Retry-After, before anything is looked up; health checks stay open; a state that nobody can read closes.
 * References: RFC 9110 10.2.3, 15.6.4; ASVS 5.0 16.5.3; requirement DEP-2.
 */
import type Type from "typebox";
import { type Environment, seconds, section } from "../lib/schema.ts";

export const maintenancePolicySchema = section(
  {
    retryAfterSeconds: seconds(
      5,
      86_400,
      "While closed for maintenance, what Retry-After says where no end is announced, and the most that it says at all.",
    ),
  },
  "How the application is closed for maintenance (aegis maintenance on).",
);

export type MaintenancePolicy = Type.Static<typeof maintenancePolicySchema>;

export const maintenanceDefaults = (_environment: Environment): MaintenancePolicy => ({
  retryAfterSeconds: 600, // a monitor that comes back every ten minutes finds the end soon enough, and hammers nobody
});
