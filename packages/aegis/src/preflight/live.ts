/** What people meet at the live address: health, sign-in, the cookie, CSRF. Pure; `lookAtLive` of aegis/verify looks. */
import {
  claimed,
  type Deployment,
  type PreflightFinding,
  restart,
  run,
  setPolicy,
  setVariable,
} from "./finding.ts";

/** An answer, or how the connection failed. */
export type LiveAnswer =
  | {
      readonly status: number;
      /** `code` of a problem+json body, `status` of a health one. */
      readonly code: string | undefined;
      readonly said: string | undefined;
    }
  | { readonly fault: string; readonly reason: string };

export interface LiveSignIn {
  /** Undefined: no answer set a cookie that could be told to be the session's. */
  readonly cookie:
    | { readonly name: string; readonly secure: boolean; readonly maxAgeSeconds: number | undefined }
    | undefined;
  /** Whether the next request was recognised; undefined: it is not described how to tell. */
  readonly alive: boolean | undefined;
  /** A change with a good token, as browsers send it; undefined: not described. `older` says nothing but Origin. */
  readonly write: { readonly browser: LiveAnswer; readonly older: LiveAnswer } | undefined;
  /** The same with a wrong token. */
  readonly forged: LiveAnswer | undefined;
}

export interface LiveFacts {
  readonly origin: string;
  readonly health: LiveAnswer;
  readonly ready: LiveAnswer;
  /** `refused`: the answer to the sign-in that did not succeed. A text: why none was tried. */
  readonly signIn: LiveSignIn | { readonly refused: LiveAnswer } | string;
}

const told = (answer: LiveAnswer): string =>
  "fault" in answer ? answer.reason : `${answer.status}${answer.code === undefined ? "" : ` ${answer.code}`}`;

const isGood = (answer: LiveAnswer): boolean =>
  !("fault" in answer) && answer.status >= 200 && answer.status < 300;
const codeOf = (answer: LiveAnswer): string => ("fault" in answer ? "" : (answer.code ?? ""));

/** `facts`: what was seen, why nothing was, or that there is nothing yet that could answer. */
export function checkLive(
  facts: LiveFacts | string | { readonly nothingYet: string },
  where: Deployment,
): PreflightFinding[] {
  const health = claimed({
    id: "live.health",
    claim: "It answers, and says that it is well.",
    case: "health-check-failing",
  });
  const ready = claimed({ id: "live.ready", claim: "Everything that it needs is there for it." });
  const signIn = claimed({ id: "live.sign-in", claim: "Somebody can sign in." });
  const secure = claimed({
    id: "live.secure-cookie",
    claim: "The session cookie has the Secure flag.",
    case: "secure-flag-missing",
  });
  const kept = claimed({
    id: "live.cookie-kept",
    claim: "Browsers keep the session cookie from this address.",
    case: "secure-flag-locks-out",
  });
  const lasts = claimed({
    id: "live.session-lasts",
    claim: "Who has signed in is signed in at the next request.",
    case: "session-expires-at-once",
  });
  const csrf = claimed({
    id: "live.csrf",
    claim: "A change with a good CSRF token is taken, and one with a wrong token is not.",
    case: "csrf-failing",
  });
  const each = [health, ready, signIn, secure, kept, lasts, csrf];
  if (typeof facts === "string")
    return each.map((one) => one.unknown(facts, "Say which address: `--live https://your.host`."));
  if ("nothingYet" in facts) return each.map((one) => one.notApplicable(facts.nothingYet));
  const first = [healthFinding(facts.health, health, where), readyFinding(facts.ready, ready, where)];
  const isHttps = facts.origin.startsWith("https:");
  const { signIn: signed } = facts;
  if (typeof signed === "string" || "refused" in signed) {
    const why = typeof signed === "string" ? signed : `sign-in was refused: ${told(signed.refused)}`;
    const rest = (all: (typeof kept)[]): PreflightFinding[] =>
      all.map((one) => one.unknown(why, "Mend what keeps the sign-in from succeeding, or give an account."));
    if (typeof signed !== "string" && !isHttps && codeOf(signed.refused) === "AEGIS_TRANSPORT_INSECURE")
      return [
        ...first,
        signIn.unknown(why, "Serve it over HTTPS."),
        lockedOut(facts, kept, where),
        ...rest([secure, lasts, csrf]),
      ];
    return [...first, refusedFinding(signed, signIn, where), ...rest([secure, kept, lasts, csrf])];
  }
  const { cookie } = signed;
  const none = "no session cookie could be told";
  return [
    ...first,
    signIn.pass("an account signed in"),
    cookie === undefined
      ? secure.unknown(none, "Name it in the target description: `sessionCookie`.")
      : !isHttps
        ? secure.notApplicable("the address is plain HTTP")
        : cookie.secure
          ? secure.pass(`${cookie.name}; Secure`)
          : secure.fail(`${cookie.name} without Secure`, {
              symptom:
                "The session cookie has no Secure flag: it travels over plain HTTP, and can be read there.",
              cause: "The server runs as in development, or its policy switches session.cookie.secure off.",
              fix: `${setVariable(where, "NODE_ENV", "production")} ${restart(where)}`,
            }),
    cookie === undefined
      ? kept.unknown(none, "Name it in the target description: `sessionCookie`.")
      : cookie.secure && !isHttps
        ? lockedOut(facts, kept, where)
        : kept.pass(isHttps ? "over HTTPS" : "it is not Secure"),
    lastsFinding(signed, isHttps, lasts, where),
    csrfFinding(signed, facts.origin, csrf, where),
  ];
}

