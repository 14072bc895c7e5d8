/** What a file is for, by its name and its look. */
import { extname } from "node:path";

const TESTS =
  /(?:^|\/)(?:__tests__|__mocks__|tests?|e2e|cypress|mocks|playwright)\/|\.(?:test|spec|cy|mock|stories)\.[cm]?[jt]sx?$/;
const BUILT = /\.min\.[cm]?js$|\.bundle\.js$/;
const BUILT_LINE_LENGTH = 2000;
/** On average. */
const MINIFIED_LINE_LENGTH = 500;

export const isTestFile = (path: string): boolean => TESTS.test(path);

/** Written by a machine: whoever changed it would change the wrong file. */
export const isBuilt = (path: string, text: string): boolean =>
  BUILT.test(path) || (extname(path) !== ".vue" && hasBuiltLines(text));

/**
 * Whether the whole of it was written by a machine. A single long line is no reason to leave a file out of a search for
 * weaknesses: whoever wants to hide something would add one.
 */
export const isMinified = (path: string, text: string): boolean =>
  BUILT.test(path) ||
  (text.length > BUILT_LINE_LENGTH && text.length / text.split("\n").length > MINIFIED_LINE_LENGTH);

const hasBuiltLines = (text: string): boolean =>
  text.length > BUILT_LINE_LENGTH &&
  text
    .split("\n")
    .some((line) => line.length > BUILT_LINE_LENGTH && /[;{}]/.test(line) && !/data:|base64/.test(line));
