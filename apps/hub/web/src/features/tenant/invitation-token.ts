/**
 * The token of an invitation stands behind the "#", which no server is sent, and lives in memory alone. It survives the
 * way over signing in or registering, not a reload: the link in the letter opens it again.
 */
let token: string | undefined;

export function takeInvitationToken(): void {
  const address = new URL(window.location.href);
  const found = new URLSearchParams(address.hash.slice(1)).get("token");
  if (found === null) return;
  token = found;
  address.hash = "";
  window.history.replaceState(window.history.state, "", address);
}

export const invitationToken = (): string | undefined => token;
export const forgetInvitationToken = (): void => {
  token = undefined;
};
