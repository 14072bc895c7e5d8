import { useEffect, useState } from "react";

type Choice = "system" | "light" | "dark";
const KEY = "theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

const stored = (): Choice => {
  const value = window.localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
};

/** Called before the first paint, and whenever the choice or the system changes. */
export function applyTheme(choice: Choice = stored()): void {
  document.documentElement.classList.toggle(
    "dark",
    choice === "dark" || (choice === "system" && dark.matches),
  );
}

const next: Record<Choice, Choice> = { system: "light", light: "dark", dark: "system" };
const glyphs: Record<Choice, string> = { system: "◐", light: "☀", dark: "☾" };

export function ThemeSwitch() {
  const [choice, setChoice] = useState<Choice>(stored);
  useEffect(() => {
    const follow = () => applyTheme(choice);
    follow();
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [choice]);
  const turn = () => {
    window.localStorage.setItem(KEY, next[choice]);
    setChoice(next[choice]);
  };
  return (
    <button
      type="button"
      onClick={turn}
      className="grid size-11 place-items-center rounded-sm text-lg text-muted hover:bg-sunken hover:text-text"
      aria-label={`Colours: ${choice}. Switch to ${next[choice]}.`}
      title={`Colours: ${choice}`}
    >
      <span aria-hidden="true">{glyphs[choice]}</span>
    </button>
  );
}
