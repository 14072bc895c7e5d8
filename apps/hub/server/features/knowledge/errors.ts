import { AegisError } from "aegis";
import { errorTable } from "aegis/fastify";

const knowledgeErrors = {
  HUB_KNOWLEDGE_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such concept in your tenant.",
    hint: "No node or edge with that id in the caller's tenant; whether another tenant has it is not told.",
  },
  HUB_KNOWLEDGE_CHANGED: {
    status: 412,
    title: "Changed meanwhile",
    detail:
      "Somebody has changed this concept since you opened it. Look at what it says now, then save again.",
    hint: "If-Match names another version than the one that is kept.",
  },
  HUB_KNOWLEDGE_UNCONDITIONAL: {
    status: 428,
    title: "Which version?",
    detail: "Say with If-Match which version of this concept you have seen, so that nobody's work is lost.",
    hint: "A change or deletion without If-Match.",
  },
  HUB_KNOWLEDGE_TAKEN: {
    status: 409,
    title: "Title taken",
    detail: "There is a concept with this title already. Choose another title, or edit that one.",
    hint: "Titles are unique in a tenant, whatever their case.",
  },
  HUB_KNOWLEDGE_FULL: {
    status: 409,
    title: "Limit reached",
    detail: "There is no room for more: of concepts in this tenant, or of links of this concept.",
    hint: "NODES_LIMIT or EDGES_LIMIT of the hub.",
  },
  HUB_KNOWLEDGE_CIRCLE: {
    status: 409,
    title: "A circle",
    detail: "What is needed would need itself: the other concept needs this one, directly or through others.",
    hint: "An edge of kind needs that would close a circle.",
  },
} as const;

export const knowledgeError = (code: keyof typeof knowledgeErrors): AegisError =>
  new AegisError(code, knowledgeErrors[code]);

/** As a schema refuses: every failing field with its reason. */
export const invalidFields = (
  errors: readonly { readonly field: string; readonly reason: string; readonly message: string }[],
): AegisError => new AegisError("AEGIS_INPUT_INVALID", errorTable.AEGIS_INPUT_INVALID, { errors });
