import { errorsOf, type ErrorTable } from "../errors.ts";

export const metricsErrors = {
  AEGIS_METRICS_TOKEN_NEEDED: {
    status: 401,
    title: "Token needed",
    detail: "This needs its own token.",
    hint: "Prometheus sends it as `Authorization: Bearer ...` (authorization.credentials_file of its scrape configuration); the application has it as METRICS_TOKEN.",
  },
} as const satisfies ErrorTable;

export const metricsError = errorsOf(metricsErrors);
