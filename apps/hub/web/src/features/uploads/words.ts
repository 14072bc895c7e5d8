/** Sizes as people read them. */
const units = ["bytes", "KB", "MB", "GB", "TB"] as const;

export function sizeWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })} ${units[unit] ?? ""}`;
}

const kinds: Readonly<Record<string, string>> = {
  png: "PNG picture",
  jpeg: "JPEG picture",
  webp: "WebP picture",
  gif: "GIF picture",
  pdf: "PDF",
  docx: "Word document",
  xlsx: "Excel workbook",
  pptx: "PowerPoint slides",
  text: "Text",
  csv: "Table (CSV)",
  zip: "ZIP archive",
  mp4: "MP4 video",
  webm: "WebM video",
};
export const kindWords = (kind: string): string => kinds[kind] ?? kind;