type Claimed = ReturnType<typeof claimed>;

/** Ours could not be given trust, or time: that says nothing of the target. */
const OURS = new Set(["certificate", "limited", "network"]);

function healthFinding(answer: LiveAnswer, health: Claimed, where: Deployment): PreflightFinding {
  if (isGood(answer) && !("fault" in answer) && (answer.said === undefined || answer.said === "ok"))
    return health.pass(told(answer));
  if ("fault" in answer && OURS.has(answer.fault))
    return health.unknown(
      told(answer),
      answer.fault === "certificate"
        ? "Name the authority that it is from: `--ca FILE`. If browsers do not know it either, they refuse the connection."
        : "Try again, from where people come.",
    );
  const isDown = "fault" in answer || [502, 503, 504].includes(answer.status);
  return health.fail(told(answer), {
    symptom: "The health check fails: the balancer takes the server out, and people see an error page.",
    cause:
      "fault" in answer
        ? "Nothing answers at the address: the server, or the proxy in front of it, does not run."
        : isDown
          ? "The proxy answers, and the server behind it does not."
          : "Something else answers at this address, or the path of the health check is another.",
    fix: isDown
      ? `${restart(where)} If it ends again, its last lines say why (\`journalctl -u hub -n 50\`).`
      : "Name the path in aegis.config.ts: `preflight.live.healthPath`; see that the proxy passes it on.",
  });
}

function readyFinding(answer: LiveAnswer, ready: Claimed, where: Deployment): PreflightFinding {
  if (isGood(answer)) return ready.pass(told(answer));
  if ("fault" in answer || answer.status !== 503)
    return ready.unknown(told(answer), "Name the path in aegis.config.ts: `preflight.live.readyPath`.");
  return ready.fail(told(answer), {
    symptom: "Whoever is signed in gets 503.",
    cause: "The server runs, and its database or Redis does not answer it.",
    fix: `${run(where.startDatabase)} If that runs, see what else is away: \`npx aegis check database redis\`.`,
  });
}

function lockedOut({ origin, signIn }: LiveFacts, kept: Claimed, where: Deployment): PreflightFinding {
  const refused = typeof signIn !== "string" && "refused" in signIn;
  return kept.fail(refused ? "sign-in over plain HTTP is refused" : "a Secure cookie over plain HTTP", {
    symptom: refused
      ? "Nobody can sign in: plain HTTP is refused."
      : "Sign-in succeeds, and the next page is signed out: nobody gets in.",
    cause: "The cookie is Secure, and browsers do not keep such a cookie from a plain HTTP address.",
    fix: `${setVariable(where, "PUBLIC_ORIGIN", `https://${new URL(origin).host}`)} ${restart(where)} Have the proxy serve that address over HTTPS, and answer plain HTTP with 301.`,
  });
}

