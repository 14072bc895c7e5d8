import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MailMessage, MailTransport } from "./mailer.ts";
import { type SmtpOptions, smtpTransport } from "./smtp.ts";
import { composeMail } from "./templates.ts";

const from = "The Hub <hub@example.org>";
const mail: MailMessage = {
  to: "ada@example.org",
  ...composeMail(
    { kind: "reset_link", url: "https://hub.example.org/reset#token=.secret", minutes: 30 },
    { product: "Bücherhub", origin: "https://hub.example.org" },
  ),
};

let directory = "";
let key = "";
let cert = "";
const servers: (SMTPServer | Server)[] = [];
const transports: MailTransport[] = [];
const sockets = new Set<Socket>();

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "aegis-smtp-"));
  const [keyFile, certFile] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=mail.test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", keyFile, "-out", certFile];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...files], { stdio: "ignore" });
  key = readFileSync(keyFile, "utf8");
  cert = readFileSync(certFile, "utf8");
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  for (const one of transports.splice(0)) await one.close?.();
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) await new Promise<void>((done) => server.close(() => done()));
});

interface Received {
  readonly bytes: Buffer;
  readonly sender: unknown;
  readonly recipients: string[];
  readonly secure: boolean;
  readonly user: unknown;
}

/** A real mail server on this machine that keeps what it gets. */
async function mailServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const tries: string[] = [];
  const server = new SMTPServer({
    key,
    cert,
    logger: false,
    authOptional: true,
    onAuth: ({ username, password }, _session, done) => {
      tries.push(`${username} ${password}`);
      if (password === "p@ss:/?#%") done(null, { user: username });
      else done(new Error("no"));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          bytes: Buffer.concat(chunks),
          sender: mailFrom === false ? "" : mailFrom.address,
          recipients: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: session.user,
        });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {}); // a client that hangs up is what some tests are about
  servers.push(server);
  return { port: await listening(server.listen(0, "127.0.0.1")), received, tries };
}

/** A server that speaks no SMTP of its own. */
async function rawServer(talk: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    talk(socket);
  });
  servers.push(server);
  return listening(server.listen(0, "127.0.0.1"));
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      const address: AddressInfo | string | null = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}

function transport(options: Omit<SmtpOptions, "from">): MailTransport {
  const made = smtpTransport({ from, ...options });
  transports.push(made);
  return made;
}

