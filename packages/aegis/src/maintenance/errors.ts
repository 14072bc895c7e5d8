import { errorsOf, type ErrorTable } from "../errors.ts";

export const maintenanceErrors = {
  AEGIS_MAINTENANCE_CLOSED: {
    status: 503,
    title: "Closed for maintenance",
    detail: "We are working on it. Try again when Retry-After is over.",
    hint: "An operator closed it (aegis maintenance on), or the maintenance file cannot be read, which closes too.",
  },
} as const satisfies ErrorTable;

export const maintenanceError = errorsOf(maintenanceErrors);
