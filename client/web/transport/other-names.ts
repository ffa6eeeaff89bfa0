/** Option names of other clients, and what to write in a page instead; some have no counterpart. */

/** The option names for each advice, in one string because that is smaller in the bundle of a page. */
const NAMES_BY_ADVICE: Readonly<Record<string, string>> = {
  // Other options of createTransport.
  'an option of createTransport of portico/client, for Node':
    'target tls proxy authority userAgent serviceConfig serviceConfigFromResolver resolvers loadBalancers keepalive healthCheck ' +
    'idleTimeoutMs maxSockets propagation retry observers decodeBudgetBytes codec maxHeaderFields maxHeaderListBytes',
  // Options about connections of Connect's clients in Node.
  'no counterpart in pages, as the browser makes the connections':
    'httpVersion nodeOptions sessionManager pingIntervalMs pingTimeoutMs pingIdleConnection idleConnectionTimeoutMs',
  // Options about bytes of Connect's clients in Node.
  'no counterpart in pages, as the browser reads what fetch receives':
    'readMaxBytes writeMaxBytes acceptCompression sendCompression compressMinBytes',
  "use fetch: (input, init) => fetch(input, { ...init, credentials: 'include' })": 'credentials',
  'use useBinaryFormat': 'format',
  'use defaultTimeoutMs': 'timeoutMs',
}

/** What to do instead of an option that the transports of pages do not have. */
export const WEB_ADVICE: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(NAMES_BY_ADVICE).flatMap(([advice, names]) => names.split(' ').map((name) => [name, advice])),
)
