/** Whether an application is closed, for whom not, and until when; pure. Data only: it is read as data from outside. */
import Type from "typebox";
import Value from "typebox/value";

const time = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$" });

const stateSchema = Type.Object(
  {
    since: time,
    /** When it is meant to be over; it stays closed until somebody opens it. */
    until: Type.Union([time, Type.Null()]),
    /** Addresses and networks (CIDR) that get through. */
    allow: Type.Array(Type.String({ pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$", maxLength: 64 }), {
      maxItems: 64,
    }),
  },
  { additionalProperties: false },
);

export type MaintenanceState = Readonly<Type.Static<typeof stateSchema>>;

/** Undefined: it is none. */
export function parseMaintenance(text: string): MaintenanceState | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return Value.Check(stateSchema, data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where the state is kept. `read` gives its text while the application is closed, undefined while it is open. Every
 * instance asks twice a second. `fileMaintenance` of "aegis/maintenance" is one for the instances of a machine; an
 * application on several may keep the text where all of them see it.
 */
export interface MaintenanceSource {
  read(): Promise<string | undefined>;
}

/** Seconds until it makes sense to ask again. */
export function retryAfterSeconds(state: MaintenanceState | undefined, most: number, now: number): number {
  if (state?.until === undefined || state.until === null) return most;
  const left = Math.ceil((Date.parse(state.until) - now) / 1000);
  // Late: it may be over any moment.
  return Math.min(most, left > 0 ? left : 60);
}
