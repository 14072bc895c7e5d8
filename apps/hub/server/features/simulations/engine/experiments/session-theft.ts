import { type Experiment, valueOf } from "../model.ts";
import { exponential } from "../random.ts";

/** A token is stolen at any moment of its life; it opens something until it is replaced, and for the grace after that. */
export const sessionTheft: Experiment = {
  id: "session-theft",
  title: "How long a stolen session token is good",
  question: "How likely does a thief come in with a stolen token before rotation has replaced it?",
  outcome: "Share of the stolen tokens that still open the session",
  unit: "share",
  smallest: 0.0002,
  technique: "importance",
  techniqueText:
    "Importance sampling: quick thieves, who alone succeed, are drawn far more often than there are, and count for less.",
  theory: "The exponential law, averaged over the token's age when it is stolen.",
  lesson: { course: "sessions", lesson: "rotation" },
  parameters: [
    {
      name: "rotation",
      label: "A token lives",
      unit: "minutes",
      help: "After so long the next request replaces it.",
      lowest: 1,
      highest: 1440,
      standard: 15,
      whole: true,
    },
    {
      name: "grace",
      label: "The old one still serves",
      unit: "seconds",
      help: "For requests that were under way.",
      lowest: 0,
      highest: 120,
      standard: 10,
      whole: true,
    },
    {
      name: "thief",
      label: "The thief comes after",
      unit: "minutes on average",
      help: "Tokens from logs and backups are used late; those of a script in the page at once.",
      lowest: 1,
      highest: 20_160,
      standard: 600,
      whole: true,
    },
  ],
  model: (values) => {
    const life = valueOf(values, "rotation");
    const grace = valueOf(values, "grace") / 60;
    const thief = valueOf(values, "thief");
    const quick = Math.min(thief, life / 2 + grace);
    return {
      technique: "importance",
      lowest: 0,
      highest: 1,
      trial: (draw) => (draw() * life + grace > exponential(draw, thief) ? 1 : 0),
      weighted: (draw) => {
        const left = draw() * life + grace;
        const delay = exponential(draw, quick);
        return left > delay ? (quick / thief) * Math.exp(delay * (1 / quick - 1 / thief)) : 0;
      },
      exact: () => 1 + Math.exp(-grace / thief) * (thief / life) * Math.expm1(-life / thief),
    };
  },
};
