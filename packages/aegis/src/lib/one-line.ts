/** Control characters, ends of lines, and what turns the direction of the text after it (CVE-2021-42574). */
const UNSHOWN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Text from outside as one line that shows what it says, in a terminal and in a report. */
export const oneLine = (text: string): string => text.replaceAll(UNSHOWN, " ");