function refusedFinding(
  signed: { readonly refused: LiveAnswer } | string,
  signIn: Claimed,
  where: Deployment,
): PreflightFinding {
  if (typeof signed === "string")
    return signIn.unknown(signed, "Describe it in the target file, or give `--account FILE`.");
  const { refused } = signed;
  const code = codeOf(refused);
  if ("fault" in refused || refused.status === 429)
    return signIn.unknown(
      told(refused),
      "Try again later, or give the server's probe key (`--probe-key-file`).",
    );
  if (code === "AEGIS_TRANSPORT_INSECURE")
    return signIn.fail(told(refused), {
      symptom: "Every sign-in is refused, although people come by HTTPS.",
      cause:
        "The server does not believe the proxy that it was HTTPS: its address is not among TRUSTED_PROXIES, or it sends no X-Forwarded-Proto.",
      fix: `${setVariable(where, "TRUSTED_PROXIES", "127.0.0.1,::1")} (or the address that the proxy has.) ${restart(where)}`,
    });
  if (code === "AEGIS_TRANSPORT_HOST")
    return signIn.fail(told(refused), {
      symptom: "Every request is refused, whatever it asks for.",
      cause:
        "The Host that arrives is not that of PUBLIC_ORIGIN: the proxy puts its own in its place, or people come by another name.",
      fix: "Have the proxy pass it on (nginx: `proxy_set_header Host $host;`), or correct PUBLIC_ORIGIN.",
    });
  return signIn.unknown(told(refused), "Give an account that can sign in: `--account FILE`.");
}

/** Browsers need a moment to come back. */
const SHORTEST_COOKIE_SECONDS = 60;

function lastsFinding(
  signed: LiveSignIn,
  isHttps: boolean,
  lasts: Claimed,
  where: Deployment,
): PreflightFinding {
  const { cookie, alive } = signed;
  if (cookie?.secure === true && !isHttps)
    return lasts.notApplicable("browsers do not keep the cookie at all");
  const short = cookie?.maxAgeSeconds !== undefined && cookie.maxAgeSeconds < SHORTEST_COOKIE_SECONDS;
  if (short || alive === false)
    return lasts.fail(
      short ? `the cookie is kept for ${cookie.maxAgeSeconds} s` : "the next request was signed out",
      {
        symptom: "People are signed out as soon as they have signed in.",
        cause: short
          ? "The session's time is less than a minute: minutes were written where seconds are meant."
          : "The next request came to a process that does not know the session: instances have different databases, or clocks that are apart.",
        fix: short
          ? `${setPolicy(where, "session.absoluteTimeoutSeconds", "28800")} ${setPolicy(where, "session.idleTimeoutSeconds", "900")} ${restart(where)}`
          : `Give every instance the same DATABASE_URL, REDIS_URL and SECRET_KEY. Set the clocks: ${run("timedatectl set-ntp true")} ${restart(where)}`,
      },
    );
  return alive === undefined
    ? lasts.unknown("it is not described how to tell", "Describe `sessionCheck` in the target file.")
    : lasts.pass("the next request was signed in");
}

function csrfFinding(signed: LiveSignIn, origin: string, csrf: Claimed, where: Deployment): PreflightFinding {
  const { write, forged, alive } = signed;
  if (write === undefined || forged === undefined)
    return csrf.unknown("no change is described", "Describe `write` and `csrf` in the target file.");
  if (alive !== true) return csrf.unknown("nobody is signed in", "Mend that first.");
  if (isGood(forged))
    return csrf.fail(`a wrong token was taken: ${told(forged)}`, {
      symptom: "None, until another site changes something in the name of whoever is signed in.",
      cause: "The policy demands no CSRF token.",
      fix: `${setPolicy(where, "csrf.tokenRequired", "true")} ${restart(where)}`,
    });
  const bad = isGood(write.browser) ? write.older : write.browser;
  if (isGood(bad)) return csrf.pass(`${told(write.browser)}, and ${told(forged)} with a wrong token`);
  const code = codeOf(bad);
  if ("fault" in bad || !code.startsWith("AEGIS_CSRF_"))
    return csrf.unknown(told(bad), "See the log of the server.");
  const symptom = "Forms are refused with a message about CSRF, although nobody does anything wrong.";
  const who = isGood(write.browser)
    ? "A browser that says nothing but Origin is refused"
    : "Every browser is refused";
  if (code === "AEGIS_CSRF_CROSS_SITE")
    return csrf.fail(told(bad), {
      symptom,
      cause: `${who}: the server takes itself to be at another address than people, because it stands behind a proxy and was not told.`,
      fix: `${setVariable(where, "PUBLIC_ORIGIN", origin)} ${restart(where)}`,
    });
  return csrf.fail(told(bad), {
    symptom,
    cause:
      "The token was made by a process with another SECRET_KEY, or the proxy takes the header X-CSRFToken away.",
    fix: `Give every instance the same SECRET_KEY. ${restart(where)}`,
  });
}
