/** Character references in a lesson's text. The lexer leaves them as written; readers get text, so they end here. */

/** Kept short on purpose: HTML knows 2,231 names, and a lesson can hold the character itself. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", "\u00a0"],
]);

export class UnknownEntity extends Error {
  override readonly name = "UnknownEntity";
}

/** One pass, so that "&amp;lt;" becomes "&lt;" and not "<". @throws UnknownEntity rather than show half-decoded text. */
export const decodeEntities = (text: string): string =>
  text.replace(/&(#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]*);/gi, (entity, name: string) => {
    const character = name.startsWith("#") ? numbered(name.slice(1)) : NAMED.get(name);
    if (character === undefined) throw new UnknownEntity(`the entity ${entity}`);
    return character;
  });

function numbered(digits: string): string | undefined {
  const point = Number(/^x/i.test(digits) ? `0${digits}` : digits);
  const isScalar = point > 0 && point <= 0x10_ff_ff && !(point >= 0xd8_00 && point <= 0xdf_ff);
  return isScalar ? String.fromCodePoint(point) : undefined;
}
