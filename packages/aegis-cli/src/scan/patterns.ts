/** The way from a pattern to one of its names: `{ body: { name } }` leads to name by body. */
import type { Node } from "oxc-parser";

export interface PatternPath {
  readonly path: readonly string[];
  /** Its default, where it has one. */
  readonly fallback: Node | undefined;
}

export function patternPath(pattern: Node, identifier: Node): PatternPath {
  const path: string[] = [];
  let fallback: Node | undefined;
  let node: Node | undefined = pattern;
  const leads = (one: Node | null): one is Node =>
    one !== null && one.start <= identifier.start && identifier.end <= one.end;
  for (let steps = 0; node !== undefined && node !== identifier && steps < 64; steps += 1) {
    if (node.type === "AssignmentPattern") {
      fallback = node.right;
      node = node.left;
    } else if (node.type === "ObjectPattern") {
      const property: Node | undefined = node.properties.find(leads);
      if (property?.type === "Property") {
        path.push(property.key.type === "Identifier" ? property.key.name : "");
        node = property.value;
      } else node = property?.type === "RestElement" ? property.argument : undefined;
    } else if (node.type === "ArrayPattern") {
      path.push("");
      node = node.elements.find(leads) ?? undefined;
    } else if (node.type === "RestElement") node = node.argument;
    else if (node.type === "TSParameterProperty") node = node.parameter;
    else node = undefined;
  }
  return { path, fallback };
}
