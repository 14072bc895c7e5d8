/**
 * How many guesses a password would take, as a number from 0 to 100 for the meter beside its field. It advises; what
 * refuses is in rules.ts. Runs in the browser as it is: no network, no code made from text (strict CSP), nothing of
 * Node. The estimator is zxcvbn (Wheeler, USENIX Security 2016): words, names, patterns, and what is left by length.
 *
 * The arithmetic: five points for every factor of ten, cut to a whole number, at most 100. What a label means to one
 * who stole the table of Argon2id hashes and tries ten thousand passwords a second:
 *    0  Very Weak    below 10^4 guesses    a second; online, days at a hundred attempts an hour
 *   20  Weak         from 10^4             seconds to hours
 *   40  Fair         from 10^8             hours to years
 *   60  Strong       from 10^12            three years and more
 *   80  Very Strong  from 10^16            longer than anybody waits; 100 is 10^20, about 66 bits
 */
import { type MatchExtended, ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

export type StrengthLabel = "Very Weak" | "Weak" | "Fair" | "Strong" | "Very Strong";

export interface PasswordStrength {
  /** Whole, from 0 to 100. */
  readonly score: number;
  readonly label: StrengthLabel;
  /** One sentence where the password is less than strong. */
  readonly advice: string | undefined;
}

const POINTS_PER_TENFOLD = 5;
const STRONG = 60;
const LABELS: readonly StrengthLabel[] = ["Very Weak", "Weak", "Fair", "Strong", "Very Strong"];

/**
 * The cost grows with the square of the length and worse: 128 characters made to be slow take a fifth of a second, 48
 * take a tenth of that. What is cut off could only have raised the score, and 20 random characters have them all.
 */
const MAX_CHARACTERS = 48;
/** Ways to read digits and signs as letters; each costs another search. */
const MAX_READINGS = 16;
const MAX_WORDS = 12;
const MAX_FORMS = 64;
const JOINTS = ["", " ", ".", "-", "_"];
/** The estimator looks words up in plain objects, where this one is always found: it must stand in them with a rank. */
const INHERITED = "constructor";

let estimator: ZxcvbnFactory | undefined; // made at the first use: a page without a password field does not pay for it

function estimate(password: string, words: readonly string[]) {
  estimator ??= new ZxcvbnFactory({
    dictionary: Object.fromEntries(
      Object.entries(dictionary).map(([name, list]) => [name, [...list, INHERITED]]),
    ),
    graphs: adjacencyGraphs,
    l33tMaxSubstitutions: MAX_READINGS,
    maxLength: MAX_CHARACTERS,
  });
  return estimator.check(password, [INHERITED, ...words]);
}

/** `words`: what is known of the owner and the service (user name, address, product); they are guessed first. */
export function passwordStrength(password: string, words: readonly string[]): PasswordStrength {
  const text = bounded(password);
  const known = contextWords(words);
  const { guessesLog10, sequence } = estimate(text, known);
  // The estimator's search is not exhaustive, and more words can lead it astray: they must never raise the score.
  const fewest = known.length === 0 ? guessesLog10 : Math.min(guessesLog10, estimate(text, []).guessesLog10);
  const points = Math.floor(POINTS_PER_TENFOLD * fewest);
  const score = Number.isFinite(points) ? Math.min(100, Math.max(0, points)) : 0;
  return {
    score,
    label: LABELS[Math.floor(score / 20)] ?? "Very Strong",
    advice: score >= STRONG ? undefined : adviceFor(sequence),
  };
}

/** As it is hashed (NFKC), and without "__": "__proto__" would be found in the estimator's objects, like the word above. */
const bounded = (text: string): string =>
  text
    .slice(0, 4 * MAX_CHARACTERS) // before anything that costs, too: the text may be megabytes
    .normalize("NFKC")
    .replaceAll("__", "_-")
    .slice(0, MAX_CHARACTERS);

/** "Grace Hopper" is also guessed as "grace.hopper", "gracehopper", "hopper"; an address also without its domain. */
function contextWords(words: readonly string[]): string[] {
  const forms = words.slice(0, MAX_WORDS).flatMap((word) => {
    const text = bounded(word);
    return [text, text.split("@", 1)[0] ?? ""].flatMap((whole) => {
      const parts = whole.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== "");
      return [whole, ...parts, ...JOINTS.map((joint) => parts.join(joint))];
    });
  });
  // A letter or two of a name are in every password, and say nothing.
  return [...new Set(forms.map((form) => form.toLowerCase()))]
    .filter((form) => [...form].length >= 3)
    .slice(0, MAX_FORMS);
}

/** What the longest part that can be guessed is, and what to do about it. */
function adviceFor(sequence: readonly MatchExtended[]): string {
  const patterns = sequence.filter(({ pattern }) => pattern !== "bruteforce" && pattern !== "separator");
  const [longest] = patterns.toSorted((a, b) => b.token.length - a.token.length);
  switch (longest?.pattern) {
    case "dictionary":
      return isOwn(longest)
        ? "It contains your name or the name of this service, which are guessed first."
        : sequence.length === 1
          ? "It is one of the passwords that attackers try first. Use several words that have nothing to do with each other."
          : "Common words with digits or signs are guessed early. Add more words that have nothing to do with each other.";
    case "spatial":
      return "Neighbouring keys are guessed early. Use several words that have nothing to do with each other.";
    case "repeat":
      return "Repeating something adds almost nothing. Use several different words instead.";
    case "sequence":
    case "wordSequence":
      return "Sequences like abc or 6543 are guessed early. Use several words that have nothing to do with each other.";
    case "date":
    case "regex":
      return "Dates and years are guessed early. Use several words that have nothing to do with each other.";
    default:
      return "Make it longer: more words help more than signs do.";
  }
}

function isOwn(match: MatchExtended): boolean {
  const { dictionaryName, matchedWord }: Record<string, unknown> = match;
  return dictionaryName === "userInputs" && matchedWord !== INHERITED;
}
