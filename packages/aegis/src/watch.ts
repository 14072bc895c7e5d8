/** "aegis/watch": a live deployment watched over hours: what is told when, what has still to be sent, and the report. */
export {
  begun,
  beaten,
  controlsSeen,
  goneOn,
  heldAgainst,
  identitySeen,
  isThere,
  observed,
  type Step,
  type WatchPlan,
} from "./watch/course.ts";
export { lockWatch, readWatch, WatchError, writeWatch } from "./watch/file.ts";
export { watchHtml } from "./watch/html.ts";
export { inDoubt } from "./watch/judge.ts";
export { factsOf, rowsOf, watchMarkdown } from "./watch/markdown.ts";
export type { Change, Notice, Observation, Parcel, Status, WatchState } from "./watch/model.ts";
export { durationText, letterOf, lineOf, webhookBody, webhookHeaders, webhookKey } from "./watch/notices.ts";
export { due, givenUp, mailChannel, posted, refused, taken } from "./watch/outbox.ts";
export { type Beat, type CertificateFacts, certificateObservations, identityOf } from "./watch/subjects.ts";
export { watchJson, type WatchReport, watchReport, watchStatus } from "./watch/timeline.ts";
