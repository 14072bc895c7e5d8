/** Controls of time-outs, held against probe accounts: their time runs faster, so what takes days is seen in seconds. */
import { hastened, PACED_LEAVES, type Paces } from "../lib/pace.ts";
import type { Policy } from "../policy.ts";
import type { BoundControl } from "./catalogue.ts";

/** An account that the operator made for a verifier, and how many times faster its time runs, by setting. */
export interface HastenedAccount {
  readonly username: string;
  readonly password: string;
  readonly paces: Readonly<Record<string, number>>;
}

export interface HastenedControl {
  readonly control: BoundControl;
  readonly account: HastenedAccount;
  /** What the target must do for this account, where it does as the policy says for the rest. */
  readonly policy: Policy;
  /** What a report adds: of whom it was seen, and how much faster. */
  readonly note: string;
}

/** Each account serves one control: what a probe of failures does to it lasts. */
export function hastenedControls(
  controls: readonly BoundControl[],
  accounts: readonly HastenedAccount[],
  policy: Policy,
): readonly HastenedControl[] {
  const free = [...accounts];
  return controls.flatMap((control) => {
    const wanted = PACED_LEAVES.filter((leaf) => control.slow && control.proves.includes(leaf));
    const place = free.findIndex(
      ({ paces }) => wanted.length > 0 && wanted.every((leaf) => Object.hasOwn(paces, leaf)),
    );
    const [account] = place === -1 ? [] : free.splice(place, 1);
    if (account === undefined) return [];
    const paces: Paces = new Map(wanted.map((leaf) => [leaf, account.paces[leaf] ?? 1]));
    const times = [...paces].map(([leaf, pace]) => `${leaf} ${pace} times`).join(", ");
    return [
      {
        control,
        account,
        policy: { ...policy, ...sections(policy, paces) },
        note: `on a probe account whose time runs faster: ${times}`,
      },
    ];
  });
}

const sections = (policy: Policy, paces: Paces): Pick<Policy, "session" | "throttle"> => ({
  session: hastened("session", policy.session, paces),
  throttle: hastened("throttle", policy.throttle, paces),
});
