/** What options of other servers are called here: for those who bring them along to `onePort`. */

/** By names of Fastify and of the servers of Node. */
const NODE: Readonly<Record<string, string>> = {
  https: 'use tls',
  http: 'use the options of onePort',
  http2SessionTimeout: 'use idleTimeoutMs',
  keepAliveTimeout: 'use keepAliveTimeoutMs',
  requestTimeout: 'use requestTimeoutMs',
  connectionTimeout: 'use stallTimeoutMs and idleTimeoutMs',
  headersTimeout: 'use headerTimeoutMs',
  handshakeTimeout: 'use handshakeTimeoutMs',
  sessionTimeout: 'use idleTimeoutMs',
  maxHeaderSize: 'use maxHeaderListBytes',
  maxHeadersCount: 'use maxHeaderFields',
  maxHeaderListPairs: 'use maxHeaderFields',
  maxRequestsPerSocket: 'no counterpart: maxConcurrentStreams limits what runs on a connection at once',
  settings: 'use maxConcurrentStreams, maxHeaderListBytes and http2',
}

/** By names of `@grpc/grpc-js`, of what a port has to do with. */
const GRPC_JS: Readonly<Record<string, string>> = {
  'grpc.max_concurrent_streams': 'use maxConcurrentStreams',
  'grpc.max_connection_idle_ms': 'use idleTimeoutMs',
  'grpc.max_connection_age_ms': 'no counterpart: idleTimeoutMs and maxConnections end connections',
  'grpc.max_connection_age_grace_ms': 'no counterpart: drainTimeoutMs is how long calls may go on once the port closes',
  'grpc.keepalive_time_ms':
    'no counterpart, as the port sends no pings: stallTimeoutMs and idleTimeoutMs end silent connections',
  'grpc.keepalive_timeout_ms':
    'no counterpart, as the port sends no pings: stallTimeoutMs and idleTimeoutMs end silent connections',
  'grpc.keepalive_permit_without_calls':
    'no counterpart, as pings of idle clients are allowed: http2.pingBurst limits them',
  'grpc-node.max_session_memory': 'use http2.sessionBufferBytes and http2.processBufferBytes',
  'grpc-node.flow_control_window': 'use http2.streamWindowBytes and http2.maxStreamWindowBytes',
}

/** By names of `@connectrpc/connect-fastify`. */
const CONNECT: Readonly<Record<string, string>> = {
  shutdownTimeoutMs: 'use drainTimeoutMs',
}

/** What to do instead of an option that `onePort` does not have. */
export const ONE_PORT_ADVICE: Readonly<Record<string, string>> = { ...NODE, ...GRPC_JS, ...CONNECT }

/** What to do instead of an option that `tls` does not have: by names of Node's TLS, and of the credentials of grpc-js. */
export const PORT_TLS_ADVICE: Readonly<Record<string, string>> = {
  rejectUnauthorized: 'no counterpart: tls.ca makes every client show a certificate',
  requestCert: 'use tls.ca, which makes every client show a certificate',
  checkClientCertificate: 'use tls.ca, which makes every client show a certificate',
  private_key: 'use tls.key',
  cert_chain: 'use tls.cert',
  passphrase: 'no counterpart: decrypt the key first',
  pfx: 'use tls.cert and tls.key, in PEM',
  ALPNProtocols: 'no counterpart, as the port answers h2 and http/1.1',
  minVersion: 'no counterpart, as TLS 1.2 is the least',
}
