import { errorsOf, type ErrorTable } from "../errors.ts";

export const transportErrors = {
  AEGIS_TRANSPORT_INSECURE: {
    status: 403,
    title: "HTTPS required",
    detail: "This service answers over HTTPS only.",
    hint: "The request came over plain HTTP, or the proxy in front is not in transport.trustedProxies or does not set X-Forwarded-Proto.",
  },
  AEGIS_TRANSPORT_HOST: {
    status: 421,
    title: "Unknown host",
    detail: "This service does not answer for that host name.",
    hint: "The Host header is not in transport.allowedHosts.",
  },
  AEGIS_TRANSPORT_URL_TOO_LONG: {
    status: 414,
    title: "Address too long",
    detail: "The address of this request is too long.",
    hint: "Beyond transport.maxUrlLength.",
  },
  AEGIS_TRANSPORT_MALFORMED: {
    status: 400,
    title: "Malformed request",
    detail: "The request is not valid HTTP.",
    hint: "The HTTP parser refused it; possible request smuggling or a broken client.",
  },
  AEGIS_TRANSPORT_HEADER_TOO_LARGE: {
    status: 431,
    title: "Header too large",
    detail: "The header of this request is too large.",
    hint: "Beyond transport.maxHeaderBytes.",
  },
  AEGIS_TRANSPORT_TIMEOUT: {
    status: 408,
    title: "Request too slow",
    detail: "The request did not arrive in time.",
    hint: "Beyond transport.headersTimeoutSeconds or requestTimeoutSeconds.",
  },
} as const satisfies ErrorTable;

export const transportError = errorsOf(transportErrors);
