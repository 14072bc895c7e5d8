const WIDTH = 110;

/** An object of lists as the formatter writes it: a list on one line where it fits. */
export function format(data: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(data).map(([key, list]) => {
    const line = `  ${JSON.stringify(key)}: [${list.map((one) => JSON.stringify(one)).join(", ")}]`;
    return line.length < WIDTH
      ? line
      : `  ${JSON.stringify(key)}: [\n${list.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`;
  });
  return `{\n${rows.join(",\n")}\n}\n`;
}