describe("mail by SMTP", () => {
  it("arrives whole: STARTTLS, signed in, one recipient, both forms", async () => {
    const { port, received } = await mailServer({ authOptional: false });
    const url = `smtp://hub%40example.org:p%40ss%3A%2F%3F%23%25@127.0.0.1:${port}`;
    await transport({ url, ca: cert, requireTls: true }).send(mail);
    expect(received).toEqual([
      expect.objectContaining({
        sender: "hub@example.org",
        recipients: ["ada@example.org"],
        secure: true,
        user: "hub@example.org",
      }),
    ]);
    const parsed = await PostalMime.parse(received[0]?.bytes ?? "");
    expect(parsed).toMatchObject({
      from: { name: "The Hub", address: "hub@example.org" },
      to: [{ name: "", address: "ada@example.org" }],
      subject: mail.subject,
      attachments: [],
    });
    expect(parsed.text?.trimEnd()).toBe(mail.text.trimEnd());
    expect(parsed.html?.trimEnd()).toBe(mail.html.trimEnd());
    expect(received[0]?.bytes.toString()).not.toMatch(/X-Mailer|nodemailer/i);
  });

  it("arrives over TLS from the first byte, several on two connections", async () => {
    let connections = 0;
    const { port, received } = await mailServer({
      secure: true,
      onConnect: (_session, done) => {
        connections += 1;
        done();
      },
    });
    const smtps = transport({ url: `smtps://127.0.0.1:${port}`, ca: cert });
    await Promise.all(
      ["a", "b", "c", "d", "e"].map((to) => smtps.send({ ...mail, to: `${to}@example.org` })),
    );
    expect(received.map(({ recipients }) => recipients.join()).toSorted()).toEqual(
      ["a", "b", "c", "d", "e"].map((to) => `${to}@example.org`),
    );
    expect(connections).toBeLessThanOrEqual(2);
  });

  it("takes a server on this machine without TLS, and refuses it where TLS is demanded", async () => {
    const { port, received, tries } = await mailServer({
      hideSTARTTLS: true,
      disabledCommands: ["STARTTLS"],
    });
    await transport({ url: `smtp://127.0.0.1:${port}` }).send(mail);
    expect(received).toHaveLength(1);
    const strict = transport({ url: `smtp://u:p@127.0.0.1:${port}`, requireTls: true });
    // Reaches the same server, by a name that is none of this machine's own.
    const elsewhere = transport({ url: `smtp://u:p@0.0.0.0:${port}` });
    for (const one of [strict, elsewhere])
      await expect(one.send(mail)).rejects.toMatchObject({ code: "AEGIS_MAIL_REFUSED" });
    expect([received.length, tries]).toEqual([1, []]);
  });

  it("is not sent to a server whose certificate nobody vouches for, nor for another name", async () => {
    const { port, received } = await mailServer();
    const stranger = transport({ url: `smtp://127.0.0.1:${port}` });
    await expect(stranger.send(mail)).rejects.toMatchObject({
      code: "AEGIS_MAIL_UNDELIVERED",
      message: expect.stringContaining("self-signed"),
    });
    const misnamed = transport({ url: `smtp://localhost:${port}`, ca: cert });
    await expect(misnamed.send(mail)).rejects.toThrow(/altnames/);
    expect(received).toHaveLength(0);
    await transport({ url: `smtp://127.0.0.1:${port}`, rejectUnauthorized: false }).send(mail);
    expect(received).toHaveLength(1);
  });

  it("refuses a wrong password for good", async () => {
    const { port, received } = await mailServer({ authOptional: false });
    const wrong = transport({ url: `smtp://hub:wrong@127.0.0.1:${port}`, ca: cert });
    await expect(wrong.send(mail)).rejects.toMatchObject({ code: "AEGIS_MAIL_REFUSED", permanent: true });
    expect(received).toHaveLength(0);
  });

  it.each([
    [450, "AEGIS_MAIL_UNDELIVERED", false],
    [550, "AEGIS_MAIL_REFUSED", true],
  ])(
    "tells of an answer %d its number, and nothing that the server quoted",
    async (status, code, permanent) => {
      const quoted = "ada@example.org sent https://hub.example.org/reset#token=.secret";
      const refuse = (done: (error: Error) => void) =>
        done(Object.assign(new Error(quoted), { responseCode: status }));
      const atRecipient = await mailServer({ onRcptTo: (_address, _session, done) => refuse(done) });
      const atData = await mailServer({
        onData: (stream, _session, done) => {
          stream.resume();
          stream.on("end", () => refuse(done));
        },
      });
      for (const { port } of [atRecipient, atData]) {
        const failed: unknown = await transport({ url: `smtp://127.0.0.1:${port}`, ca: cert })
          .send(mail)
          .catch((error: unknown) => error);
        expect(failed).toMatchObject({ code, permanent, message: expect.stringContaining(`${status}`) });
        const all = failed instanceof Error ? `${failed.stack}${JSON.stringify(failed)}` : "";
        expect(all).not.toMatch(/token|ada@/);
        expect(failed).not.toHaveProperty("cause");
      }
    },
  );

  it.each([
    ["says nothing", () => {}],
    ["greets and says nothing more", (socket: Socket) => socket.write("220 mail.test\r\n")],
    [
      "answers a byte at a time",
      (socket: Socket) => {
        socket.write("220 mail.test\r\n250");
        const timer = setInterval(() => socket.write("-"), 20);
        socket.on("close", () => clearInterval(timer));
      },
    ],
    ["hangs up", (socket: Socket) => socket.end()],
    ["speaks another language", (socket: Socket) => socket.write("HTTP/1.1 400 token=.secret\r\n\r\n")],
  ])(
    "ends within its limits at a server that %s",
    async (_, talk) => {
      const port = await rawServer(talk);
      const slow = transport({ url: `smtp://127.0.0.1:${port}`, timeLimitSeconds: 0.2 });
      await expect(slow.send(mail)).rejects.toMatchObject({
        code: "AEGIS_MAIL_UNDELIVERED",
        message: expect.not.stringContaining("secret"),
      });
      // What hangs is left behind: the next message has a connection of its own.
      await expect(slow.send(mail)).rejects.not.toThrow(/pool was closed/);
    },
    10_000,
  );

  it("reaches a server that comes back", async () => {
    const port = await rawServer((socket) => socket.end());
    const patient = transport({ url: `smtp://127.0.0.1:${port}`, timeLimitSeconds: 0.2 });
    await expect(patient.send(mail)).rejects.toMatchObject({ permanent: false });
    for (const server of servers.splice(0)) await new Promise<void>((done) => server.close(() => done()));
    const back = new SMTPServer({ logger: false, authOptional: true, hideSTARTTLS: true });
    servers.push(back);
    await listening(back.listen(port, "127.0.0.1"));
    await expect(patient.send(mail)).resolves.toBeUndefined();
  });

  it.each([
    "ada@example.org\r\nRCPT TO:<eve@evil.example>",
    "a@example.org,b@example.org",
    "<ada@example.org>",
  ])("refuses the recipient %j before it says a word", async (to) => {
    const { port, received } = await mailServer();
    const refused = transport({ url: `smtp://127.0.0.1:${port}`, ca: cert }).send({ ...mail, to });
    await expect(refused).rejects.toMatchObject({ code: "AEGIS_MAIL_RECIPIENT", permanent: true });
    expect(received).toHaveLength(0);
  });
});

describe("SMTP_URL", () => {
  it.each([
    "",
    "mail.example.org",
    "http://hunter2@mail.example.org",
    "smtp://",
    "smtp://user:hunter2@:587",
    "smtp://user:hunter2@mail.example.org:0",
    "smtp://user:hunter2@mail.example.org:99999",
    "smtp://user:hunter2@mail.example.org/path",
    "smtp://user:hunter2@mail.example.org?tls.rejectUnauthorized=false",
    "smtp://user:hunter2@mail.example.org#x",
    "smtp://user:hunter2%@mail.example.org",
    "smtp://user:hunter2/x@mail.example.org",
    "smtp://:hunter2@mail.example.org",
    "smtp://user@mail.example.org",
    "smtp://user:hunter2@ma il.example.org",
    "smtp://user:hunter2@ma%00il.example.org",
  ])("%j stops the start, and its password is not shown", (url) => {
    const make = () => smtpTransport({ url, from });
    expect(make).toThrow(expect.objectContaining({ code: "AEGIS_MAIL_URL" }));
    expect(make).toThrow(/^SMTP_URL cannot be used: /);
    expect(make).not.toThrow(/hunter2/);
  });

  it.each([
    "smtp://mail.example.org",
    "smtps://u:p@mail.example.org/",
    "smtp://[::1]:2525",
    "smtp://localhost:1",
  ])("%j is taken", (url) => {
    expect(() => transport({ url })).not.toThrow();
  });
});
