/** A real mail server on this machine: STARTTLS with a certificate of its own, and a letter box to look into. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerSession } from "smtp-server";

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** It came over TLS. */
  readonly secure: boolean;
}

export async function startSmtp() {
  const directory = mkdtempSync(join(tmpdir(), "aegis-mail-"));
  const [keyFile, certFile] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const name = "-subj /CN=mail.test -addext subjectAltName=IP:127.0.0.1";
  const kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  execFileSync(
    "openssl",
    ["req", "-x509", ...`${kind} ${name}`.split(" "), "-keyout", keyFile, "-out", certFile],
    { stdio: "ignore" },
  );
  const cert = readFileSync(certFile, "utf8");
  const letters: Letter[] = [];
  const keep = async (bytes: Buffer, { envelope, secure }: SMTPServerSession): Promise<void> => {
    const { subject = "", text = "" } = await PostalMime.parse(bytes);
    letters.push({ to: envelope.rcptTo[0]?.address ?? "", subject, text, secure });
  };
  const server = new SMTPServer({
    key: readFileSync(keyFile, "utf8"),
    cert,
    logger: false,
    authOptional: true,
    disabledCommands: ["AUTH"],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        void keep(Buffer.concat(chunks), session).finally(() => done());
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  return {
    url: `smtp://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`,
    ca: cert,
    letters,
    /** The newest letter to an address beyond the first `known`; waits for it a little. */
    async next(to: string, known: number): Promise<Letter> {
      for (let tries = 0; tries < 100; tries++) {
        const own = letters.filter((one) => one.to === to);
        const newest = own.at(-1);
        if (own.length > known && newest !== undefined) return newest;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`no letter came to ${to}`);
    },
    async close() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(directory, { recursive: true });
    },
  };
}
