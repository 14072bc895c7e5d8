/** A unit for each of the application's ports ("hub@3000"), shut in as far as Node.js bears it. */
import { head, type Render, RenderError } from "./artefact.ts";

/** Whatever ends more often than this within a minute is broken, not unlucky. */
const STARTS_A_MINUTE = 5;

/**
 * A template unit: the instance is the port, so that two of them are restarted one by one.
 * @throws RenderError where the deployment has no service
 */
export const renderSystemd: Render = (policy, { name, origin, service }) => {
  if (service === undefined) throw new RenderError('The deployment description has no "service".');
  const environment: readonly (readonly [string, string])[] = [
    ["NODE_ENV", "production"],
    ["PUBLIC_ORIGIN", origin],
    ["HOST", "127.0.0.1"],
    ["PORT", "%i"],
    [service.stateVariable, `%S/${service.stateDirectory}`],
    ...service.credentials.map(({ name: credential, variable }) => [variable, `%d/${credential}`] as const),
  ];
  return [
    head("systemd", policy, [
      `One instance for each port of the deployment's upstreams: systemctl enable --now ${name}@3000`,
    ]).trimEnd(),
    "",
    "[Unit]",
    `Description=${name} on port %i`,
    `After=${service.after.join(" ")}`,
    "Wants=network-online.target",
    "StartLimitIntervalSec=60",
    `StartLimitBurst=${STARTS_A_MINUTE}`,
    "",
    "[Service]",
    "Type=exec",
    `User=${service.user}`,
    `WorkingDirectory=${service.directory}`,
    ...environment.map(([key, value]) => `Environment=${key}=${value}`),
    `EnvironmentFile=${service.environmentFile}`,
    "# Read by systemd, shown to this service alone, gone when it stops.",
    ...service.credentials.map(({ name: credential, file }) => `LoadCredential=${credential}:${file}`),
    `ExecStart=${service.node} ${service.directory}/${service.entry}`,
    "Restart=on-failure",
    "RestartSec=2",
    "",
    "# Stops by draining: the first process is told and tells the others; what is left after the time is ended.",
    "KillSignal=SIGTERM",
    "KillMode=mixed",
    `TimeoutStopSec=${service.stopSeconds}`,
    "",
    "# Bounds: memory, processes, open files; no core, which would hold every key.",
    `MemoryMax=${service.memoryLimitBytes}`,
    `TasksMax=${service.taskLimit}`,
    "LimitNOFILE=65536",
    "LimitCORE=0",
    "",
    "# It may write its own folder, and nothing else.",
    `StateDirectory=${service.stateDirectory}`,
    "StateDirectoryMode=0700",
    "UMask=0077",
    ...SANDBOX,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
};

const SANDBOX = [
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "DevicePolicy=closed",
  "PrivateUsers=yes",
  "PrivateIPC=yes",
  "PrivateMounts=yes",
  "RemoveIPC=yes",
  "ProtectProc=invisible",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "ProtectControlGroups=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "",
  "# It may become nobody else, and call what a service calls. MemoryDenyWriteExecute is missing: V8 makes code as it runs.",
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "LockPersonality=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  "SystemCallErrorNumber=EPERM",
  "KeyringMode=private",
] as const;
