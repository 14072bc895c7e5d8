/** How hard a password is to guess: the library's own estimator, which is large, so it comes when somebody types. */
import type { PasswordStrength } from "aegis/strength";

export type Estimate = (password: string, words: readonly string[]) => PasswordStrength;

export const loadEstimate = async (): Promise<Estimate> => (await import("aegis/strength")).passwordStrength;

/** From 0 (guessed at once) to 4 (out of reach): what the label stands for. */
export const levelOf = (score: number): number => Math.max(0, Math.min(4, Math.floor(score / 20)));
