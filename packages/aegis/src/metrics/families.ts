/** Metrics as data, and as Prometheus reads them (text format 0.0.4). Pure. */
import Type from "typebox";
import Value from "typebox/value";

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram: "_bucket", "_sum", "_count". */
  readonly suffix?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

export const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** More than any application of ours has; what is beyond is no family of ours. */
const MOST_SAMPLES = 20_000;
const name = Type.String({ pattern: "^[a-z][a-z0-9_]{0,79}$" });
const familySchema = Type.Object({
  name,
  help: Type.String({ maxLength: 300 }),
  type: Type.Unsafe<Family["type"]>({ enum: ["counter", "gauge", "histogram"] }),
  samples: Type.Array(
    Type.Object({
      labels: Type.Record(name, Type.String({ maxLength: 256 })),
      value: Type.Number(),
      suffix: Type.Optional(Type.Unsafe<string>({ enum: ["_bucket", "_sum", "_count"] })),
    }),
    { maxItems: MOST_SAMPLES },
  ),
});
const familiesSchema = Type.Array(familySchema, { maxItems: 200 });

/** What another process of the same application sent; undefined where it is none. */
export const parseFamilies = (data: unknown): readonly Family[] | undefined =>
  Value.Check(familiesSchema, data) ? data : undefined;

export const family = (
  type: Family["type"],
  familyName: string,
  help: string,
  samples: readonly Sample[],
): Family => ({ name: familyName, help, type, samples });

/** One sample without labels; none where the figure is not known: absent is not zero. */
export const single = (
  type: "counter" | "gauge",
  familyName: string,
  help: string,
  value: number | undefined,
): Family => family(type, familyName, help, value === undefined ? [] : [{ labels: {}, value }]);

/** Each sample says of which process it is; families of one name are one, as the format demands. */
export function joined(
  byProcess: readonly (readonly [process: string, families: readonly Family[]])[],
): readonly Family[] {
  const all = new Map<string, { readonly first: Family; readonly samples: Sample[] }>();
  for (const [process, families] of byProcess)
    for (const one of families) {
      const kept = all.get(one.name) ?? { first: one, samples: [] };
      all.set(one.name, kept);
      for (const sample of one.samples)
        kept.samples.push({ ...sample, labels: { ...sample.labels, process } });
    }
  return [...all.values()].map(({ first, samples }) => ({ ...first, samples }));
}

export function textOf(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name: familyName, help, type, samples } of families) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${familyName} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`);
    lines.push(`# TYPE ${familyName} ${type}`);
    for (const { labels, value, suffix = "" } of samples)
      lines.push(`${familyName}${suffix}${labelsOf(labels)} ${numberOf(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels);
  return entries.length === 0
    ? ""
    : `{${entries.map(([key, text]) => `${key}="${escaped(text)}"`).join(",")}}`;
}

/** A value ends where its quote does: no text may bring one of its own, or a line. */
const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\uFFFD");

const numberOf = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
