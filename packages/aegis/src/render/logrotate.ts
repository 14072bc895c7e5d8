/** How long the proxy's logs are kept: addresses of people are in them (GDPR 5 (1) e). */
import { head, type Render, RenderError } from "./artefact.ts";

/** @throws RenderError where nginx writes no files */
export const renderLogrotate: Render = (policy, { logs, nginx }) => {
  if (nginx.logTo !== "files") throw new RenderError("nginx writes no log files here (nginx.logTo).");
  return [
    head("logrotate", policy, [
      "Takes the place of the file of Debian's package: /etc/logrotate.d/nginx",
    ]).trimEnd(),
    "",
    `${nginx.logDirectory}/*.log {`,
    "  daily",
    `  rotate ${logs.keepDays}`,
    `  maxage ${logs.keepDays}`,
    "  missingok",
    "  notifempty",
    "  compress",
    "  delaycompress",
    `  create 0640 ${nginx.user} adm`,
    "  sharedscripts",
    "  postrotate",
    `    if [ -f ${nginx.pidFile} ]; then kill -USR1 "$(cat ${nginx.pidFile})"; fi`,
    "  endscript",
    "}",
    "",
  ].join("\n");
};
