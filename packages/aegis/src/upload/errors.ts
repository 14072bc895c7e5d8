import { errorsOf, type ErrorTable } from "../errors.ts";

export const uploadErrors = {
  AEGIS_UPLOAD_MALFORMED: {
    status: 400,
    title: "No upload",
    detail: "Send one file as multipart/form-data, in a part named “file”.",
    hint: "No multipart body, a part too many, header lines too long, or it ended too early.",
  },
  AEGIS_UPLOAD_TOO_LARGE: {
    status: 413,
    title: "File too large",
    detail: "The file is larger than files of its kind may be.",
    hint: "Beyond upload.limits for its kind, or beyond the route's own limit.",
  },
  AEGIS_UPLOAD_QUOTA_FULL: {
    status: 413,
    title: "No room left",
    detail: "There is no room for this file. Delete files that are not needed any more.",
    hint: "Beyond upload.accountBytes, accountFileLimit or tenantBytes; uploads under way count with what they may become.",
  },
  AEGIS_UPLOAD_TYPE_REFUSED: {
    status: 415,
    title: "Kind of file not taken",
    detail: "Files of this kind are not taken here, or the content is none that is known.",
    hint: "The content decides: it is unknown, or its kind is not among upload.allowedKinds or those of the route.",
  },
  AEGIS_UPLOAD_TYPE_MISMATCH: {
    status: 415,
    title: "File is not what it says",
    detail: "The name or type of the file says something else than its content.",
    hint: "Extension, declared media type and content must agree.",
  },
  AEGIS_UPLOAD_CONTENT_REFUSED: {
    status: 422,
    title: "File refused",
    detail: "The content of this file cannot be taken.",
    hint: "Damaged, encrypted, active, several kinds in one, a bomb, or an archive with dangerous paths; `errors` says which.",
  },
  AEGIS_UPLOAD_NOT_FOUND: {
    status: 404,
    title: "File not found",
    detail: "There is no such file of yours.",
    hint: "Deleted, never finished, or somebody else's.",
  },
  AEGIS_UPLOAD_IN_USE: {
    status: 409,
    title: "File in use",
    detail: "The file is shown somewhere. Take it out there first, then delete it.",
    hint: "The application named places where it is used (uploads.usedWhere); `errors` has them.",
  },
  AEGIS_UPLOAD_RANGE_REFUSED: {
    status: 416,
    title: "No such part",
    detail: "The file has no such part.",
    hint: "The Range header asks for bytes beyond the end.",
  },
  AEGIS_UPLOAD_BUSY: {
    status: 503,
    title: "Busy",
    detail: "Too many files are being looked at. Try again in a few seconds.",
    hint: "The queue of checks is full; each holds a file in memory.",
  },
} as const satisfies ErrorTable;

export const uploadError = errorsOf(uploadErrors);
