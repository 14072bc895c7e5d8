import Type, { type TSchema } from "typebox";

/** The environment a policy is made for; what is not known is production, the strict one. */
export type Environment = "development" | "test" | "production";

/** One of a few words. */
export const oneOf = <const T extends string>(words: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: "string", enum: [...words], description });

/** A list of distinct words out of a closed set. */
export const wordsOf = <const T extends string>(words: readonly T[], description: string) =>
  Type.Unsafe<T[]>({
    type: "array",
    items: { type: "string", enum: [...words] },
    uniqueItems: true,
    maxItems: words.length,
    description,
  });

/** Whole seconds within bounds. */
export const seconds = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description });

/** A whole number within bounds. */
export const count = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description });

/** The id of a row, as we make and store it: no other spelling of the same bits, no "urn:uuid:" before it. */
export const rowId = () => Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });

export const flag = (description: string) => Type.Boolean({ description });

export const texts = (pattern: string, description: string) =>
  Type.Array(Type.String({ pattern, maxLength: 256 }), { maxItems: 64, uniqueItems: true, description });

/** A policy section: no key beyond the named ones, so that a misspelt key cannot be ignored. */
export const section = <T extends Record<string, TSchema>>(properties: T, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });
