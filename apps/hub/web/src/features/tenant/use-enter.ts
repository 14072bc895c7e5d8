/** Going from one tenant to another: nothing that was seen in the one is shown in the other. */
import { useQueryClient } from "@tanstack/react-query";
import { ownTenantsQuery } from "../../api/tenant.ts";

export function useForgetTenant(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.cancelQueries({ queryKey: ["tenant"] });
    client.removeQueries({
      queryKey: ["tenant"],
      predicate: ({ queryKey }) => queryKey[1] !== ownTenantsQuery.queryKey[1],
    });
    await client.refetchQueries({ queryKey: ownTenantsQuery.queryKey });
    await client.invalidateQueries({ queryKey: ["me"] });
  };
}
