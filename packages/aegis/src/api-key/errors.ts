import { errorsOf, type ErrorTable } from "../errors.ts";

export const apiKeyErrors = {
  AEGIS_APIKEY_LIMIT_REACHED: {
    status: 409,
    title: "Too many keys",
    detail: "You have as many API keys as you may have. Revoke one that you no longer need first.",
    hint: "apiKey.perAccountLimit; expired keys count until they are revoked or swept away.",
  },
  AEGIS_APIKEY_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such API key.",
    hint: "The id is not one of this account's keys, or the key was revoked.",
  },
  AEGIS_APIKEY_ROTATING: {
    status: 409,
    title: "Already renewed",
    detail:
      "This key was renewed a short while ago, and its earlier secret still works. Wait until that ends, or end it at once.",
    hint: "One overlap at a time (apiKey.rotationOverlapSeconds): another rotation would cut off what still uses the earlier secret.",
  },
  AEGIS_APIKEY_EXPIRED: {
    status: 409,
    title: "Key expired",
    detail: "This key has expired. Make a new one.",
    hint: "An expired key is not renewed: nobody chose its scopes lately.",
  },
  AEGIS_APIKEY_TIER_UNKNOWN: {
    status: 400,
    title: "No such tier",
    detail: "There is no tier of that name.",
    hint: "Tiers are named in apiKey.tiers.",
  },
  AEGIS_APIKEY_QUOTA_SPENT: {
    status: 429,
    title: "Quota spent",
    detail: "This API key has made as many requests as it may for now.",
    hint: "apiKey.tiers; Retry-After says when the count begins anew.",
  },
} as const satisfies ErrorTable;

export const apiKeyError = errorsOf(apiKeyErrors);
