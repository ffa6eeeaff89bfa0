/** Advice for option names of other servers, for users who migrate. */

/** The options of `fastify()` that do not concern its server. */
export const FASTIFY_NAMES: readonly string[] = [
  'ignoreTrailingSlash',
  'ignoreDuplicateSlashes',
  'forceCloseConnections',
  'pluginTimeout',
  'bodyLimit',
  'handlerTimeout',
  'maxParamLength',
  'disableRequestLogging',
  'logController',
  'exposeHeadRoutes',
  'onProtoPoisoning',
  'onConstructorPoisoning',
  'logger',
  'loggerInstance',
  'serializerOpts',
  'serverFactory',
  'caseSensitive',
  'allowUnsafeRegex',
  'requestIdHeader',
  'requestIdLogLabel',
  'useSemicolonDelimiter',
  'genReqId',
  'trustProxy',
  'querystringParser',
  'constraints',
  'schemaController',
  'return503OnClosing',
  'ajv',
  'frameworkErrors',
  'rewriteUrl',
  'schemaErrorFormatter',
  'clientErrorHandler',
  'childLoggerFactory',
  'allowErrorHandlerOverride',
  'routerOptions',
]

/** The options of Connect's routers and plugins that `portico` has too. */
const PLUGIN_NAMES: readonly string[] = [
  'routes',
  'interceptors',
  'requestGate',
  'contextValues',
  'grpc',
  'grpcWeb',
  'webSocket',
  'connect',
  'readMaxBytes',
  'writeMaxBytes',
  'compressMinBytes',
  'acceptCompression',
  'jsonOptions',
  'binaryOptions',
  'requireConnectProtocolHeader',
  'shutdownSignal',
]

/** The options of grpc-js that only clients have. */
export const CLIENT_NAMES: readonly string[] = [
  'grpc.ssl_target_name_override',
  'grpc.primary_user_agent',
  'grpc.secondary_user_agent',
  'grpc.default_authority',
  'grpc.service_config',
  'grpc.service_config_disable_resolution',
  'grpc.initial_reconnect_backoff_ms',
  'grpc.max_reconnect_backoff_ms',
  'grpc.use_local_subchannel_pool',
  'grpc.enable_http_proxy',
  'grpc.http_connect_target',
  'grpc.http_connect_creds',
  'grpc.dns_min_time_between_resolutions_ms',
  'grpc.enable_retries',
  'grpc.per_rpc_retry_buffer_size',
  'grpc.retry_buffer_size',
  'grpc.client_idle_timeout_ms',
  'grpc.lb.ring_hash.ring_size_cap',
  'grpc-node.retry_max_attempts_limit',
]

/** Returns advice for each of several names. */
export function adviceFor(names: readonly string[], adviceOf: (name: string) => string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, adviceOf(name)]))
}

/** Names of Fastify and of Node's servers. */
const NODE: Readonly<Record<string, string>> = {
  https: 'use tls',
  http: 'no counterpart, as the port has options of its own for HTTP/1.1',
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

/** Names of grpc-js that concern a port. */
const GRPC_JS: Readonly<Record<string, string>> = {
  'grpc.max_concurrent_streams': 'use maxConcurrentStreams',
  'grpc.max_connection_idle_ms': 'use idleTimeoutMs',
  'grpc.max_connection_age_ms': 'use keepalive.maxConnectionAgeMs',
  'grpc.max_connection_age_grace_ms': 'use keepalive.maxConnectionAgeGraceMs',
  'grpc.keepalive_time_ms': 'use keepalive.timeMs',
  'grpc.keepalive_timeout_ms': 'use keepalive.timeoutMs',
  'grpc.keepalive_permit_without_calls': 'use keepalive.permitWithoutStream',
  'grpc.http2.min_ping_interval_without_data_ms': 'use keepalive.minTimeMs',
  'grpc.http2.max_ping_strikes':
    'no counterpart: two strikes are allowed, as in gRPC, and keepalive.minTimeMs: 0 allows any PINGs',
  'grpc-node.max_session_memory': 'use http2.sessionBufferBytes and http2.processBufferBytes',
  'grpc-node.flow_control_window': 'use http2.streamWindowBytes and http2.maxStreamWindowBytes',
  'grpc-node.tls_enable_trace': 'no counterpart: use node --trace-tls',
  'grpc.enable_channelz': 'the option admin of serve and createApp serves channelz',
  'grpc.server_call_metric_recording': 'no counterpart, as servers report no load',
}

/** Advice for options that the port has under another name. */
export const PORT_ADVICE: Readonly<Record<string, string>> = { ...NODE, ...GRPC_JS }

/** Where to say what to listen on. */
export const LISTEN_ADVICE: Readonly<Record<string, string>> = adviceFor(
  ['port', 'host'],
  (name) => `an option of Fastify's listen({ ${name} })`,
)

/** Advice for options that `onePort` does not have. */
export const ONE_PORT_ADVICE: Readonly<Record<string, string>> = {
  ...LISTEN_ADVICE,
  ...adviceFor(FASTIFY_NAMES, () => 'an option of fastify()'),
  ...adviceFor(PLUGIN_NAMES, () => 'an option of portico'),
  ...adviceFor(CLIENT_NAMES, () => 'an option of clients'),
  ...PORT_ADVICE,
  fallback: 'no counterpart: Fastify answers what is not a call',
  shutdownTimeoutMs: 'use drainTimeoutMs',
  shutdownError: 'no counterpart: calls that are cut end with UNAVAILABLE',
  requestPathPrefix: 'use prefix of portico',
  'grpc.max_send_message_length': 'use writeMaxBytes of portico',
  'grpc.max_receive_message_length': 'use readMaxBytes of portico',
  'grpc.default_compression_algorithm': 'use acceptCompression of portico',
}
