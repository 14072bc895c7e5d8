import type { ReactNode } from "react";
import type { Experiment, Parameter, Settings } from "../../api/simulations.ts";
import { Form, type FormState, SelectField, TextArea, TextField, useForm } from "../../ui/form.tsx";
import { useDraft } from "../account/draft.ts";

/** As it is typed: a number that is half written is no number yet. */
interface Typed {
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly sim_type: string;
  readonly refinement_steps: string;
  readonly confidence_threshold: string;
  readonly seed: string;
}

const typedOf = (settings: Settings): Typed => ({
  name: settings.name,
  description: settings.description,
  experiment: settings.experiment,
  parameters: textsOf(settings.parameters),
  sim_type: settings.sim_type,
  refinement_steps: String(settings.refinement_steps),
  confidence_threshold: String(settings.confidence_threshold),
  seed: settings.seed === null ? "" : String(settings.seed),
});
const textsOf = (numbers: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));

/** What a tab kept of an earlier form: fields that it does not know come from the beginning. */
function fromDraft(text: string, beginning: Typed): Typed {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return beginning;
  }
  const fields = new Map(Object.entries(typeof kept === "object" && kept !== null ? kept : {}));
  const read = (name: keyof Omit<Typed, "parameters">): string => {
    const value: unknown = fields.get(name);
    return typeof value === "string" ? value : beginning[name];
  };
  const parameters: unknown = fields.get("parameters");
  return {
    name: read("name"),
    description: read("description"),
    experiment: read("experiment"),
    parameters:
      typeof parameters === "object" && parameters !== null
        ? Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
        : beginning.parameters,
    sim_type: read("sim_type"),
    refinement_steps: read("refinement_steps"),
    confidence_threshold: read("confidence_threshold"),
    seed: read("seed"),
  };
}

const LABELS = {
  name: "Name",
  description: "Description",
  experiment: "Question",
  sim_type: "Type",
  refinement_steps: "Steps at most",
  confidence_threshold: "Sure enough at",
  seed: "Seed",
} as const;

/** What is no number goes as it is, and the server says so beside the field. */
const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

const settingsOf = (typed: Typed): Settings => ({
  name: typed.name.trim(),
  description: typed.description,
  experiment: typed.experiment,
  parameters: Object.fromEntries(
    Object.entries(typed.parameters).map(([name, text]) => [name, numberOf(text)]),
  ),
  sim_type: typed.sim_type === "advanced" ? "advanced" : "standard",
  refinement_steps: numberOf(typed.refinement_steps),
  confidence_threshold: numberOf(typed.confidence_threshold),
  seed: typed.seed.trim() === "" ? null : numberOf(typed.seed),
});

export function SettingsForm({
  draft,
  experiments,
  initial,
  action,
  send,
  aside,
}: {
  /** Under which name the tab keeps what is typed. */
  draft: string;
  experiments: readonly Experiment[];
  initial: Settings;
  action: string;
  send: (settings: Settings) => Promise<void>;
  aside: ReactNode;
}) {
  const beginning = typedOf(initial);
  const [kept, keep, forget] = useDraft(draft, JSON.stringify(beginning));
  const typed = fromDraft(kept, beginning);
  const change = (changes: Partial<Typed>) => keep(JSON.stringify({ ...typed, ...changes }));
  const form = useForm(async () => {
    await send(settingsOf(typed));
    forget();
  });
  const bound = (name: keyof typeof LABELS) => ({
    name,
    label: LABELS[name],
    errors: form.errorsOf(name),
    value: typed[name],
    onChange: ({ target }: { readonly target: { readonly value: string } }) =>
      change({ [name]: target.value }),
  });
  const experiment = experiments.find(({ id }) => id === typed.experiment);
  const choose = (id: string) => {
    const chosen = experiments.find((one) => one.id === id);
    if (chosen !== undefined)
      change({
        experiment: id,
        parameters: textsOf(Object.fromEntries(chosen.parameters.map((one) => [one.name, one.standard]))),
      });
  };
  return (
    <Form
      state={form}
      action={action}
      aside={aside}
      labels={{
        ...LABELS,
        ...Object.fromEntries(
          (experiment?.parameters ?? []).map((one) => [`parameters.${one.name}`, one.label]),
        ),
      }}
    >
      <TextField {...bound("name")} autoComplete="off" required maxLength={128} />
      <TextArea
        {...bound("description")}
        rows={3}
        maxLength={1000}
        help="What you want to find out. May be left empty."
      />
      <SelectField
        {...bound("experiment")}
        help={experiment?.question}
        onChange={(event) => choose(event.target.value)}
      >
        {experiments.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </SelectField>
      <fieldset className="rounded-lg border border-line p-4 pt-2">
        <legend className="px-1 font-medium">The numbers in it</legend>
        <div className="space-y-5">
          {(experiment?.parameters ?? []).map((one) => (
            <ParameterField
              key={one.name}
              parameter={one}
              form={form}
              value={typed.parameters[one.name] ?? ""}
              onChange={(value) => change({ parameters: { ...typed.parameters, [one.name]: value } })}
            />
          ))}
        </div>
      </fieldset>
      <SelectField
        {...bound("sim_type")}
        help={
          typed.sim_type === "advanced"
            ? experiment?.technique_text
            : "Each trial is drawn for itself. Advanced needs fewer trials for the same answer."
        }
      >
        <option value="standard">Standard</option>
        <option value="advanced">Advanced</option>
      </SelectField>
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          {...bound("confidence_threshold")}
          type="number"
          inputMode="decimal"
          min={0}
          max={1}
          step={0.01}
          help="0 to 1. At 0.95 it stops when it is 95 % sure to be within a twentieth of the truth."
        />
        <TextField
          {...bound("refinement_steps")}
          type="number"
          inputMode="numeric"
          min={1}
          max={20}
          step={1}
          help="1 to 20. Each step adds nearly half as many trials again."
        />
      </div>
      <TextField
        {...bound("seed")}
        type="number"
        inputMode="numeric"
        min={0}
        max={4_294_967_295}
        step={1}
        help="Leave it empty for new luck in each run. With a seed each run is the same again."
      />
    </Form>
  );
}

function ParameterField({
  parameter,
  form,
  value,
  onChange,
}: {
  parameter: Parameter;
  form: FormState;
  value: string;
  onChange: (value: string) => void;
}) {
  const { name, label, unit, help, lowest, highest, whole, choices } = parameter;
  const bound = {
    name,
    errors: form.errorsOf(`parameters.${name}`),
    value,
    onChange: ({ target }: { readonly target: { readonly value: string } }) => onChange(target.value),
  };
  if (choices !== null)
    return (
      <SelectField {...bound} label={label} {...(help === "" ? {} : { help })}>
        {choices.map((choice) => (
          <option key={choice.value} value={String(choice.value)}>
            {choice.label}
          </option>
        ))}
      </SelectField>
    );
  return (
    <TextField
      {...bound}
      label={`${label} (${unit})`}
      type="number"
      inputMode={whole ? "numeric" : "decimal"}
      min={lowest}
      max={highest}
      step={whole ? 1 : "any"}
      help={`${help === "" ? "" : `${help} `}From ${lowest.toLocaleString("en")} to ${highest.toLocaleString("en")}.`}
    />
  );
}
