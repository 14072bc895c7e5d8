/** Reads a QR code from the pixels of a picture, as a phone would. */
import jsQr from "jsqr";
import { PNG } from "pngjs";

/** The library is a function; its types say that it is a module with one. */
const decode: unknown = jsQr;

export function readQr(picture: Buffer): string {
  const { data, width, height } = PNG.sync.read(picture);
  const read: unknown =
    typeof decode === "function" ? decode(new Uint8ClampedArray(data), width, height) : undefined;
  if (typeof read === "object" && read !== null && "data" in read && typeof read.data === "string")
    return read.data;
  throw new Error("the QR code cannot be read");
}
