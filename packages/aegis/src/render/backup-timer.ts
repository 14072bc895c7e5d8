/** The schedule of backups, as units of systemd. */
import { fingerprint, type Policy } from "../policy.ts";

export interface BackupTimerOptions {
  /** Where the application is installed. Default "/opt/hub". */
  readonly directory?: string;
  /** Who makes backups. Default "hub-backup": not who serves. */
  readonly user?: string;
  /** BACKUP_DIRECTORY, BACKUP_DATABASE_URL and their like. Default "/etc/hub/backup.env". */
  readonly environmentFile?: string;
  /** The only place that it may write to. Default "/var/backups/hub". */
  readonly backupDirectory?: string;
}

export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}

/** Quiet hours, in UTC: who runs the server may be anywhere. */
const CALENDAR = {
  hourly: "*-*-* *:17:00 UTC",
  "six-hourly": "*-*-* 02/6:17:00 UTC",
  daily: "*-*-* 02:17:00 UTC",
  weekly: "Sun *-*-* 02:17:00 UTC",
} as const;

const PATH = /^\/[\w./@-]+$/;

/** @throws TypeError for a name that would be read as something else in a unit */
export function renderBackupTimer(policy: Policy, options: BackupTimerOptions = {}): readonly RenderedFile[] {
  const {
    directory = "/opt/hub",
    user = "hub-backup",
    environmentFile = "/etc/hub/backup.env",
    backupDirectory = "/var/backups/hub",
  } = options;
  if (
    ![directory, environmentFile, backupDirectory].every((path) => PATH.test(path)) ||
    !/^[a-z_][\w-]{0,31}$/.test(user)
  )
    throw new TypeError("a path or user of the backup units has characters that systemd reads otherwise");
  const made = `# Rendered by aegis of policy ${fingerprint(policy)}: change the policy, not this file.`;
  const { schedule } = policy.backup;
  return [
    {
      path: "aegis-backup.service",
      text: `${made}
[Unit]
Description=Back up the database and the uploads, and remove backups that are no longer kept
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=${user}
WorkingDirectory=${directory}
EnvironmentFile=${environmentFile}
ExecStart=${directory}/node_modules/.bin/aegis backup create
ExecStart=${directory}/node_modules/.bin/aegis backup prune
UMask=0077
Nice=10
IOSchedulingClass=idle
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ReadWritePaths=${backupDirectory}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
`,
    },
    {
      path: "aegis-backup.timer",
      text: `${made}
[Unit]
Description=Back up ${schedule}

[Timer]
OnCalendar=${CALENDAR[schedule]}
RandomizedDelaySec=${schedule === "hourly" ? 300 : 1800}
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
  ];
}
