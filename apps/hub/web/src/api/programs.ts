/** Programs that were given tokens, as their owner sees them. */
import { call } from "./client.ts";
import { list, nothing, number, object, text } from "./parse.ts";

const program = object({
  id: text,
  client: text,
  device: text,
  ip: text,
  scopes: list(text),
  created_at: text,
  last_used_at: text,
  refresh_until: text,
});
export type Program = ReturnType<typeof program>;

export const listPrograms = () =>
  call("GET", "/api/account/tokens", object({ items: list(program), total: number }));
export const endProgram = (id: string) =>
  call("DELETE", `/api/account/tokens/${encodeURIComponent(id)}`, nothing);
