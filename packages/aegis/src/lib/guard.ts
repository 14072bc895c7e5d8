/**
 * What looks at a request before its handler does, and at its answer before it goes out: one after the other, in the
 * order in which they are added (LIST 2), in one hook of Fastify's each. From hook to hook Fastify asks as much as most
 * of ours do at all.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** Nothing: the next has its turn. An error (or one thrown): refused. The reply: it has answered, nothing further runs. */
export type Verdict = Error | FastifyReply | undefined;

/** A promise only where it has to wait: one for each request would cost more than the guard. A reply is no end of one. */
export type Guard = (
  request: FastifyRequest,
  reply: FastifyReply,
) => Verdict | Promise<Error | undefined | void>;

/** Looks at an answer, errors and files included; may add header fields. */
export type Finish = (request: FastifyRequest, reply: FastifyReply) => void;

const guards = new WeakMap<FastifyInstance, Guard[]>();
const finishes = new WeakMap<FastifyInstance, Finish[]>();

export function addGuard(app: FastifyInstance, guard: Guard): void {
  const known = guards.get(app);
  if (known !== undefined) return void known.push(guard);
  const line = [guard];
  guards.set(app, line);
  app.addHook("onRequest", (request, reply, done) => walk(line, 0, request, reply, done));
}

export function addFinish(app: FastifyInstance, finish: Finish): void {
  const known = finishes.get(app);
  if (known !== undefined) return void known.push(finish);
  const line = [finish];
  finishes.set(app, line);
  app.addHook("onSend", (request, reply, _payload, done) => {
    for (const one of line) one(request, reply);
    done();
  });
}

type Done = (error?: Error) => void;

function walk(
  line: readonly Guard[],
  from: number,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): void {
  for (let place = from; place < line.length; place++) {
    let verdict: ReturnType<Guard>;
    try {
      verdict = line[place]?.(request, reply);
    } catch (error) {
      return done(errorOf(error));
    }
    if (verdict === undefined) continue;
    if (verdict instanceof Promise) return void goOn(verdict, line, place + 1, request, reply, done);
    return verdict === reply ? undefined : done(errorOf(verdict));
  }
  done();
}

async function goOn(
  under: Promise<Error | undefined | void>,
  line: readonly Guard[],
  from: number,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): Promise<void> {
  let verdict: Error | undefined | void;
  try {
    verdict = await under;
  } catch (error) {
    return done(errorOf(error));
  }
  if (reply.sent) return undefined;
  return verdict === undefined ? walk(line, from, request, reply, done) : done(errorOf(verdict));
}

const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error("a guard failed", { cause: thrown });
