import type { ProbeContext, SignedIn } from "../../control.ts";
import { isAccepted } from "./checks.ts";
import { requestOf } from "../target.ts";
import { codeIn } from "./mail.ts";

/** Makes the visitor's address its own by the code that registration had mailed; true also where there was nothing to do. */
export async function ownAddress(context: ProbeContext<unknown>, visitor: SignedIn): Promise<boolean> {
  const { verifyEmail } = context.target;
  const mails = await context.mails(visitor.email, 1);
  if (mails === undefined) return false;
  if (verifyEmail === undefined) return true;
  const code = codeIn(mails[0]);
  if (code === undefined) return true; // no codes here: addresses are believed
  const call = requestOf(verifyEmail, { username: visitor.username, email: visitor.email, code });
  const { status } = (await context.anonymous().send(call)).response;
  // A run where every account is verified at once has used the code already.
  return isAccepted(status) || status === 400;
}
