import { useQuery } from "@tanstack/react-query";
import type { PublicPolicy } from "../../api/policy.ts";
import { policyQuery } from "../../api/queries.ts";
import type { MfaState, PasswordState } from "../../api/security.ts";
import { mfaQuery, passwordQuery } from "../../api/security-queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";

interface Fact {
  readonly id: string;
  readonly title: string;
  readonly state: State;
  readonly word: string;
  readonly text: string;
  /** What to do about it, where there is something. */
  readonly step?: string;
}

const SOON_DAYS = 14;

function passwordFact({ must_change: must, days_until_expiry: days }: PasswordState): Fact {
  const base = { id: "password", title: "Password" };
  if (must)
    return {
      ...base,
      state: "fail",
      word: "To be changed",
      text: "A new one is asked for.",
      step: "Change your password",
    };
  if (days !== null && days <= SOON_DAYS)
    return {
      ...base,
      state: "warn",
      word: "Expires soon",
      text: `It runs out in ${days} day${days === 1 ? "" : "s"}.`,
      step: "Change your password",
    };
  return { ...base, state: "pass", word: "Set", text: "Kept as a hash that nobody can read." };
}

function factorFacts(mfa: MfaState, policy: PublicPolicy): readonly Fact[] {
  const { left, total, warn } = mfa.backup_codes;
  return [
    mfa.enabled
      ? {
          id: "authenticator",
          title: "Second step",
          state: "pass",
          word: "On",
          text: [
            mfa.totp.enabled ? "an authenticator app" : "",
            mfa.passkeys > 0 ? `${mfa.passkeys} passkey${mfa.passkeys === 1 ? "" : "s"}` : "",
          ]
            .filter(Boolean)
            .join(" and ")
            .replace(/^./, (letter) => letter.toUpperCase())
            .concat("."),
        }
      : {
          id: "authenticator",
          title: "Second step",
          state: mfa.required ? "fail" : "warn",
          word: "Off",
          text: "Whoever learns your password gets in.",
          step: "Set up an authenticator app or a passkey",
        },
    ...(mfa.enabled
      ? [
          warn || left === 0
            ? ({
                id: "backup-codes",
                title: "Backup codes",
                state: "warn",
                word: left === 0 ? "None left" : `${left} left`,
                text: "Without one, a lost phone locks you out.",
                step: "Make new backup codes",
              } as const)
            : ({
                id: "backup-codes",
                title: "Backup codes",
                state: "pass",
                word: `${left} of ${total} left`,
                text: "For when your phone or key is not at hand.",
              } as const),
        ]
      : []),
    ...(policy.passkeys && mfa.enabled && mfa.passkeys === 0
      ? [
          {
            id: "passkeys",
            title: "Passkey",
            state: "unknown",
            word: "None yet",
            text: "It cannot be phished, and there is no code to type.",
            step: "Add a passkey",
          } as const,
        ]
      : []),
  ];
}

function emailFacts({ user }: SignedIn, policy: PublicPolicy): readonly Fact[] {
  // Where no mail is sent, an address protects nothing.
  if (!policy.recovery || policy.email_verification === "off") return [];
  const base = { id: "email", title: "E-mail" };
  if (user.email === null)
    return [
      {
        ...base,
        state: "warn",
        word: "None",
        text: "A forgotten password could not be reset.",
        step: "Add an e-mail address",
      },
    ];
  return [
    user.email_verified
      ? { ...base, state: "pass", word: "Verified", text: "A forgotten password can be reset by mail." }
      : {
          ...base,
          state: "warn",
          word: "Not verified",
          text: "Nobody has shown yet that it is yours.",
          step: "Verify your address",
        },
  ];
}

const WEIGHT: Record<State, number> = { fail: 0, warn: 1, unknown: 2, pass: 3 };

/** What protects the account at one look, and the one thing that would help most. */
export function Overview({ session }: { session: SignedIn }) {
  const passwordAnswer = useQuery(passwordQuery);
  const mfaAnswer = useQuery(mfaQuery);
  const policyAnswer = useQuery(policyQuery);
  const { data: password } = passwordAnswer;
  const { data: mfa } = mfaAnswer;
  const { data: policy } = policyAnswer;
  const missing = [passwordAnswer, mfaAnswer, policyAnswer].filter(({ data }) => data === undefined);
  const error = missing.find((one) => one.error !== null)?.error;
  if (password === undefined || mfa === undefined || policy === undefined)
    return error !== null && error !== undefined ? (
      <ErrorState error={error} retry={() => void Promise.all(missing.map(({ refetch }) => refetch()))} />
    ) : (
      <Loading label="what protects this account">
        <Skeleton className="h-48 w-full" />
      </Loading>
    );
  const facts = [passwordFact(password), ...factorFacts(mfa, policy), ...emailFacts(session, policy)];
  const next = facts
    .filter(({ step }) => step !== undefined)
    .toSorted((a, b) => WEIGHT[a.state] - WEIGHT[b.state])[0];
  return (
    <div className="rounded-lg border border-line bg-surface shadow-card">
      <ul className="divide-y divide-line">
        {facts.map(({ id, title, state, word, text }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 md:flex-nowrap">
            <a href={`#${id}`} className="w-32 shrink-0 font-medium underline-offset-4 hover:underline">
              {title}
            </a>
            <span className="w-32 shrink-0">
              <Badge state={state}>{word}</Badge>
            </span>
            <span className="grow text-muted">{text}</span>
          </li>
        ))}
      </ul>
      <p className="rounded-b-lg border-t border-line bg-sunken px-5 py-3">
        {next === undefined ? (
          "Nothing to do: your account is as well protected as this hub can make it."
        ) : (
          <>
            Best next step:{" "}
            <a href={`#${next.id}`} className="font-medium text-accent underline underline-offset-4">
              {next.step}
            </a>
          </>
        )}
      </p>
    </div>
  );
}
