/** What a proxy in front has to do for a topic, in the words of no proxy: rooms say it, `render/` prints it. */

export interface TransportEdge {
  /** Host header values that are answered, lower case; empty: whatever the deployment names. */
  readonly hosts: readonly string[];
  readonly headersSeconds: number;
  readonly requestSeconds: number;
  /** How long a client's idle connection is kept. */
  readonly keepAliveSeconds: number;
  /** How long an idle connection to the application is kept: shorter than the application keeps it. */
  readonly upstreamKeepAliveSeconds: number;
  readonly headerBytes: number;
}

type Field = readonly [name: string, value: string];

export interface HeadersEdge {
  /** On what the proxy answers itself, whoever sets the others: no application has been near it. */
  readonly own: readonly Field[];
  /** Over HTTPS only (RFC 6797 7.2). */
  readonly ownSecure: readonly Field[];
  /** On what the application answers; undefined where the application sets them. Never both. */
  readonly proxied:
    | { readonly dataCsp: string; readonly pageCsp: string; readonly pageCspName: string }
    | undefined;
}

export interface BodiesEdge {
  /** Largest body that the application reads, in bytes. */
  readonly bodyBytes: number;
}

export interface RateEdge {
  readonly requestsPerMinute: number;
  /** How many may come at once. */
  readonly burst: number;
}
