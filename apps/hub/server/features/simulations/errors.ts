/** What simulations refuse, beside what the library does. */
import { AegisError } from "aegis";

const table = {
  HUB_SIMULATION_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such simulation in your tenant.",
    hint: "No simulation with that id in the tenant of the session; that of another tenant is none.",
  },
  HUB_SIMULATION_NOT_YOURS: {
    status: 403,
    title: "Not allowed",
    detail: "Somebody else made this simulation. Its maker and the tenant's authors may change it.",
    hint: "The caller neither made it nor is author or more in the tenant.",
  },
  HUB_SIMULATION_FULL: {
    status: 409,
    title: "Limit reached",
    detail: "There is no room for more simulations in this tenant, or of yours. Delete some first.",
    hint: "MOST_OF_TENANT or MOST_OF_ONE simulations.",
  },
  HUB_SIMULATION_ACTIVE: {
    status: 409,
    title: "Already running",
    detail: "This simulation is running. Wait until it has ended, or cancel it.",
    hint: "One run at a time for each simulation.",
  },
  HUB_SIMULATION_IDLE: {
    status: 409,
    title: "Nothing to cancel",
    detail: "This simulation is not running.",
    hint: "No run of it is queued or running.",
  },
  HUB_SIMULATION_TOO_MANY_RUNS: {
    status: 429,
    title: "Too many runs at once",
    detail: "You have as many runs under way as one person may. Wait until one has ended.",
    hint: "runs.ofOne: runs of one person that are queued or running.",
  },
  HUB_SIMULATION_BUSY: {
    status: 503,
    title: "Busy",
    detail: "All places for simulations are taken right now. Try again in a few seconds.",
    hint: "runs.atOnce are running and runs.waiting wait in this process.",
  },
} as const;

export type SimulationErrorCode = keyof typeof table;

export const simulationError = (
  code: SimulationErrorCode,
  facts: { readonly retryAfterSeconds?: number } = {},
): AegisError => new AegisError(code, table[code], facts);
