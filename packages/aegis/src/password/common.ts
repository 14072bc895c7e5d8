/**
 * Passwords that attackers try first. Whole strings only, as NIST SP 800-63B-4 3.1.1.2 asks: a word inside a long
 * phrase does no harm. What decorates a common word (digits, signs, letters written as digits) is taken off first.
 */
import { baseWords } from "./common-words.ts";

const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};
const SEQUENCES = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "1q2w3e4r5t6y7u8i9o0p",
];

const words = new Set(baseWords.trim().split(/\s+/));

export function isCommon(password: string): boolean {
  const folded = password.toLowerCase();
  return coreForms(folded).some((form) => words.has(form) || isPairOfWords(form)) || isPattern(folded);
}

/** Consists of one of the words, give or take decoration; words shorter than three letters say nothing. */
export function isMadeOf(password: string, context: readonly string[]): boolean {
  const forms = coreForms(password.toLowerCase().normalize("NFKC"));
  return context
    .map((word) => lettersOf(word.toLowerCase().normalize("NFKC")))
    .filter((word) => [...word].length >= 3)
    .some((word) => forms.some((form) => isRepetition(lettersOf(form), word)));
}

/** The text with decoration taken off: as it is, without digits and signs at its ends, and with digits read as letters. */
function coreForms(text: string): string[] {
  const bare = withoutEnds(text);
  const read = [...text].map((char) => LEET[char] ?? char).join("");
  return [text, bare, read, withoutEnds(read), [...bare].map((char) => LEET[char] ?? char).join("")];
}

/** Without what is no letter at both ends; in one pass, where a regular expression tries every end again from every start. */
function withoutEnds(text: string): string {
  const signs = [...text];
  const isLetter = (sign: string): boolean => /\p{L}/u.test(sign);
  const first = signs.findIndex(isLetter);
  return first < 0 ? "" : signs.slice(first, signs.findLastIndex(isLetter) + 1).join("");
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, "");

const isRepetition = (text: string, word: string): boolean =>
  text.length > 0 && text.length % word.length === 0 && word.repeat(text.length / word.length) === text;

/** "passwordpassword", "iloveyoumonkey": two list words in a row are two guesses, not a phrase. */
function isPairOfWords(text: string): boolean {
  for (let at = 3; at <= text.length - 3; at++) {
    if (words.has(text.slice(0, at)) && words.has(text.slice(at))) return true;
  }
  return false;
}

/** One character or a short group over and over, or a walk along the keyboard, the alphabet or the digits. */
function isPattern(text: string): boolean {
  const signs = [...text];
  if (new Set(signs).size <= 2) return true;
  for (let size = 1; size <= Math.min(6, text.length / 2); size++) {
    if (isRepetition(text.slice(0, text.length - (text.length % size)), text.slice(0, size))) return true;
  }
  return SEQUENCES.some((row) => isWalk(text, row) || isWalk(text, [...row].toReversed().join("")));
}

/** Made only of runs of at least four neighbours in the row. */
function isWalk(text: string, row: string): boolean {
  const endless = row + row;
  let at = 0;
  while (at < text.length) {
    let run = 1;
    while (at + run < text.length && endless.includes(text.slice(at, at + run + 1))) run += 1;
    if (run < 4) return false;
    at += run;
  }
  return text.length > 0;
}
