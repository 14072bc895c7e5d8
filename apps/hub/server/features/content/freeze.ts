/** The catalogue is shared by every request; frozen, none of them can change what the others read. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach((inner: unknown) => void deepFreeze(inner));
  }
  return value;
}
