/** Option names of other clients, and what to write in a page instead; some have no counterpart. */

const BY_BROWSER = 'no counterpart in pages, as the browser makes the connections'
const BY_FETCH = 'no counterpart in pages, as the browser reads what fetch receives'
const BY_NODE = 'an option of createTransport of portico/client, for Node'

/** The options of Connect's clients in Node that are about connections. */
const CONNECTIONS: readonly string[] = [
  'httpVersion',
  'nodeOptions',
  'sessionManager',
  'pingIntervalMs',
  'pingTimeoutMs',
  'pingIdleConnection',
  'idleConnectionTimeoutMs',
]

/** The options of Connect's clients in Node that are about octets. */
const OCTETS: readonly string[] = [
  'readMaxBytes',
  'writeMaxBytes',
  'acceptCompression',
  'sendCompression',
  'compressMinBytes',
]

/** The other options of our own client in Node. */
const NODE: readonly string[] = [
  'target',
  'tls',
  'proxy',
  'authority',
  'userAgent',
  'serviceConfig',
  'serviceConfigFromResolver',
  'resolvers',
  'loadBalancers',
  'keepalive',
  'healthCheck',
  'idleTimeoutMs',
  'maxSockets',
  'propagation',
  'retry',
  'observers',
  'decodeBudgetBytes',
  'maxHeaderFields',
  'maxHeaderListBytes',
]

/** What to do instead of an option that `createWebTransport` does not have. */
export const WEB_ADVICE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NODE.map((name) => [name, BY_NODE])),
  ...Object.fromEntries(CONNECTIONS.map((name) => [name, BY_BROWSER])),
  ...Object.fromEntries(OCTETS.map((name) => [name, BY_FETCH])),
  credentials: "use fetch: (input, init) => fetch(input, { ...init, credentials: 'include' })",
  format: 'use useBinaryFormat',
  timeoutMs: 'use defaultTimeoutMs',
}
