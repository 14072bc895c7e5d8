import type { Role } from "../../api/tenant.ts";

const WORDS: Readonly<Record<Role, string>> = {
  learner: "Learner",
  author: "Author",
  admin: "Administrator",
  owner: "Owner",
};

export const roleWord = (role: Role): string => WORDS[role];
