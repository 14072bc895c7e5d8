/** The server's picture, as a picture: nothing in it can run or be clicked. White in dark mode too, or cameras fail. */
export const Qr = ({ svg }: { svg: string }) => (
  <img
    src={`data:image/svg+xml,${encodeURIComponent(svg)}`}
    width="208"
    height="208"
    alt="QR code that an authenticator app reads. The key below says the same in letters."
    className="size-52 rounded-sm border border-line bg-[white] p-2"
  />
);
