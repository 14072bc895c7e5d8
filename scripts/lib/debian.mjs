import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fail } from "./node.mjs";

const postgres = () =>
  existsSync("/usr/lib/postgresql") &&
  readdirSync("/usr/lib/postgresql").some((version) =>
    existsSync(`/usr/lib/postgresql/${version}/bin/initdb`),
  );

/** Extensions are packages of the server's own version. */
const pgaudit = () =>
  existsSync("/usr/share/postgresql") &&
  readdirSync("/usr/share/postgresql").some((version) =>
    existsSync(`/usr/share/postgresql/${version}/extension/pgaudit.control`),
  );
const serverVersion = () =>
  (existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : []).toSorted().at(-1) ?? "15";

/** What the tests need beside npm packages: Debian package, and how to see that it is there. */
const needed = [
  { name: "postgresql", present: postgres },
  { name: `postgresql-${serverVersion()}-pgaudit`, present: pgaudit },
  { name: "redis-server", present: () => existsSync("/usr/bin/redis-server") },
  { name: "redis-sentinel", present: () => existsSync("/usr/bin/redis-sentinel") },
  { name: "oathtool", present: () => existsSync("/usr/bin/oathtool") },
  { name: "openssl", present: () => existsSync("/usr/bin/openssl") },
  { name: "age", present: () => existsSync("/usr/bin/age") },
  { name: "chromium", present: () => existsSync("/usr/bin/chromium") },
  { name: "nginx", present: () => existsSync("/usr/sbin/nginx") },
  {
    name: "libnginx-mod-http-modsecurity",
    present: () => existsSync("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"),
  },
  { name: "modsecurity-crs", present: () => existsSync("/usr/share/modsecurity-crs/rules") },
  { name: "testssl.sh", present: () => existsSync("/usr/bin/testssl") },
  { name: "wrk", present: () => existsSync("/usr/bin/wrk") },
  { name: "sslscan", present: () => existsSync("/usr/bin/sslscan") },
  { name: "systemd", present: () => existsSync("/usr/bin/systemd-analyze") },
  { name: "logrotate", present: () => existsSync("/usr/sbin/logrotate") },
  { name: "pebble", present: () => existsSync("/usr/bin/pebble") },
  { name: "certbot", present: () => existsSync("/usr/bin/certbot") },
  { name: "prometheus", present: () => existsSync("/usr/bin/promtool") },
  { name: "prometheus-alertmanager", present: () => existsSync("/usr/bin/amtool") },
  { name: "libxml2-utils", present: () => existsSync("/usr/bin/xmllint") },
  { name: "docker-compose", present: () => existsSync("/usr/bin/docker-compose") },
];

/** Installs the Debian packages that are missing. Packages start no services here; the tests start their own. */
export function installDebian() {
  const missing = needed.filter(({ present }) => !present()).map(({ name }) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    fail(`The tests need ${missing.join(" and ")}.`, `sudo apt-get install ${missing.join(" ")}`);
  process.stderr.write(`Installing ${missing.join(", ")} ...\n`);
  const apt = (...args) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  apt("update", "-qq");
  if (apt("install", "-y", "-qq", "--no-install-recommends", ...missing).status !== 0)
    fail(`Debian packages could not be installed: ${missing.join(", ")}.`);
}
