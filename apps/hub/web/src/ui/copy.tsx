import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

/** Copies a text and says whether that worked. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = window.setTimeout(() => setSaid(""), 3000);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Select and copy it by hand"),
    );
  };
  return (
    <>
      <Button look="quiet" onClick={copy}>
        {said === "" ? label : said}
      </Button>
      {/* Beside the button: a live region inside of it would take its name away. */}
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}
