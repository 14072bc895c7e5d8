/** `aegis/maintenance`: closes an application for a while, and says so. */
export { fileMaintenance, writeMaintenance } from "./file.ts";
export { notice, type NoticeFacts, type NoticeKind, noticeKinds } from "./notice.ts";
export { type MaintenanceSource, type MaintenanceState, parseMaintenance } from "./state.ts";
