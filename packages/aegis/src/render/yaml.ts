/** Plain data as YAML: JSON is a part of it, so every text and list of texts is written as JSON has it. */
type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/** One mapping a line deeper each; keys in the order that they have. */
export function yaml(data: { readonly [key: string]: Data }): string {
  return `${linesOf(data).join("\n")}\n`;
}

const isMapping = (data: Data): data is { readonly [key: string]: Data } =>
  typeof data === "object" && !Array.isArray(data);

function linesOf(data: { readonly [key: string]: Data }): string[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const name = /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
    if (isMapping(value) && Object.keys(value).length > 0)
      return [`${name}:`, ...linesOf(value).map((line) => `  ${line}`)];
    return [`${name}: ${JSON.stringify(value)}`];
  });
}
