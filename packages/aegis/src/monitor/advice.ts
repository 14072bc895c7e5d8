/** What a finding means and what to do, in words for whoever watches. */
import type { PatternName } from "./patterns.ts";

export const adviceOn: Readonly<Record<PatternName, { readonly title: string; readonly advice: string }>> = {
  stuffing: {
    title: "Credential stuffing",
    advice:
      "Somebody tries a list of names and passwords from elsewhere. The address is slowed and banned by itself; if it got into accounts, ask their owners for a new password and sign them out. Turn on breach.source and a second step.",
  },
  spraying: {
    title: "Password spraying",
    advice:
      "A few common passwords are tried on many accounts, slowly enough for every throttle. Demand a second step of everybody (mfa.required), and see that common passwords are refused (breach.source).",
  },
  guessing: {
    title: "Guessing at one account",
    advice:
      "The throttle delays every guess and the owner was told. Look at the account: without a second step, ask its owner for one, and for a new password if the present one is weak.",
  },
  enumeration: {
    title: "Enumeration",
    advice:
      "Somebody finds out which names or pages there are. Answers are alike whether a name exists or not; lower rateLimit.limits.register and reset if it goes on, or wait for the ban.",
  },
  scraping: {
    title: "Scraping",
    advice:
      "A program reads the collection faster than people do. If it is welcome, give it an API key with a quota; otherwise lower rateLimit.limits.read.",
  },
};
