import {
  type Control,
  type Exchange,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { headerOf } from "../verify/wire/header.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { MaintenancePolicy } from "./policy.ts";

type Policy = DeepReadonly<MaintenancePolicy>;
type Context = ProbeContext<Policy>;

const isClosed = (exchange: Exchange): boolean =>
  exchange.response.status === 503 && fieldOf(exchange, "code") === "AEGIS_MAINTENANCE_CLOSED";

const saysWhen: Control<Policy> = {
  id: "maintenance.says-when",
  claim: "While it is closed, pages and API answer 503 and say when to ask again, within the declared time",
  proves: ["retryAfterSeconds"],
  references: ["req:DEP-2", "rfc:9110-10.2.3"],
  advice: {
    symptom: "Machines ask again and again while the application is worked on, or stay away for days.",
    cause: "Something in front answers in its place, or maintenance.retryAfterSeconds is another value.",
    fix: "Let the application answer while it is closed; set maintenance.retryAfterSeconds.",
  },
  async probe(context: Context) {
    const path = context.target.samples?.html ?? "/";
    const data = await context.stranger().send({ path, headers: { Accept: "application/json" } });
    if (!isClosed(data)) return notApplicable("it is open");
    const page = await context.stranger().send({ path, headers: { Accept: "text/html" } });
    const most = context.policy.retryAfterSeconds;
    for (const [name, { response }] of [
      ["the API", data],
      ["a page", page],
    ] as const) {
      if (response.status !== 503) return fail(`${name}: ${response.status}`, "503");
      const text = headerOf(response, "retry-after") ?? "";
      const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (seconds < 1 || seconds > most)
        return fail(`${name}: Retry-After "${text}"`, `1 to ${most} seconds`);
    }
    if (headerOf(page.response, "content-type")?.startsWith("text/html") !== true)
      return fail("a browser gets no page", "text/html");
    return pass("503 with Retry-After, as a page and as data");
  },
};

export const maintenanceControls: RoomControls<Policy> = { controls: [saysWhen], unprovable: [] };
