import { type RefObject, useEffect, useRef, useState } from "react";

/** How wide an element is now, so that a picture in it is drawn for that width and its words keep their size. */
export function useWidth<T extends HTMLElement>(): [RefObject<T | null>, number] {
  const place = useRef<T>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = () => setWidth(Math.max(200, Math.round(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}
