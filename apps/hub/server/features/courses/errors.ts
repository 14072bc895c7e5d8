import { AegisError } from "aegis";
import { errorTable } from "aegis/fastify";
import { TITLE_LENGTH } from "./course.ts";

const courseErrors = {
  HUB_COURSE_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such course, lesson or picture in your tenant.",
    hint: "None with that id in the caller's tenant, or none that learners may see yet; whether another tenant has it is not told.",
  },
  HUB_COURSE_CHANGED: {
    status: 409,
    title: "Changed meanwhile",
    detail: "Somebody has changed this since you opened it. Look at what it says now, then save again.",
    hint: "The request names another version than the one that is kept, or not every lesson of the course.",
  },
  HUB_COURSE_FULL: {
    status: 409,
    title: "Limit reached",
    detail: "There is no room for more: of courses in this tenant, or of lessons or pictures in this course.",
    hint: "COURSES_LIMIT, LESSONS_LIMIT or PICTURES_LIMIT of the hub.",
  },
} as const;

export const courseError = (code: keyof typeof courseErrors): AegisError =>
  new AegisError(code, courseErrors[code]);

/** As a schema refuses. */
export const titleRefused = (): AegisError =>
  new AegisError("AEGIS_INPUT_INVALID", errorTable.AEGIS_INPUT_INVALID, {
    errors: [{ field: "title", reason: "length", message: `A title has 1 to ${TITLE_LENGTH} characters.` }],
  });
