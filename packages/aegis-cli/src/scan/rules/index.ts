/** All rules, in the order of the documentation. */
import type { Rule } from "../rule.ts";
import { missingAuth } from "./auth.ts";
import { codeInjection } from "./code.ts";
import { commandInjection } from "./command.ts";
import { cookieFlags } from "./cookie.ts";
import { corsWildcard } from "./cors.ts";
import { weakCrypto } from "./crypto.ts";
import { debugOn } from "./debug.ts";
import { weakHash } from "./hash.ts";
import { htmlSink } from "./html.ts";
import { openRedirect, pathTraversal } from "./path.ts";
import { weakRandom } from "./random.ts";
import { defaultSecret, hardCodedSecret } from "./secret.ts";
import { sqlInjection } from "./sql.ts";
import { rawTemplate } from "./template.ts";
import { timingUnsafe } from "./timing.ts";
import { tlsOff } from "./tls.ts";

export const RULES: readonly Rule[] = [
  sqlInjection,
  commandInjection,
  codeInjection,
  htmlSink,
  rawTemplate,
  pathTraversal,
  openRedirect,
  missingAuth,
  hardCodedSecret,
  defaultSecret,
  weakRandom,
  weakHash,
  weakCrypto,
  timingUnsafe,
  tlsOff,
  cookieFlags,
  corsWildcard,
  debugOn,
];
