/** What a terminal and a report can show: nothing that moves a cursor or turns letters round. */
export const oneLine = (text: string, length = 300): string =>
  text
    .slice(0, length)
    .replaceAll(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ");
