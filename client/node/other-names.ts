/** What to use instead of option names of other clients, and of earlier versions. */

/** Names of `@grpc/grpc-js`. */
const GRPC_JS: Readonly<Record<string, string>> = {
  'grpc.ssl_target_name_override': 'use tls.servername',
  'grpc.primary_user_agent': 'use userAgent',
  'grpc.secondary_user_agent': 'use userAgent',
  'grpc.default_authority': 'use authority',
  'grpc.keepalive_time_ms': 'use keepalive.timeMs',
  'grpc.keepalive_timeout_ms': 'use keepalive.timeoutMs',
  'grpc.keepalive_permit_without_calls': 'use keepalive.permitWithoutCalls',
  'grpc.service_config': 'use serviceConfig, an object',
  'grpc.service_config_disable_resolution': 'use serviceConfigFromResolver, which is its opposite',
  'grpc.max_send_message_length': 'use writeMaxBytes',
  'grpc.max_receive_message_length': 'use readMaxBytes',
  'grpc.max_metadata_size': 'use maxHeaderListBytes',
  'grpc.absolute_max_metadata_size': 'use maxHeaderListBytes',
  'grpc.default_compression_algorithm': 'use sendCompression',
  'grpc.enable_retries': 'use retry',
  'grpc.client_idle_timeout_ms': 'use idleTimeoutMs',
  'grpc.dns_min_time_between_resolutions_ms': 'use resolvers, with dnsResolver({ minIntervalMs })',
  'grpc.enable_http_proxy': 'use proxy: false instead of 0',
  'grpc.http_connect_target': 'use proxy, and the server as target',
  'grpc.http_connect_creds': 'use proxy, with user and password in its URL',
  'grpc.initial_reconnect_backoff_ms': 'no counterpart, as the backoff is that of gRPC: 1 s at first',
  'grpc.max_reconnect_backoff_ms': 'no counterpart, as the backoff is that of gRPC: 2 min at most',
  'grpc.use_local_subchannel_pool': 'no counterpart, as transports share no connections',
  'grpc.enable_channelz': 'no counterpart, as channelz is always on',
  'grpc.per_rpc_retry_buffer_size': 'no counterpart, as the buffer of a call has a fixed size',
  'grpc.retry_buffer_size': 'no counterpart, as the buffer of a call has a fixed size',
  'grpc.lb.ring_hash.ring_size_cap': 'use serviceConfig, with maxRingSize of ring_hash_experimental',
  'grpc-node.retry_max_attempts_limit': 'no counterpart, as the limit is that of gRPC: 5 attempts',
  'grpc-node.max_session_memory': 'no counterpart, as the memory of connections has a fixed limit',
  'grpc-node.flow_control_window': 'no counterpart, as windows grow as far as is useful',
  'grpc-node.tls_enable_trace': 'no counterpart: use node --trace-tls',
  'grpc.max_concurrent_streams': 'an option of servers: onePort({ maxConcurrentStreams })',
  'grpc.max_connection_idle_ms': 'an option of servers: onePort({ idleTimeoutMs })',
  'grpc.max_connection_age_ms': 'no counterpart: an option of servers',
  'grpc.max_connection_age_grace_ms': 'no counterpart: an option of servers',
  'grpc.server_call_metric_recording': 'no counterpart: an option of servers',
}

/** Names of `@connectrpc/connect-node` and `@connectrpc/connect-web`. */
const CONNECT: Readonly<Record<string, string>> = {
  sessionManager: 'no counterpart, as every transport has a channel of its own',
  nodeOptions: 'use tls, proxy and maxSockets',
  pingIntervalMs: 'use keepalive.timeMs',
  pingTimeoutMs: 'use keepalive.timeoutMs',
  pingIdleConnection: 'use keepalive.permitWithoutCalls',
  idleConnectionTimeoutMs: 'use idleTimeoutMs',
  fetch: 'no counterpart, as the transport has its own HTTP; in pages, createWebTransport of portico/web has it',
}

/** Names of Node's TLS options that `tls` does not have. */
const NODE_TLS: Readonly<Record<string, string>> = {
  rejectUnauthorized: 'use tls.insecure, which is its opposite',
  checkServerIdentity: 'no counterpart: tls.servername is the name that the certificate must have',
  secureContext: 'use tls.ca, tls.cert and tls.key',
  ALPNProtocols: 'no counterpart, as httpVersion decides: use tls.allowMissingAlpn for servers without ALPN',
  passphrase: 'no counterpart: decrypt the key first',
  pfx: 'use tls.cert and tls.key, in PEM',
}

/** Names before 0.2.0. */
const FORMER: Readonly<Record<string, string>> = {
  format: "use useBinaryFormat: false for 'json'",
  timeoutMs: 'use defaultTimeoutMs',
  maxReceiveBytes: 'use readMaxBytes',
  maxSendBytes: 'use writeMaxBytes',
}

/** Advice for options that `createTransport` does not have. */
export const TRANSPORT_ADVICE: Readonly<Record<string, string>> = { ...GRPC_JS, ...CONNECT, ...NODE_TLS, ...FORMER }

/** Advice for options that `tls` does not have. */
export const TLS_ADVICE: Readonly<Record<string, string>> = {
  ...NODE_TLS,
  minVersion: 'no counterpart, as TLS 1.2 is the minimum',
}
