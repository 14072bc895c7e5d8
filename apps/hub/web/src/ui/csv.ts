/** The server's rule, so that no two files of this hub say differently what a formula is. */
export { csv } from "../../../server/csv.ts";
