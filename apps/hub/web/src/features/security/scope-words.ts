/** What a scope allows, in plain words; what is not known here yet is shown by its own name. */
const WORDS: Readonly<Record<string, string>> = {
  "profile:read": "see your profile",
  "profile:write": "change your profile",
  "events:read": "see your recent events",
};

export const scopeWords = (scope: string): string => WORDS[scope] ?? scope;
