import { useQuery } from "@tanstack/react-query";
import { policyQuery } from "../../api/queries.ts";
import { useSession } from "../account/session.tsx";

/** Signed in where there are tenants: strangers are not shown doors that are shut to them. */
export function useIsMember(): boolean {
  const session = useSession();
  const policy = useQuery({ ...policyQuery, enabled: session != null }).data;
  return session != null && policy?.tenants === true;
}
