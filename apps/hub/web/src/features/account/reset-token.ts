/**
 * The token of a reset link stands behind the "#", which no server is sent, and lives in memory alone: it leaves the
 * address before anything is drawn, so that neither the history nor a picture of the screen nor another page gets to
 * see it.
 */
let token: string | undefined;

export function takeResetToken(): void {
  const address = new URL(window.location.href);
  const found = new URLSearchParams(address.hash.slice(1)).get("token");
  if (found === null) return;
  token = found;
  address.hash = "";
  window.history.replaceState(window.history.state, "", address);
}

export const resetToken = (): string | undefined => token;
export const forgetResetToken = (): void => {
  token = undefined;
};
