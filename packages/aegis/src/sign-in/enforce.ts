import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Aal, Principal, SessionFacts, SignInStage } from "../request.ts";
import { signInError } from "./errors.ts";
import type { SignInPaths } from "./paths.ts";
import { nextStage, type StageFacts } from "./stages.ts";

export interface SignInSubject {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
}

interface StartFacts {
  readonly rememberMe: boolean;
  readonly stage: SignInStage;
  readonly aal: Aal;
  readonly methods: readonly string[];
  readonly withinSeconds?: number;
}

export interface SignInWiring<A extends SignInSubject> {
  readonly paths: SignInPaths;
  readonly unfinishedSeconds: number;
  readonly start: (
    request: FastifyRequest,
    reply: FastifyReply,
    subject: Omit<Principal, "tenantId">,
    facts: StartFacts,
    /** Asked once the session exists: false ends it again. */
    stands: () => Promise<boolean>,
  ) => Promise<SessionFacts | undefined>;
  readonly prove: (
    request: FastifyRequest,
    reply: FastifyReply,
    facts: { readonly aal: Aal; readonly methods: readonly string[] },
  ) => Promise<SessionFacts>;
  readonly needsOf: (account: A, usedPassword: boolean) => Promise<Needs>;
  /** The same of the account as it is stored now; undefined where what was shown of it does not hold any more. */
  readonly needsNow: (account: A, usedPassword: boolean) => Promise<Needs | undefined>;
  readonly onStep: (request: FastifyRequest, account: A, path: string, stage: SignInStage) => void;
  /** What the answer of a sign-in that is complete holds; sets what the browser must keep. */
  readonly onComplete: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    session: SessionFacts,
    /** False where somebody was signed in already, and only proved it again. */
    isSignIn: boolean,
  ) => Promise<Readonly<Record<string, unknown>>>;
  /** What the answer of a sign-in that waits for its second factor holds. */
  readonly factorsOf: (account: A) => Promise<readonly string[]>;
}

export type Needs = Omit<StageFacts, "aal">;

export type SignInAnswer = Readonly<Record<string, unknown>> & { readonly step: string };

export interface SignIns<A extends SignInSubject> {
  /**
   * The request has come to the end of a path: what is next for this account. Starts the session, whole or unfinished,
   * under a new token; where somebody is signed in already it notes the fresh proof instead.
   */
  advance(
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    path: string,
    options?: { readonly rememberMe?: boolean },
  ): Promise<SignInAnswer>;
  /** A step that proves nothing new (a changed password, a factor that was set up) was done. */
  proceed(request: FastifyRequest, reply: FastifyReply, account: A, shown?: string): Promise<SignInAnswer>;
}

const pathsOf = (config: FastifyContextConfig | undefined): readonly string[] =>
  [config?.signIn ?? []].flat();

const STEP_WORDS: Readonly<Record<SignInStage, string>> = {
  complete: "complete",
  "second-factor": "second_factor",
  "password-change": "password_change",
  enrolment: "mfa_enrolment",
};

export const stepWord = (stage: SignInStage): string => STEP_WORDS[stage];

export function enforceSignIn<A extends SignInSubject>(
  app: FastifyInstance,
  wiring: SignInWiring<A>,
): SignIns<A> {
  const { paths } = wiring;

  app.addHook("onRoute", ({ url, config }) => {
    const unclassified = pathsOf(config).find((path) => !paths.isDeclared(path));
    if (unclassified !== undefined)
      throw new Error(
        `Route ${url} signs in by "${unclassified}", which nobody classified. Declare it first: ` +
          `app.aegis.signIn.declare("${unclassified}", "one-factor" | "second-factor" | "two-factors").`,
      );
  });

  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    session: SessionFacts,
    isSignIn: boolean,
  ): Promise<SignInAnswer> => {
    const step = stepWord(session.stage);
    if (session.stage === "complete")
      return { step, ...(await wiring.onComplete(request, reply, account, session, isSignIn)) };
    return session.stage === "second-factor" ? { step, methods: await wiring.factorsOf(account) } : { step };
  };

  const start = async (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    methods: readonly string[],
    rememberMe: boolean,
  ): Promise<SessionFacts> => {
    const aal = paths.aalOf(methods);
    const usedPassword = methods.includes("password");
    const stage = nextStage({ aal, ...(await wiring.needsOf(account, usedPassword)) });
    const subject = { userId: account.id, username: account.username, roles: account.roles };
    const facts = {
      rememberMe,
      stage,
      aal,
      methods,
      ...(stage === "complete" ? {} : { withinSeconds: wiring.unfinishedSeconds }),
    };
    // Hashing takes its time. What ends every session (a reset, a suspension, a new factor) may have come by meanwhile,
    // and did not see this one: so look again now that it can be seen.
    const session = await wiring.start(request, reply, subject, facts, async () => {
      const needs = await wiring.needsNow(account, usedPassword);
      return needs !== undefined && nextStage({ aal, ...needs }) === stage;
    });
    if (session === undefined) throw signInError("AEGIS_SIGN_IN_FAILED");
    return session;
  };

  return {
    async advance(request, reply, account, path, { rememberMe } = {}) {
      if (!pathsOf(request.routeOptions.config).includes(path))
        throw new Error(`This route does not declare signIn: "${path}", so no session may start on it.`);
      const { session } = request;
      const isOwn = session !== null && request.principal.userId === account.id;
      if (isOwn && session.stage === "complete" && !paths.opens(path)) {
        const methods = [...new Set([...session.methods, path])];
        const proven = await wiring.prove(request, reply, { aal: paths.aalOf(methods), methods });
        return answer(request, reply, account, proven, false);
      }
      if (!paths.opens(path) && !(isOwn && session.stage === "second-factor"))
        throw new Error(`The path "${path}" is a second step; nobody took the first.`);
      const before = paths.opens(path) ? [] : (session?.methods ?? []);
      const remember = rememberMe ?? session?.rememberMe ?? false;
      const started = await start(request, reply, account, [...before, path], remember);
      wiring.onStep(request, account, path, started.stage);
      return answer(request, reply, account, started, true);
    },
    async proceed(request, reply, account, shown) {
      const { session } = request;
      if (session === null) throw new Error("proceed() needs the session that it goes on with");
      const methods = shown === undefined ? session.methods : [...new Set([...session.methods, shown])];
      if (session.stage === "complete") {
        const proven = await wiring.prove(request, reply, { aal: paths.aalOf(methods), methods });
        return answer(request, reply, account, proven, false);
      }
      const started = await start(request, reply, account, methods, session.rememberMe);
      return answer(request, reply, account, started, true);
    },
  };
}
