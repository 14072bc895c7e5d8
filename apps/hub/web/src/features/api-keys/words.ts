import type { Tier } from "../../api/api-keys.ts";
import { number } from "../../ui/words.ts";

/** What a scope lets a program do, in plain words; what is not known here yet is shown by its own name. */
const SCOPES: Readonly<Record<string, string>> = {
  "courses:read": "Read the courses and lessons",
  "profile:read": "Read your profile, with your name and e-mail address",
};
export const scopeWords = (scope: string): string => SCOPES[scope] ?? scope;

const RESETS: Readonly<Record<Tier["resets"], string>> = {
  hourly: "an hour",
  daily: "a day",
  monthly: "a month",
};
export const quotaWords = ({ requests_limit: limit, resets }: Tier): string =>
  `${number.format(limit)} requests ${RESETS[resets]}`;
