/** ModSecurity with the OWASP core rule set: a second look at requests, where the operator wants one. */
import type { Deployment } from "./deployment.ts";

/** What the rules read of a body that is no file; larger ones pass unread, for the application has its own limits. */
const READ_BYTES = 131_072;

export const firewallModule = ({ firewall, nginx }: Deployment): string[] =>
  firewall === "off" ? [] : [`load_module ${nginx.modulesDirectory}/ngx_http_modsecurity_module.so;`];

export function firewallRules({ firewall, nginx, uploads }: Deployment): string[] {
  if (firewall === "off") return [];
  const methods = "GET HEAD POST OPTIONS PUT PATCH DELETE";
  return [
    "modsecurity on;",
    "modsecurity_rules '",
    `  SecRuleEngine ${firewall === "block" ? "On" : "DetectionOnly"}`,
    "  SecRequestBodyAccess On",
    "  SecResponseBodyAccess Off",
    `  SecRequestBodyNoFilesLimit ${READ_BYTES}`,
    "  SecRequestBodyLimitAction ProcessPartial",
    "  # Its audit log would keep passwords and cookies.",
    "  SecAuditEngine Off",
    '  SecRule REQUEST_HEADERS:Content-Type "^application/(?:[a-z.+-]*\\+)?json" "id:100000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"',
    ...uploads.map(
      (route, place) =>
        `  SecRule REQUEST_FILENAME "@streq ${route}" "id:${100_100 + place},phase:1,t:none,pass,nolog,ctl:requestBodyAccess=Off"`,
    ),
    `  SecAction "id:100001,phase:1,nolog,pass,t:none,setvar:\\'tx.allowed_methods=${methods}\\'"`,
    ...nginx.ruleSetFiles.map((file) => `  Include ${file}`),
    "';",
  ];
}
