import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definePolicy } from "../policy.ts";
import { csvRows, importUsers, importColumns, ImportError, type ImportRow, jsonRows } from "../users.ts";
import { hashKindOf, hashOfNothing } from "../hashing/kind.ts";
import { passwordHasher } from "../hashing/hash.ts";
import { systemRandom } from "../lib/random.ts";
import type { NewPerson, UserImportStore } from "./store.ts";

const policy = definePolicy({ environment: "test" });

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function all(rows: AsyncIterable<ImportRow>): Promise<ImportRow[]> {
  const found: ImportRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Nobody is there; what would be written is kept. */
function emptyStore(): UserImportStore & { readonly people: NewPerson[] } {
  const people: NewPerson[] = [];
  const take = async (batch: readonly NewPerson[]) => {
    people.push(...batch);
    return batch.map(() => "new" as const);
  };
  return { people, look: take, add: take };
}
async function importing(rows: AsyncIterable<ImportRow>) {
  const store = emptyStore();
  const refused: { line: number; columns: string[]; told: string }[] = [];
  const summary = await importUsers(
    { policy, store },
    {
      rows,
      apply: false,
      onRefused: ({ line, problems }) =>
        void refused.push({
          line,
          columns: problems.map(({ column }) => column),
          told: JSON.stringify(problems),
        }),
    },
  );
  return { people: store.people, refused, summary };
}

describe("a file of people", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\0", ""));

  it("is read as CSV cell by cell, wherever the bytes are cut", async () => {
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("\n", "\r\n"),
        async (people, size, end) => {
          const text = ["username,about_me", ...people.map((pair) => pair.map(quoted).join(","))].join(end);
          const rows = await all(csvRows(inPieces(bytesOf(text), size)));
          const read = rows.map((row) =>
            "record" in row ? [row.record.username ?? "", row.record.about_me ?? ""] : [],
          );
          expect(read).toEqual(people);
        },
      ),
    );
  });

  it("of any bytes at all is read or refused, and nothing else happens", async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .string({
          unit: fc.constantFrom('"', ",", "\r", "\n", "a", "{", "}", ":", "[", "\\", "\0"),
          maxLength: 300,
        })
        .map(bytesOf),
    );
    await fc.assert(
      fc.asyncProperty(noise, fc.boolean(), fc.integer({ min: 1, max: 50 }), async (bytes, isCsv, size) => {
        const head = isCsv ? bytesOf("username,email\n") : new Uint8Array();
        const whole = new Uint8Array([...head, ...bytes]);
        const rows = (isCsv ? csvRows : jsonRows)(inPieces(whole, size));
        await importing(rows).catch((error: unknown) => expect(error).toBeInstanceOf(ImportError));
      }),
      { numRuns: 500 },
    );
  });

  it("has rows of any values refused by line and column, without a value of theirs", async () => {
    const secret = "pl4nted-$ecret";
    const planted = fc.oneof(
      fc.constant(secret),
      fc.string().map((text) => `${secret}${text}`),
      fc.constant([secret]),
      fc.constant({ [secret]: secret }),
    );
    const record = fc
      .tuple(fc.constantFrom(...importColumns), planted, fc.jsonValue())
      .map(([column, value, other]) => ({ username: "ada", email: other, [column]: value }));
    await fc.assert(
      fc.asyncProperty(record, async (one) => {
        const { refused } = await importing(jsonRows(inPieces(bytesOf(JSON.stringify(one)), 64)));
        for (const { line, told } of refused) {
          expect(line).toBe(1);
          expect(told).not.toContain(secret);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("makes accounts that the door would let in, or none", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(fc.constantFrom(...importColumns), cell)), async (records) => {
        const text = records.map((one) => JSON.stringify(one)).join("\n");
        if (text === "") return;
        const { people, summary } = await importing(jsonRows(inPieces(bytesOf(text), 64)));
        expect(people.length + summary.refused).toBe(records.length);
        for (const { account } of people) {
          expect(account.roles).toEqual(["user"]);
          expect(hashKindOf(account.passwordHash)).toBeDefined();
          expect([...account.username].length).toBeGreaterThanOrEqual(policy.account.usernameMinLength);
          expect(account.registrationPending).toBe(false);
        }
      }),
    );
  });

  it.each([
    ["a quote in the middle", 'username\nab"c\n', /Line 2 has a quote in the middle/],
    ["a quote that stays open", 'username\n"abc\n', /line 2 is never closed/],
    ["something behind a closing quote", 'username\n"abc"d\n', /Line 2 goes on behind/],
    ["a lone carriage return", "username\nab\rc\n", /Line 2 has a carriage return/],
    ["a name twice", "username,username\n", /a name twice/],
    ["no user names", "email\n", /no username/],
    ["a column that nobody knows", "username,password\n", /Column 2/],
    ["nothing", "", /empty/],
  ])("with %s is refused as a whole", async (_what, text, told) => {
    await expect(all(csvRows(inPieces(bytesOf(text), 3)))).rejects.toThrow(told);
  });

  it("in another encoding is refused as a whole", async () => {
    const latin = Buffer.from("username\nr\u00e9n\u00e9\n", "latin1");
    await expect(all(csvRows(inPieces(latin, 4)))).rejects.toThrow("not UTF-8");
  });

  it("may have one line that is too long, which is refused alone", async () => {
    const text = `${JSON.stringify({ username: "x".repeat(200_000) })}\n${JSON.stringify({ username: "grace" })}\n`;
    const { refused, people } = await importing(jsonRows(inPieces(bytesOf(text), 4096)));
    expect(refused.map(({ line, columns }) => [line, columns])).toEqual([[1, ["row"]]]);
    expect(people.map(({ account }) => account.username)).toEqual(["grace"]);
  });
});

describe("a hash of nothing", () => {
  it("is fitted by no password, and has the form of any other", async () => {
    const { argon2 } = policy.password;
    const one = hashOfNothing(argon2, systemRandom);
    expect(hashKindOf(one)).toBe("argon2id");
    expect(one).not.toBe(hashOfNothing(argon2, systemRandom));
    const hasher = passwordHasher(policy.password, systemRandom);
    for (const password of ["", "password", one])
      expect(await hasher.verify(password, one)).toEqual({ ok: false, needsRehash: false });
    // What the library makes has the same parts, of the same lengths.
    const shape = (text: string): number[] => text.split("$").map((part) => part.length);
    expect(shape(one)).toEqual(shape(await hasher.hash("password")));
  });

  it.each([
    "$2b$17$" + "a".repeat(53),
    "$2b$03$" + "a".repeat(53),
    `pbkdf2:md5:1000$salt$${"ab".repeat(32)}`,
    `pbkdf2:sha256$salt$${"ab".repeat(32)}`,
    `pbkdf2:sha256:99999999$salt$${"ab".repeat(32)}`,
    `scrypt:32769:8:1$salt$${"ab".repeat(32)}`,
    `scrypt:32768:8:1:1$salt$${"ab".repeat(32)}`,
    `scrypt:NaN:8:1$salt$${"ab".repeat(32)}`,
    "$argon2id$v=19$m=9999999,t=3,p=4$c2FsdHNhbHQ$" + "a".repeat(43),
    "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$" + "a".repeat(43),
    "pepper:abcdefgh:$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$" + "a".repeat(43),
    "plain text",
  ])("is no hash that could be brought over: %s", (text) => {
    expect(hashKindOf(text)).toBeUndefined();
  });
});
