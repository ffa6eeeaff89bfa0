/** Every option of the server, once: its flag, its environment variable, its values, its default and a line of help. */
import { DEFAULT_PROCESS_BUFFER_BYTES } from '../../wire/http2/http2.ts'
import {
  allowedHosts,
  choice,
  duration,
  durationOrOff,
  host,
  integer,
  type Kind,
  optionalPath,
  originList,
  pathList,
  size,
  toggle,
} from './kinds.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const KIB = 1_024
const MIB = 1_024 * KIB

/** The largest length of a gRPC message that Node can hold, and the largest value of many 31-bit protocol fields. */
const MAX_INT31 = 2_147_483_647

/** One row of the table. Its flag is `--` and the name of the row. */
export interface Option<T> {
  /** The environment variable that sets it when the flag does not. */
  readonly env: string
  readonly kind: Kind<T>
  readonly default: T
  /** One line that says what it is for. */
  readonly help: string
}

/**
 * All options, in the order of the help text. A new one needs a row here, a field in {@link Config}, and its line in
 * `assembleConfig`.
 */
export const optionTable = {
  port: option({
    env: 'PORT',
    kind: integer(0, 65_535),
    default: 8_080,
    help: 'TCP port to listen on; 0 takes a free one',
  }),
  host: option({ env: 'HOST', kind: host, default: '127.0.0.1', help: 'address or name to listen on' }),
  'allowed-host': option({
    env: 'PORTICO_ALLOWED_HOST',
    kind: allowedHosts,
    default: null,
    help: 'host that requests of browsers may name; on loopback only localhost by default; repeat it, or separate several by commas',
  }),
  'log-level': option({
    env: 'LOG_LEVEL',
    kind: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    help: 'least severe log lines to write',
  }),
  'log-format': option({
    env: 'PORTICO_LOG_FORMAT',
    kind: choice(['auto', 'json', 'pretty']),
    default: 'auto',
    help: 'shape of log lines; auto is pretty on a terminal and json elsewhere',
  }),
  'tls-cert': option({
    env: 'PORTICO_TLS_CERT',
    kind: pathList,
    default: [],
    help: 'certificate chain in PEM; turns TLS on, with --tls-key; repeat both for more names (SNI), the first is the default',
  }),
  'tls-key': option({
    env: 'PORTICO_TLS_KEY',
    kind: pathList,
    default: [],
    help: 'private key of the certificate in PEM; both are read again when they change, and on SIGHUP',
  }),
  'tls-passphrase-file': option({
    env: 'PORTICO_TLS_PASSPHRASE_FILE',
    kind: optionalPath,
    default: null,
    help: 'file with the passphrase of encrypted keys',
  }),
  'tls-ca': option({
    env: 'PORTICO_TLS_CA',
    kind: optionalPath,
    default: null,
    help: 'authorities in PEM; clients must then show a certificate that one of them signed',
  }),
  'tls-min-version': option({
    env: 'PORTICO_TLS_MIN_VERSION',
    kind: choice(['1.2', '1.3']),
    default: '1.2',
    help: 'oldest version of TLS to speak',
  }),
  cleartext: option({
    env: 'PORTICO_CLEARTEXT',
    kind: toggle,
    default: false,
    help: 'also accept connections without TLS when TLS is on; without TLS there is nothing else',
  }),
  'cors-origin': option({
    env: 'PORTICO_CORS_ORIGIN',
    kind: originList,
    default: [],
    help: 'web origin whose pages may call from browsers; repeat it, or separate several by commas',
  }),
  reflection: option({ env: 'PORTICO_REFLECTION', kind: toggle, default: true, help: 'serve gRPC server reflection' }),
  health: option({ env: 'PORTICO_HEALTH', kind: toggle, default: true, help: 'serve grpc.health.v1.Health' }),
  page: option({ env: 'PORTICO_PAGE', kind: toggle, default: true, help: 'serve the demo page' }),
  lane: option({
    env: 'PORTICO_LANE',
    kind: choice(['native', 'reference']),
    default: 'native',
    help: "implementation that answers RPCs: native, or reference for Connect's own on node:http2",
  }),
  'max-receive': option({
    env: 'PORTICO_MAX_RECEIVE',
    kind: size(1, MAX_INT31),
    default: 4 * MIB,
    help: 'largest message to accept, after decompression',
  }),
  'decode-budget': option({
    env: 'PORTICO_DECODE_BUDGET',
    kind: size(0, 1_024 * 1_024 * MIB),
    default: 0,
    help: 'memory for the objects of one message that is received; 0 for 8 times --max-receive; native lane',
  }),
  'max-send': option({
    env: 'PORTICO_MAX_SEND',
    kind: size(1, MAX_INT31),
    default: MAX_INT31,
    help: 'largest message to send, before compression',
  }),
  brotli: option({
    env: 'PORTICO_BROTLI',
    kind: toggle,
    default: false,
    help: 'accept and send messages in brotli, beside gzip and zstd',
  }),
  'max-concurrent-streams': option({
    env: 'PORTICO_MAX_CONCURRENT_STREAMS',
    kind: integer(1, 100_000),
    default: 100,
    help: 'calls in flight on one HTTP/2 connection',
  }),
  'reset-burst': option({
    env: 'PORTICO_RESET_BURST',
    kind: integer(1, 1_000_000),
    default: 200,
    help: 'calls that an HTTP/2 peer may start and give up in one breath, before it counts as a flood; native lane',
  }),
  'max-header-list': option({
    env: 'PORTICO_MAX_HEADER_LIST',
    kind: size(KIB, MIB),
    default: 16 * KIB,
    help: 'largest header block to accept, uncompressed',
  }),
  'max-connections': option({
    env: 'PORTICO_MAX_CONNECTIONS',
    kind: integer(1, 1_000_000),
    default: 10_000,
    help: 'connections open at the same time; one more ends the one that has idled longest, or is closed at once',
  }),
  'max-connections-per-address': option({
    env: 'PORTICO_MAX_CONNECTIONS_PER_ADDRESS',
    kind: integer(0, 1_000_000),
    default: 0,
    help: 'connections open at the same time from one address (IPv6: one /64); 0 for no limit',
  }),
  'process-buffer': option({
    env: 'PORTICO_PROCESS_BUFFER',
    kind: size(64 * KIB, 1_024 * 1_024 * MIB),
    default: DEFAULT_PROCESS_BUFFER_BYTES,
    help: 'memory for messages that came and are not read yet, of all connections together; native lane',
  }),
  'handshake-timeout': option({
    env: 'PORTICO_HANDSHAKE_TIMEOUT',
    kind: duration(100, 5 * MINUTE),
    default: 5 * SECOND,
    help: 'time a new connection has to say something and to finish its TLS handshake',
  }),
  'header-timeout': option({
    env: 'PORTICO_HEADER_TIMEOUT',
    kind: duration(100, 5 * MINUTE),
    default: 10 * SECOND,
    help: 'time a request has to send its headers, from their first byte',
  }),
  'stall-timeout': option({
    env: 'PORTICO_STALL_TIMEOUT',
    kind: durationOrOff(100, HOUR),
    default: 60 * SECOND,
    help: 'time a peer may owe the rest of a message, or leave an answer unread; 5 times as long while a stream goes on',
  }),
  'request-timeout': option({
    env: 'PORTICO_REQUEST_TIMEOUT',
    kind: durationOrOff(100, HOUR),
    default: 30 * SECOND,
    help: 'time an ordinary HTTP request has to arrive whole; RPCs have deadlines instead',
  }),
  'keep-alive-timeout': option({
    env: 'PORTICO_KEEP_ALIVE_TIMEOUT',
    kind: duration(SECOND, HOUR),
    default: 72 * SECOND,
    help: 'time an HTTP/1.1 connection may idle between requests',
  }),
  'idle-timeout': option({
    env: 'PORTICO_IDLE_TIMEOUT',
    kind: durationOrOff(SECOND, 24 * HOUR),
    default: 5 * MINUTE,
    help: 'time an HTTP/2 connection may stay open without a call',
  }),
  'max-timeout': option({
    env: 'PORTICO_MAX_TIMEOUT',
    kind: duration(SECOND, 24 * HOUR),
    default: 24 * HOUR,
    help: 'longest deadline of a call; a client that asks for more gets this',
  }),
  'drain-delay': option({
    env: 'PORTICO_DRAIN_DELAY',
    kind: duration(0, 5 * MINUTE),
    default: 0,
    help: 'time to go on serving after the signal to stop, while load balancers take notice',
  }),
  'drain-timeout': option({
    env: 'PORTICO_DRAIN_TIMEOUT',
    kind: duration(0, HOUR),
    default: 25 * SECOND,
    help: 'time calls have to end once the port is closed, before they are cut off',
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

function option<const T>(row: Option<T>): Option<T> {
  return row
}
