import { type Experiment, valueOf, type Values } from "../model.ts";
import { type Draw, exponential } from "../random.ts";

const DAY = 86_400;

/** Guesses at one account under a delay that doubles with each failure, until the owner's own sign-in forgets them. */
export const lockoutStuffing: Experiment = {
  id: "lockout-stuffing",
  title: "Back-off against stuffed passwords",
  question:
    "How likely does an account fall to a list of passwords when each failure makes the next try wait?",
  outcome: "Share of the accounts that fall",
  unit: "share",
  smallest: 0.001,
  technique: "stratified",
  techniqueText:
    "Stratification: accounts with good and with bad passwords are taken in equal parts, so that no run gets too many of one kind.",
  theory: "Where the owner never signs in, the number of guesses is fixed, and each is as likely to hit.",
  lesson: { course: "passwords", lesson: "rules-that-help" },
  parameters: [
    whole(
      "odds",
      "Guesses for one hit",
      "on average",
      "How good the attacker's list is.",
      10,
      1_000_000,
      2000,
    ),
    whole("free", "Tries without waiting", "tries", "For people who mistype.", 1, 20, 5),
    whole("first", "First wait", "seconds", "It doubles with every further failure.", 1, 60, 1),
    whole("longest", "Longest wait", "minutes", "Where the doubling ends.", 5, 1440, 15),
    whole("cap", "Failures until nothing is tried", "failures", "Until the owner signs in.", 10, 1000, 100),
    whole("days", "The attack lasts", "days", "", 1, 30, 14),
    whole(
      "owner",
      "The owner signs in",
      "times a day",
      "A sign-in forgets the failures before it.",
      0,
      24,
      2,
    ),
  ],
  model: (values) => ({
    technique: "stratified",
    lowest: 0,
    highest: 1,
    trial: attack(values),
    exact: () => (valueOf(values, "owner") === 0 ? undisturbed(values) : undefined),
  }),
};

function whole(
  name: string,
  label: string,
  unit: string,
  help: string,
  lowest: number,
  highest: number,
  standard: number,
) {
  return { name, label, unit, help, lowest, highest, standard, whole: true };
}

/** Seconds to wait before the next try after so many failures. */
function waits(values: Values): (failures: number) => number {
  const free = valueOf(values, "free");
  const first = valueOf(values, "first");
  const longest = valueOf(values, "longest") * 60;
  return (failures) => (failures < free ? 0 : Math.min(longest, first * 2 ** Math.min(40, failures - free)));
}

function attack(values: Values): (draw: Draw) => number {
  const odds = valueOf(values, "odds");
  const cap = valueOf(values, "cap");
  const end = valueOf(values, "days") * DAY;
  const owner = valueOf(values, "owner");
  const longest = valueOf(values, "longest") * 60;
  const waitAfter = waits(values);
  const miss = Math.log1p(-1 / odds);
  return (draw) => {
    const needed = Math.ceil(Math.log(draw()) / miss); // the guess that would hit: geometric
    const nextVisit = (): number => (owner === 0 ? Infinity : exponential(draw, DAY / owner));
    let [now, failures, guesses] = [0, 0, 0];
    let visit = nextVisit();
    for (;;) {
      const wait = failures >= cap ? Infinity : waitAfter(failures);
      if (now + wait >= Math.min(visit, end)) {
        if (visit >= end) return 0;
        now = visit;
        failures = 0;
        visit += nextVisit();
        continue;
      }
      // Waits of one length are taken together: the longest ones are most of an attack.
      const alike =
        wait < longest ? 1 : Math.min(cap - failures, Math.ceil((Math.min(visit, end) - now) / wait) - 1);
      const tries = Math.max(1, Math.min(alike, needed - guesses));
      now += tries * wait;
      failures += tries;
      guesses += tries;
      if (guesses >= needed) return 1;
    }
  };
}

function undisturbed(values: Values): number {
  const waitAfter = waits(values);
  const end = valueOf(values, "days") * DAY;
  let [now, guesses] = [0, 0];
  while (guesses < valueOf(values, "cap") && now + waitAfter(guesses) < end) {
    now += waitAfter(guesses);
    guesses += 1;
  }
  return -Math.expm1(guesses * Math.log1p(-1 / valueOf(values, "odds")));
}
