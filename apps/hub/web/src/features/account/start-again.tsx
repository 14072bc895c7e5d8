import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { signOut } from "../../api/account.ts";
import { pendingQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";

/** Leaves a sign-in that is under way, on the server too. */
export function StartAgain() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut().catch(() => undefined);
    client.setQueryData(pendingQuery.queryKey, null);
    await navigate({ to: "/login" });
  };
  return (
    <Button look="quiet" onClick={() => void leave()}>
      Sign in as somebody else
    </Button>
  );
}
