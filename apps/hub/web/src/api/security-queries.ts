/** The questions of the security pages, apart so that visitors do not pay for them. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { listApprovals, listUsers, readUser, type UsersSearch } from "./admin.ts";
import { listPasskeys } from "./passkeys.ts";
import { listPrograms } from "./programs.ts";
import { listEvents, readMfa, readPassword } from "./security.ts";

export const passwordQuery = queryOptions({ queryKey: ["me", "password"], queryFn: readPassword });
export const mfaQuery = queryOptions({ queryKey: ["me", "mfa"], queryFn: readMfa });
export const passkeysQuery = queryOptions({ queryKey: ["me", "passkeys"], queryFn: listPasskeys });
export const programsQuery = queryOptions({ queryKey: ["me", "programs"], queryFn: listPrograms });
export const eventsQuery = queryOptions({ queryKey: ["me", "events"], queryFn: () => listEvents(20) });

export const usersQuery = (search: UsersSearch) =>
  queryOptions({
    queryKey: ["admin", "users", search],
    queryFn: () => listUsers(search),
    placeholderData: keepPreviousData,
  });
export const userQuery = (id: string) =>
  queryOptions({ queryKey: ["admin", "user", id], queryFn: () => readUser(id) });
export const approvalsQuery = queryOptions({ queryKey: ["admin", "approvals"], queryFn: listApprovals });
