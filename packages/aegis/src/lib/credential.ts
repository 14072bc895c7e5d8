import type { IncomingHttpHeaders } from "node:http";

/** Where API keys may be sent beside `Authorization: Bearer`; node joins a field that comes twice. */
export const API_KEY_HEADER = "x-api-key";

/** Whether a request brings anything that could make it somebody's: whoever does is looked up before being judged. */
export const bringsCredential = (headers: IncomingHttpHeaders): boolean =>
  headers.cookie !== undefined ||
  headers.authorization !== undefined ||
  headers[API_KEY_HEADER] !== undefined;
