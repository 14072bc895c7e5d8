/** The route table read as collections and what is in them: "/api/lessons" and "/api/lessons/:id". */
import type { TargetRoute } from "../../control.ts";

export interface Place {
  /** Up to and with its parameter: "/api/courses/:course/lessons/:id". */
  readonly prefix: string;
  /** What it is listed under: "/api/courses/:course/lessons". */
  readonly head: string;
  readonly parameter: string;
  /** The place above it, where the head has parameters itself. */
  readonly above: string | undefined;
}

const PARAMETER = /\/:(\w+)/g;

export const hasParameter = ({ path }: TargetRoute): boolean => path.includes("/:");
export const isWildcard = ({ path }: TargetRoute): boolean => path.includes("*") || /:\w+[^\w/]/.test(path);

/** The places of one path, outermost first. */
export function placesOf(path: string): readonly Place[] {
  const places: Place[] = [];
  for (const found of path.matchAll(PARAMETER)) {
    const head = path.slice(0, found.index);
    places.push({
      prefix: path.slice(0, found.index + found[0].length),
      head,
      parameter: found[1] ?? "",
      above: places.at(-1)?.prefix,
    });
  }
  return places;
}

export function allPlaces(routes: readonly TargetRoute[]): readonly Place[] {
  const all = new Map<string, Place>();
  for (const route of routes)
    if (!isWildcard(route)) for (const place of placesOf(route.path)) all.set(place.prefix, place);
  return [...all.values()].toSorted((a, b) => placesOf(a.prefix).length - placesOf(b.prefix).length);
}

export const has = (routes: readonly TargetRoute[], method: string, path: string): boolean =>
  routes.some((route) => route.method === method && route.path === path);

/** A POST that looks something up. */
export const isSearch = ({ method, path }: TargetRoute): boolean =>
  method === "POST" && /\/(search|query|find|lookup)$/.test(path);

/** What can be asked by the one and not by the other: whatever is open to everybody belongs to nobody. */
export const isGuarded = ({ access }: TargetRoute): boolean => access !== "public";
