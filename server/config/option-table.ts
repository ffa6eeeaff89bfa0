/** The options of the server: flag, environment variable, kind of value, default and a line of help for each. */
import { CODEC_KINDS } from '../../wire/codec/codec-settings.ts'
import { DEFAULT_PROCESS_BUFFER_BYTES } from '../../wire/http2/http2.ts'
import {
  allowedHosts,
  choice,
  duration,
  durationOrOff,
  host,
  integer,
  optionalHostAndPort,
  optionalPath,
  originList,
  pathList,
  registryList,
  size,
  toggle,
  workers,
} from './kinds.ts'
import { type Option, option } from './option.ts'
import { shownOptions } from './shown-options.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const KIB = 1_024
const MIB = 1_024 * KIB

/** The largest length of a gRPC message that Node can hold, and the largest value of many 31-bit protocol fields. */
const MAX_INT31 = 2_147_483_647

/** All options of a server, in the order of the help text. A new option needs a row here and, in most cases, nothing else. */
export const optionTable = {
  port: option({
    env: 'PORT',
    kind: integer(0, 65_535),
    default: 8_080,
    help: 'TCP port to listen on; 0 picks a free port',
  }),
  host: option({ env: 'HOST', kind: host, default: '127.0.0.1', help: 'address or name to listen on' }),
  workers: option({
    env: 'PORTICO_WORKERS',
    kind: workers(1, 256),
    default: 1,
    help: 'processes that answer calls on the port; auto runs one per core',
  }),
  'allowed-host': option({
    env: 'PORTICO_ALLOWED_HOST',
    kind: allowedHosts,
    default: null,
    help: 'host that browser requests may name; on a loopback address the default is localhost only; repeatable, or comma-separated',
    sets: ['listen.allowedHosts'],
  }),
  'log-level': option({
    env: 'LOG_LEVEL',
    kind: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    help: 'lowest level to log',
  }),
  'log-format': option({
    env: 'PORTICO_LOG_FORMAT',
    kind: choice(['auto', 'json', 'pretty']),
    default: 'auto',
    help: 'format of log lines; auto is pretty on a terminal and json elsewhere',
  }),
  'tls-cert': option({
    env: 'PORTICO_TLS_CERT',
    kind: pathList,
    default: [],
    help: 'PEM certificate chain; turns on TLS together with --tls-key; repeat both for more names (SNI), the first is the default',
  }),
  'tls-key': option({
    env: 'PORTICO_TLS_KEY',
    kind: pathList,
    default: [],
    help: 'PEM private key of the certificate; both files are read again when they change, and on SIGHUP',
  }),
  'tls-passphrase-file': option({
    env: 'PORTICO_TLS_PASSPHRASE_FILE',
    kind: optionalPath,
    default: null,
    help: 'file with the passphrase of encrypted private keys',
  }),
  'tls-ca': option({
    env: 'PORTICO_TLS_CA',
    kind: optionalPath,
    default: null,
    help: 'PEM certificate authorities; clients must then present a certificate signed by one of them',
  }),
  'tls-min-version': option({
    env: 'PORTICO_TLS_MIN_VERSION',
    kind: choice(['1.2', '1.3']),
    default: '1.2',
    help: 'lowest TLS version to accept',
  }),
  cleartext: option({
    env: 'PORTICO_CLEARTEXT',
    kind: toggle,
    default: false,
    help: 'accept cleartext connections beside TLS; without TLS all connections are cleartext',
    sets: ['listen.allowsCleartext'],
  }),
  'cors-origin': option({
    env: 'PORTICO_CORS_ORIGIN',
    kind: originList,
    default: [],
    help: 'web origin whose pages may call, https://*.a.example for all subdomains, * for all origins; repeatable, or comma-separated',
    sets: ['cors.origins'],
  }),
  reflection: option({
    env: 'PORTICO_REFLECTION',
    kind: toggle,
    default: true,
    help: 'serve gRPC server reflection',
    sets: ['servesReflection'],
  }),
  admin: option({
    env: 'PORTICO_ADMIN',
    kind: toggle,
    default: false,
    help: 'serve channelz and the admin service; unless the program sets an authorization, to processes on this machine only',
    sets: ['admin'],
  }),
  health: option({
    env: 'PORTICO_HEALTH',
    kind: toggle,
    default: true,
    help: 'serve grpc.health.v1.Health',
    sets: ['servesHealth'],
  }),
  telemetry: option({
    env: 'PORTICO_TELEMETRY',
    kind: toggle,
    default: false,
    help: 'record traces and metrics with OpenTelemetry, as OTEL_* variables say; one that names a destination turns this on',
  }),
  ...shownOptions,
  registry: option({
    env: 'PORTICO_REGISTRY',
    kind: registryList,
    default: [],
    help: 'where to register: etcd://[user:password@]host:port[,host:port]/service; a query adds facts such as ?weight=2&zone=a; repeatable, or comma-separated',
    isSecret: true,
  }),
  advertise: option({
    env: 'PORTICO_ADVERTISE',
    kind: optionalHostAndPort,
    default: null,
    help: 'address to register, if clients must not use the one that the server listens on',
  }),
  lane: option({
    env: 'PORTICO_LANE',
    kind: choice(['native', 'reference']),
    default: 'native',
    help: "what answers calls: native, or reference for Connect's own implementation on node:http2",
    sets: ['lane'],
  }),
  codec: option({
    env: 'PORTICO_CODEC',
    kind: choice(CODEC_KINDS),
    default: 'compiled',
    help: 'how messages are encoded and decoded: compiled from their descriptors, or reflective, by protobuf-es; native lane only',
    sets: ['codec'],
  }),
  'max-receive': option({
    env: 'PORTICO_MAX_RECEIVE',
    kind: size(1, MAX_INT31),
    default: 4 * MIB,
    help: 'largest message to accept, after decompression',
    sets: ['readMaxBytes'],
  }),
  'decode-budget': option({
    env: 'PORTICO_DECODE_BUDGET',
    kind: size(0, 1_024 * 1_024 * MIB),
    default: 0,
    help: 'memory for the decoded objects of one message; 0 means 8 times --max-receive; native lane only',
    sets: ['decodeBudgetBytes'],
  }),
  'max-send': option({
    env: 'PORTICO_MAX_SEND',
    kind: size(1, MAX_INT31),
    default: MAX_INT31,
    help: 'largest message to send, before compression',
    sets: ['writeMaxBytes'],
  }),
  brotli: option({
    env: 'PORTICO_BROTLI',
    kind: toggle,
    default: false,
    help: 'accept and send brotli beside gzip and zstd',
  }),
  'max-concurrent-streams': option({
    env: 'PORTICO_MAX_CONCURRENT_STREAMS',
    kind: integer(1, 100_000),
    default: 100,
    help: 'concurrent calls per HTTP/2 connection',
    sets: ['listen.maxConcurrentStreams'],
  }),
  'reset-burst': option({
    env: 'PORTICO_RESET_BURST',
    kind: integer(1, 1_000_000),
    default: 200,
    help: 'calls that an HTTP/2 peer may start and cancel at once before its connection is closed; native lane only',
    sets: ['listen.http2.resetBurst'],
  }),
  'max-header-list': option({
    env: 'PORTICO_MAX_HEADER_LIST',
    kind: size(KIB, MIB),
    default: 16 * KIB,
    help: 'largest header block to accept, uncompressed',
    sets: ['listen.maxHeaderListBytes'],
  }),
  'max-connections': option({
    env: 'PORTICO_MAX_CONNECTIONS',
    kind: integer(1, 1_000_000),
    default: 10_000,
    help: 'concurrent connections; above that the longest-idle connection is closed, or else the new one',
    sets: ['listen.maxConnections'],
  }),
  'max-connections-per-address': option({
    env: 'PORTICO_MAX_CONNECTIONS_PER_ADDRESS',
    kind: integer(0, 1_000_000),
    default: 0,
    help: 'concurrent connections per address (IPv6: per /64); 0 means no limit',
    sets: ['listen.maxConnectionsPerAddress'],
  }),
  'process-buffer': option({
    env: 'PORTICO_PROCESS_BUFFER',
    kind: size(64 * KIB, 1_024 * 1_024 * MIB),
    default: DEFAULT_PROCESS_BUFFER_BYTES,
    help: 'memory for received messages not read yet, over all connections; native lane only',
    sets: ['listen.http2.processBufferBytes'],
  }),
  'handshake-timeout': option({
    env: 'PORTICO_HANDSHAKE_TIMEOUT',
    kind: duration(100, 5 * MINUTE),
    default: 5 * SECOND,
    help: 'time for a new connection to send its first bytes, and to finish the TLS handshake',
    sets: ['listen.handshakeTimeoutMs', 'listen.sniffTimeoutMs'],
  }),
  'header-timeout': option({
    env: 'PORTICO_HEADER_TIMEOUT',
    kind: duration(100, 5 * MINUTE),
    default: 10 * SECOND,
    help: 'time for the headers of a request to arrive, from their first byte',
    sets: ['listen.headerTimeoutMs'],
  }),
  'stall-timeout': option({
    env: 'PORTICO_STALL_TIMEOUT',
    kind: durationOrOff(100, HOUR),
    default: 60 * SECOND,
    help: 'time a peer may stop in the middle of a message, or not read a response; 5 times as long while a stream is sent',
    sets: ['listen.stallTimeoutMs'],
  }),
  'request-timeout': option({
    env: 'PORTICO_REQUEST_TIMEOUT',
    kind: durationOrOff(100, HOUR),
    default: 30 * SECOND,
    help: 'time for an ordinary HTTP request to arrive completely; calls have deadlines instead',
    sets: ['listen.requestTimeoutMs'],
  }),
  'keep-alive-timeout': option({
    env: 'PORTICO_KEEP_ALIVE_TIMEOUT',
    kind: duration(SECOND, HOUR),
    default: 72 * SECOND,
    help: 'time an HTTP/1.1 connection may stay idle between requests',
    sets: ['listen.keepAliveTimeoutMs'],
  }),
  'idle-timeout': option({
    env: 'PORTICO_IDLE_TIMEOUT',
    kind: durationOrOff(SECOND, 24 * HOUR),
    default: 5 * MINUTE,
    help: 'time an HTTP/2 connection may stay open without a call',
    sets: ['listen.idleTimeoutMs'],
  }),
  'keepalive-time': option({
    env: 'PORTICO_KEEPALIVE_TIME',
    kind: durationOrOff(SECOND, 24 * HOUR),
    default: 2 * HOUR,
    help: 'silence of an HTTP/2 client after which the server sends a PING; native lane only',
    sets: ['listen.keepalive.timeMs'],
  }),
  'keepalive-timeout': option({
    env: 'PORTICO_KEEPALIVE_TIMEOUT',
    kind: duration(100, HOUR),
    default: 20 * SECOND,
    help: 'time to answer that PING, after which the connection is closed; for idle HTTP/1.1 connections see --keep-alive-timeout',
    sets: ['listen.keepalive.timeoutMs'],
  }),
  'keepalive-min-time': option({
    env: 'PORTICO_KEEPALIVE_MIN_TIME',
    kind: durationOrOff(100, 24 * HOUR),
    default: 5 * MINUTE,
    help: 'least time between PINGs of a gRPC client; those that ping more often are disconnected; native lane only',
    sets: ['listen.keepalive.minTimeMs'],
  }),
  'keepalive-permit-without-stream': option({
    env: 'PORTICO_KEEPALIVE_PERMIT_WITHOUT_STREAM',
    kind: toggle,
    default: false,
    help: 'let HTTP/2 clients without a call ping as often as those with one; otherwise every two hours',
    sets: ['listen.keepalive.permitWithoutStream'],
  }),
  'max-connection-age': option({
    env: 'PORTICO_MAX_CONNECTION_AGE',
    kind: durationOrOff(100, 24 * HOUR),
    default: 0,
    help: 'age, give or take 10 %, at which a connection takes no new calls, so that clients spread over new servers',
    sets: ['listen.keepalive.maxConnectionAgeMs'],
  }),
  'max-connection-age-grace': option({
    env: 'PORTICO_MAX_CONNECTION_AGE_GRACE',
    kind: durationOrOff(100, 24 * HOUR),
    default: 0,
    help: 'time for its calls to end, after which it is closed',
    sets: ['listen.keepalive.maxConnectionAgeGraceMs'],
  }),
  'default-timeout': option({
    env: 'PORTICO_DEFAULT_TIMEOUT',
    kind: durationOrOff(1, 24 * HOUR),
    default: 0,
    help: 'deadline of calls whose clients set none, streams too; 0 for none',
    sets: ['defaultTimeoutMs'],
  }),
  'max-timeout': option({
    env: 'PORTICO_MAX_TIMEOUT',
    kind: duration(SECOND, 24 * HOUR),
    default: 24 * HOUR,
    help: 'longest deadline of a call; longer ones are shortened to it',
    sets: ['listen.maxTimeoutMs', 'maxTimeoutMs'],
  }),
  'drain-delay': option({
    env: 'PORTICO_DRAIN_DELAY',
    kind: duration(0, 5 * MINUTE),
    default: 0,
    help: 'time to keep serving after the signal to stop, so that load balancers notice; shorter once no new connection comes',
  }),
  'drain-timeout': option({
    env: 'PORTICO_DRAIN_TIMEOUT',
    kind: duration(0, HOUR),
    default: 25 * SECOND,
    help: 'time for the whole drain, with its delay; then calls that are still open are cut off',
    sets: ['listen.drainTimeoutMs'],
  }),
} as const

/** The name of an option: its flag without the dashes. */
export type OptionName = keyof typeof optionTable

/** A value for each option, by name. */
export type OptionValues = {
  readonly [Name in OptionName]: (typeof optionTable)[Name] extends Option<infer T> ? T : never
}

/** The names, in the order of the table. */
export const optionNames = Object.keys(optionTable) as readonly OptionName[]
