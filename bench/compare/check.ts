/** Equal work, before anything is measured: status, body and the header fields that the stack claims. */
import { LOW_LIMIT } from "../servers/shared.ts";
import { type CaseName, cases } from "./contract.ts";
import type { ServerRow } from "./servers.ts";
import type { Visitor } from "./visitor.ts";
import { type Answer, exchange } from "./wire.ts";

const valueOf = (answer: Answer, name: string): string | undefined =>
  answer.headers.find(([header]) => header === name)?.[1];

/** What is wrong with an answer; empty where it is as declared. */
export function faultsOf(name: CaseName, answer: Answer, claims: readonly string[]): readonly string[] {
  const { status, body, mentions } = cases[name];
  const faults: string[] = [];
  if (answer.status !== status) faults.push(`status ${answer.status} instead of ${status}`);
  if (body !== undefined && answer.body !== body)
    faults.push(`a body of ${answer.body.length} instead of the ${body.length} declared characters`);
  if (mentions !== undefined && !answer.body.includes(mentions)) faults.push(`a body without "${mentions}"`);
  // Refusals too: a limit that runs after the guard counts no stranger, and is cheap for the wrong reason.
  for (const claim of claims)
    if (!claim.split("|").some((header) => valueOf(answer, header) !== undefined)) faults.push(`no ${claim}`);
  const sniffing = valueOf(answer, "x-content-type-options");
  if (sniffing !== undefined && sniffing !== "nosniff") faults.push(`x-content-type-options: ${sniffing}`);
  return faults;
}

/** A session cookie that scripts can read is no equal work. */
function loginFaults(row: ServerRow, answer: Answer | undefined): readonly string[] {
  if (answer === undefined) return [];
  const lines = answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value);
  const made = lines.filter((line) => row.signIn?.sessionCookie.test(line.split("=")[0] ?? "") === true);
  if (made.length === 0) return ["a login without a session cookie"];
  return made.every((line) => /; *httponly/i.test(line)) ? [] : ["a session cookie without HttpOnly"];
}

/** A limit may let through what it says, and not one more. */
async function untilLimited(port: number, text: string): Promise<Answer> {
  let answer = await exchange(port, text);
  for (let tries = 0; tries < LOW_LIMIT && answer.status === 200; tries++)
    answer = await exchange(port, text);
  return answer;
}

/** The cases that a server may be measured in, and what is wrong with the others. */
export async function checkEqualWork(
  row: ServerRow,
  port: number,
  visitor: Visitor,
  wanted: readonly CaseName[],
): Promise<{ readonly good: readonly CaseName[]; readonly faults: readonly string[] }> {
  const faults: string[] = loginFaults(row, visitor.signedIn).map((fault) => `${row.key}: ${fault}`);
  if (faults.length > 0) return { good: [], faults };
  const good: CaseName[] = [];
  for (const name of wanted) {
    const route = row.routes[name];
    if (route === undefined) continue;
    const text = name === "login" ? visitor.loginRequest() : visitor.request(route);
    const answer = name === "429" ? await untilLimited(port, text) : await exchange(port, text);
    const found = faultsOf(name, answer, row.claims);
    if (found.length === 0) good.push(name);
    else faults.push(`${row.key}, ${name}: ${found.join("; ")}`);
  }
  return { good, faults };
}
