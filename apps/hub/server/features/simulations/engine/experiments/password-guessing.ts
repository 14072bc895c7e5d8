import { type Experiment, valueOf } from "../model.ts";

/**
 * People choose some passwords far more often than others. The r-th most common one has a share like r^-skew (Zipf), and
 * whoever guesses begins at the top.
 */
export const passwordGuessing: Experiment = {
  id: "password-guessing",
  title: "What guessing a password costs",
  question: "How long does a machine work on one account until it falls, or the attacker gives up?",
  outcome: "Hours of guessing for one account",
  unit: "hours",
  smallest: 0.001,
  technique: "antithetic",
  techniqueText:
    "Antithetic variates: for every common password one equally rare is tried, so that luck cancels out.",
  theory: "The mean of a bounded power law, cut off at the attacker's patience.",
  lesson: { course: "passwords", lesson: "what-guessing-costs" },
  parameters: [
    {
      name: "digits",
      label: "Passwords to choose from",
      unit: "power of ten",
      help: "6 is a PIN of six digits, 12 about eight random characters of small letters.",
      lowest: 3,
      highest: 14,
      standard: 9,
      whole: false,
    },
    {
      name: "skew",
      label: "How alike people choose",
      unit: "0 to 1.5",
      help: "0: a generator chose, each is as likely. 0.8: what leaked lists look like.",
      lowest: 0,
      highest: 1.5,
      standard: 0.8,
      whole: false,
    },
    {
      name: "rate",
      label: "Where the attacker guesses",
      unit: "guesses a second",
      help: "How the passwords are stored decides how fast a stolen list can be tried.",
      lowest: 1,
      highest: 1e10,
      standard: 1e3,
      whole: true,
      choices: [
        { value: 1, label: "At the sign-in page, behind a throttle: 1 a second" },
        { value: 1e3, label: "Stolen Argon2id hashes: 1,000 a second" },
        { value: 1e5, label: "Stolen bcrypt hashes: 100,000 a second" },
        { value: 1e10, label: "Stolen SHA-256 hashes: 10,000,000,000 a second" },
      ],
    },
    {
      name: "days",
      label: "The attacker's patience",
      unit: "days",
      help: "After so long the next account is worth more.",
      lowest: 1,
      highest: 365,
      standard: 30,
      whole: true,
    },
  ],
  model: (values) => {
    const most = 10 ** valueOf(values, "digits");
    const flat = 1 - valueOf(values, "skew");
    const rate = valueOf(values, "rate");
    const patience = valueOf(values, "days") * 86_400 * rate;
    const isLogarithmic = Math.abs(flat) < 1e-9;
    /** The password's place in the order of guessing. */
    const placeOf = isLogarithmic
      ? (share: number): number => most ** share
      : (share: number): number => (1 + share * (most ** flat - 1)) ** (1 / flat);
    const hours = (guesses: number): number => guesses / rate / 3600;
    return {
      technique: "antithetic",
      lowest: 0,
      highest: hours(Math.min(most, patience)),
      trial: (draw) => hours(Math.min(placeOf(draw()), patience)),
      exact: () => {
        const end = Math.min(most, patience);
        if (isLogarithmic)
          return hours((end - 1) / Math.log(most) + patience * (1 - Math.log(end) / Math.log(most)));
        const found = (flat / (most ** flat - 1)) * ((end ** (flat + 1) - 1) / (flat + 1));
        return hours(found + patience * (1 - (end ** flat - 1) / (most ** flat - 1)));
      },
    };
  },
};
