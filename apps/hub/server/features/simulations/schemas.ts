/** What may be sent to simulations (VAL-1): closed, and bounded everywhere. */
import Type from "typebox";
import { SIM_TYPES } from "./engine/refine.ts";

// Nothing that a terminal, a log or a table would take for more than text; a name is one line.
const NAME = "^(?!\\s+$)[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$";
const TEXT = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\u202a-\\u202e\\u2066-\\u2069\\p{Cs}]*$";
const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

const fields = {
  name: Type.String({ minLength: 1, maxLength: 128, pattern: NAME }),
  description: Type.String({ maxLength: 1000, pattern: TEXT }),
  experiment: Type.String({ pattern: "^[a-z][a-z-]{0,63}$" }),
  parameters: Type.Record(Type.String({ pattern: "^[a-z]{1,32}$" }), Type.Number(), {
    additionalProperties: false,
    maxProperties: 16,
  }),
  sim_type: Type.Enum([...SIM_TYPES]),
  refinement_steps: Type.Integer({ minimum: 1, maximum: 20 }),
  confidence_threshold: Type.Number({ minimum: 0, maximum: 1 }),
  seed: Type.Union([Type.Integer({ minimum: 0, maximum: 4_294_967_295 }), Type.Null()]),
};
const { name, description, experiment, parameters, sim_type, refinement_steps, confidence_threshold, seed } =
  fields;
const closed = { additionalProperties: false };

export const simulationSchemas = {
  id: Type.Object({ id: Type.String({ pattern: UUID }) }),
  /** Without a field, its standard stands. */
  create: Type.Object(
    {
      name,
      description: Type.Optional(description),
      experiment: Type.Optional(experiment),
      parameters: Type.Optional(parameters),
      sim_type: Type.Optional(sim_type),
      refinement_steps: Type.Optional(refinement_steps),
      confidence_threshold: Type.Optional(confidence_threshold),
      seed: Type.Optional(seed),
    },
    closed,
  ),
  /** Without a field, what was stands; one at least, or nothing was asked for. */
  change: Type.Object(
    {
      name: Type.Optional(name),
      description: Type.Optional(description),
      experiment: Type.Optional(experiment),
      parameters: Type.Optional(parameters),
      sim_type: Type.Optional(sim_type),
      refinement_steps: Type.Optional(refinement_steps),
      confidence_threshold: Type.Optional(confidence_threshold),
      seed: Type.Optional(seed),
    },
    { ...closed, minProperties: 1 },
  ),
  /** The whole of it. */
  replace: Type.Object(
    {
      name,
      description,
      experiment,
      parameters,
      sim_type,
      refinement_steps,
      confidence_threshold,
      seed: Type.Optional(seed),
    },
    closed,
  ),
  list: Type.Object(
    {
      q: Type.Optional(Type.String({ maxLength: 100, pattern: NAME.replace("(?!\\s+$)", "") })),
      sort: Type.Optional(Type.String({ pattern: "^-?(created_at|updated_at|name)$" })),
      page: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,4}$" })),
      per_page: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })),
      cursor: Type.Optional(Type.String({ maxLength: 1024, pattern: "^[A-Za-z0-9_-]+$" })),
    },
    closed,
  ),
};

export type CreateBody = Type.Static<typeof simulationSchemas.create>;
export type ChangeBody = Type.Static<typeof simulationSchemas.change>;
export type ReplaceBody = Type.Static<typeof simulationSchemas.replace>;
export type ListQuery = Type.Static<typeof simulationSchemas.list>;
export type IdParams = Type.Static<typeof simulationSchemas.id>;
