/** What a written type says of a value: a number or a word of a closed list cannot carry code. */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";

const aliases = new WeakMap<Module, ReadonlyMap<string, Node>>();

function aliasesOf(module: Module): ReadonlyMap<string, Node> {
  const known = aliases.get(module);
  if (known !== undefined) return known;
  const all = new Map<string, Node>();
  for (const node of module.nodes)
    if (node.type === "TSTypeAliasDeclaration") all.set(node.id.name, node.typeAnnotation);
  aliases.set(module, all);
  return all;
}

export function isClosedType(module: Module, type: Node, depth = 0): boolean {
  if (depth > 8) return false;
  switch (type.type) {
    case "TSTypeAnnotation":
      return isClosedType(module, type.typeAnnotation, depth + 1);
    case "TSNumberKeyword":
    case "TSBooleanKeyword":
    case "TSBigIntKeyword":
    case "TSNullKeyword":
    case "TSUndefinedKeyword":
    case "TSLiteralType":
      return true;
    case "TSUnionType":
      return type.types.every((one) => isClosedType(module, one, depth + 1));
    case "TSTypeOperator":
      return type.operator === "keyof" || isClosedType(module, type.typeAnnotation, depth + 1);
    case "TSArrayType":
      return isClosedType(module, type.elementType, depth + 1);
    case "TSTypeReference": {
      if (type.typeName.type !== "Identifier") return false;
      if (type.typeName.name === "Date") return true;
      const alias = aliasesOf(module).get(type.typeName.name);
      return alias !== undefined && isClosedType(module, alias, depth + 1);
    }
    default:
      return false;
  }
}

/** The annotation of a name, where it was declared. */
export const isClosedName = (module: Module, identifier: Node): boolean =>
  identifier.type === "Identifier" &&
  identifier.typeAnnotation !== undefined &&
  identifier.typeAnnotation !== null &&
  isClosedType(module, identifier.typeAnnotation);
