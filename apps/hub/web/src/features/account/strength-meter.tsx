import { useEffect, useState } from "react";
import { type Estimate, levelOf, loadEstimate } from "./strength.ts";

const STEPS = [0, 1, 2, 3] as const;
const looks = [
  { bar: "bg-fail", text: "text-fail", glyph: "×" },
  { bar: "bg-fail", text: "text-fail", glyph: "×" },
  { bar: "bg-warn", text: "text-warn", glyph: "!" },
  { bar: "bg-pass", text: "text-pass", glyph: "✓" },
  { bar: "bg-pass", text: "text-pass", glyph: "✓" },
] as const;

/** Says while typing how long a password would stand; advice only, the server decides. */
export function StrengthMeter({ password, words }: { password: string; words: readonly string[] }) {
  const [estimate, setEstimate] = useState<Estimate | undefined>(undefined);
  const typed = password !== "";
  useEffect(() => {
    if (!typed || estimate !== undefined) return;
    // Without the estimator the rules below still say what is needed.
    loadEstimate().then(
      (loaded) => setEstimate(() => loaded),
      () => undefined,
    );
  }, [typed, estimate]);
  const found = typed ? estimate?.(password, words) : undefined;
  const level = levelOf(found?.score ?? 0);
  const look = looks[level] ?? looks[0];
  return (
    <div className="mb-2">
      <div className="flex gap-1" aria-hidden="true">
        {STEPS.map((step) => (
          <span
            key={step}
            className={`h-1.5 flex-1 rounded-full ${found !== undefined && (step < level || step === 0) ? look.bar : "bg-line"}`}
          />
        ))}
      </div>
      <p role="status" className="mt-1 min-h-6">
        {found === undefined ? null : (
          <>
            <span className={`font-medium ${look.text}`}>
              <span aria-hidden="true">{look.glyph} </span>
              <span className="sr-only">Strength: </span>
              {found.label}
            </span>
            {found.advice === undefined ? null : <span> · {found.advice}</span>}
          </>
        )}
      </p>
    </div>
  );
}
