/** What a link or a picture needs to know. They stand in a form that saves: Enter here must not send it. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { sendPicture } from "../../api/courses.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/form.tsx";
import { Notice } from "../../ui/states.tsx";

function Panel({
  label,
  action,
  busy = false,
  onAct,
  onClose,
  children,
}: {
  label: string;
  action: string;
  busy?: boolean;
  onAct: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.querySelector("input")?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onClose();
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    if (!busy && event.target.type !== "file") onAct();
  };
  return (
    <div
      ref={place}
      role="group"
      aria-label={label}
      className="space-y-4 border-b border-line p-4"
      onKeyDown={onKeyDown}
    >
      {children}
      <div className="flex flex-wrap gap-3">
        <Button busy={busy} onClick={onAct}>
          {action}
        </Button>
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

export function LinkPanel({
  needsText,
  onLink,
  onClose,
}: {
  needsText: boolean;
  onLink: (href: string, text: string) => void;
  onClose: () => void;
}) {
  const [href, setHref] = useState("");
  const [text, setText] = useState("");
  const [errors, setErrors] = useState<readonly string[]>([]);
  const link = (): void => {
    const address = href.trim();
    if (!/^(https?:\/\/[^\s/]|mailto:[^\s]|\/(?!\/)|#)/i.test(address))
      return setErrors(["Begin with https://, with mailto:, or with / for a page of this site."]);
    return onLink(address, needsText ? text.trim() || address : "");
  };
  return (
    <Panel label="A link" action="Add the link" onAct={link} onClose={onClose}>
      <TextField
        label="Address"
        inputMode="url"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={2000}
        placeholder="https://"
        errors={errors}
        value={href}
        onChange={(event) => setHref(event.target.value)}
      />
      {needsText ? (
        <TextField
          label="Text of the link"
          autoComplete="off"
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : null}
    </Panel>
  );
}

export function PicturePanel({
  courseId,
  file: given,
  onPicture,
  onClose,
}: {
  courseId: string;
  /** One that was pasted or dropped. */
  file: File | undefined;
  onPicture: (src: string, alt: string) => void;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState<File | undefined>(undefined);
  const [alt, setAlt] = useState("");
  const [sent, setSent] = useState<number | undefined>(undefined);
  const [error, setError] = useState<string | undefined>(undefined);
  const sending = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => sending.current?.abort(), []);
  const file = chosen ?? given;
  const send = async (): Promise<void> => {
    if (file === undefined) return setError("Choose a picture first.");
    if (alt.trim() === "")
      return setError("Say in a few words what the picture shows, for those who cannot see it.");
    setError(undefined);
    setSent(0);
    sending.current = new AbortController();
    try {
      const { signal } = sending.current;
      const { src } = await sendPicture(courseId, file, { onProgress: setSent, signal });
      onPicture(src, alt.trim());
    } catch (problem) {
      setSent(undefined);
      setError(problem instanceof Error ? problem.message : "The picture did not arrive. Try again.");
    }
    return undefined;
  };
  const busy = sent !== undefined;
  return (
    <Panel label="A picture" action="Add the picture" busy={busy} onAct={() => void send()} onClose={onClose}>
      {error === undefined ? null : <Notice tone="fail">{error}</Notice>}
      <label className="block">
        <span className="font-medium">Picture</span>
        <input
          type="file"
          accept="image/png,image/jpeg,image/webp,image/gif"
          className="mt-1 block min-h-11 w-full py-2"
          onChange={(event) => setChosen(event.target.files?.[0])}
        />
        {chosen === undefined && given !== undefined ? (
          <span className="text-sm text-muted">{given.name}</span>
        ) : null}
      </label>
      <TextField
        label="What it shows"
        help="Read out to those who cannot see it."
        autoComplete="off"
        maxLength={300}
        value={alt}
        onChange={(event) => setAlt(event.target.value)}
      />
      {busy ? (
        <p role="status" className="text-sm text-muted">
          {Math.round(sent * 100)} % sent
        </p>
      ) : null}
    </Panel>
  );
}
