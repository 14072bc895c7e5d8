/** Dockerfile and compose file: the application with nginx, PostgreSQL and Redis, none of them root, none reachable but nginx. */
import type { Policy } from "../policy.ts";
import { head, type Render, RenderError } from "./artefact.ts";
import type { Deployment } from "./deployment.ts";
import { yaml } from "./yaml.ts";

function containerOf({ container }: Deployment) {
  if (container === undefined) throw new RenderError('The deployment description has no "container".');
  return container;
}

/**
 * Two stages: what builds stays behind; what runs owns nothing that it runs.
 * @throws RenderError where the deployment has no container
 */
export const renderDockerfile: Render = (policy, deployment) => {
  const container = containerOf(deployment);
  const { name, origin } = deployment;
  // The application answers for its own name alone.
  const health = `require('node:http').get({host:'127.0.0.1',port:${container.port},path:'${container.healthPath}',headers:{host:'${new URL(origin).host}'}},(answer)=>process.exit(answer.statusCode===200?0:1)).on('error',()=>process.exit(1))`;
  return [
    head("dockerfile", policy, [`docker build -f ${container.folder}/Dockerfile -t ${name} .`]).trimEnd(),
    "",
    `FROM ${container.images.node} AS build`,
    "WORKDIR /app",
    "# By name, never all there is: a key that lies beside the sources gets into no image.",
    ...container.sources.map((source) => `COPY ${source} ./${source}`),
    "RUN npm ci --no-audit --no-fund \\",
    ` && ${container.buildCommand} \\`,
    " && npm prune --omit=dev --no-audit --no-fund",
    "",
    `FROM ${container.images.node}`,
    `ENV NODE_ENV=production HOST=0.0.0.0 PORT=${container.port} ${container.stateVariable}=${container.stateDirectory}`,
    `RUN install -d -m 0700 -o ${container.userId} -g ${container.userId} ${container.stateDirectory}`,
    "WORKDIR /app",
    "COPY --from=build /app ./",
    "# A number, so that an orchestrator can see that it is not root. The files are root's: it cannot change what it runs.",
    `USER ${container.userId}:${container.userId}`,
    `VOLUME ${container.stateDirectory}`,
    `EXPOSE ${container.port}`,
    "STOPSIGNAL SIGTERM",
    `HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", ${JSON.stringify(health)}]`,
    `ENTRYPOINT ["node", ${JSON.stringify(container.entry)}]`,
    "",
  ].join("\n");
};

/** What every service gets: no privilege, no new one, an end to its memory. */
const shut = (memoryBytes: number) => ({
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  mem_limit: memoryBytes,
  pids_limit: 512,
  restart: "unless-stopped",
});

/**
 * Secrets are files beside it (`secrets/`, `environment`), readable by root alone; none is in the file.
 * @throws RenderError where the deployment has no container
 */
export const renderCompose: Render = (policy, deployment) => {
  return [
    head("compose", policy, [
      `docker compose -p ${deployment.name} -f ${containerOf(deployment).folder}/compose.yaml up -d`,
    ]),
    yaml({
      services: services(policy, deployment),
      networks: networksOf(deployment),
      volumes: { state: {}, database: {}, redis: {} },
      secrets: {
        "owner-password": { file: "./secrets/owner-password" },
        "app-password": { file: "./secrets/app-password" },
      },
    }),
  ].join("");
};

function networksOf(deployment: Deployment) {
  const { network } = containerOf(deployment);
  return {
    front: {},
    back: { ipam: { config: [{ subnet: `${network}.0/24` }] } },
    data: { internal: true }, // nothing in it reaches the world, nor is reached
  };
}

function services(policy: Policy, deployment: Deployment) {
  const container = containerOf(deployment);
  const { listen, name, nginx, origin, tls } = deployment;
  const proxyAddress = `${container.network}.2`;
  const portOf = (place: string): string => place.slice(place.lastIndexOf(":") + 1);
  const ports = [...new Set([...listen.http, ...listen.https].map(portOf))];
  const healthy = { condition: "service_healthy" };
  const beat = { interval: "10s", timeout: "5s", retries: 5 };
  return {
    proxy: {
      image: container.images.nginx,
      ...shut(268_435_456),
      // To open its ports, and to become somebody who may not.
      cap_add: ["CHOWN", "DAC_OVERRIDE", "NET_BIND_SERVICE", "SETGID", "SETUID"],
      depends_on: { app: healthy },
      ports: ports.map((port) => `${port}:${port}`),
      volumes: [
        "./nginx.conf:/etc/nginx/nginx.conf:ro",
        ...[tls.certificateFile, tls.keyFile].map(
          (file) => `./tls/${file.slice(file.lastIndexOf("/") + 1)}:${file}:ro`,
        ),
      ],
      tmpfs: [nginx.temporaryDirectory, "/run"],
      networks: { front: {}, back: { ipv4_address: proxyAddress } },
    },
    app: {
      build: { context: container.context, dockerfile: `${container.folder}/Dockerfile` },
      image: name,
      ...shut(container.memoryLimitBytes),
      depends_on: { database: healthy, redis: healthy },
      env_file: ["./environment"],
      environment: { PUBLIC_ORIGIN: origin, TRUSTED_PROXIES: proxyAddress },
      volumes: [`state:${container.stateDirectory}`],
      tmpfs: ["/tmp"],
      // A fixed address: nginx looks a name up once, and an application that comes back has another.
      networks: { back: { ipv4_address: `${container.network}.3` }, data: {} },
      // Longer than the slowest request that it still answers.
      stop_grace_period: `${Math.max(container.stopSeconds, policy.transport.requestTimeoutSeconds)}s`,
    },
    database: {
      image: container.images.postgres,
      ...shut(1_073_741_824),
      // Its entry point hands its folder over to the user that it then becomes.
      cap_add: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
      environment: {
        POSTGRES_USER: `${name}_owner`,
        POSTGRES_DB: name,
        POSTGRES_PASSWORD_FILE: "/run/secrets/owner-password",
      },
      secrets: ["owner-password", "app-password"],
      volumes: ["database:/var/lib/postgresql/data", "./roles.sh:/docker-entrypoint-initdb.d/roles.sh:ro"],
      tmpfs: ["/tmp", "/run/postgresql"],
      networks: ["data"],
      healthcheck: { test: ["CMD", "pg_isready", "-U", `${name}_owner`, "-d", name], ...beat },
    },
    redis: {
      image: container.images.redis,
      ...shut(536_870_912),
      cap_add: ["SETGID", "SETUID"],
      // What is pushed out for room is a limit that somebody has used up.
      command: [
        "redis-server",
        "--appendonly",
        "yes",
        "--maxmemory",
        "256mb",
        "--maxmemory-policy",
        "noeviction",
      ],
      volumes: ["redis:/data"],
      networks: ["data"],
      healthcheck: { test: ["CMD", "redis-cli", "ping"], ...beat },
    },
  };
}
