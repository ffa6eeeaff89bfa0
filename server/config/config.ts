/** The settings of a server as the program reads them, and how they are put together from the options. */
import type { OptionValues } from './option-table.ts'

/** Everything that was configured: validated, complete and frozen. Defaults and ranges stand in the option table. */
export interface Config {
  readonly listen: ListenConfig
  readonly log: LogConfig
  readonly cors: CorsConfig
  readonly services: ServicesConfig
  readonly limits: LimitsConfig
  readonly timeouts: TimeoutsConfig
  readonly drain: DrainConfig
}

/** Where the port is, and how it is protected. */
export interface ListenConfig {
  /** 0 takes a free port. */
  readonly port: number
  readonly host: string
  /** True: all. Null: those of this machine on a loopback address, else all. */
  readonly allowedHosts: true | readonly string[] | null
  /** Null: cleartext only. */
  readonly tls: TlsConfig | null
}

/** The files of TLS, which are not opened here. */
export interface TlsConfig {
  /** The first one is for clients whose name has none. */
  readonly certificates: readonly { readonly certPath: string; readonly keyPath: string }[]
  /** The passphrase of encrypted keys; null: they are not encrypted. */
  readonly passphrasePath: string | null
  /** The authorities of client certificates, which are then required; null: clients need none. */
  readonly caPath: string | null
  readonly minVersion: OptionValues['tls-min-version']
  /** Whether the port also accepts connections that do not speak TLS. */
  readonly allowsCleartext: boolean
}

/** What is logged, and in which shape. */
export interface LogConfig {
  readonly level: OptionValues['log-level']
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: OptionValues['log-format']
}

/** Which pages of other origins may call from browsers. */
export interface CorsConfig {
  /** Each as browsers send it, compared as text; empty: none. */
  readonly origins: readonly string[]
}

/** Which of the built-in services are served, what answers RPCs, and in which compressions. */
export interface ServicesConfig {
  readonly servesReflection: boolean
  readonly servesHealth: boolean
  readonly servesPage: boolean
  readonly lane: OptionValues['lane']
  /** Whether messages may be compressed with brotli. */
  readonly hasBrotli: boolean
}

/** What peers can make grow, and how far. */
export interface LimitsConfig {
  /** Of one message, after decompression. */
  readonly maxReceiveBytes: number
  /** What the objects of one received message may take in memory; 0: 8 times `maxReceiveBytes`. */
  readonly decodeBudgetBytes: number
  /** Of one message, before compression. */
  readonly maxSendBytes: number
  /** Of one HTTP/2 connection (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113, section 6.5.2). */
  readonly maxConcurrentStreams: number
  /** Calls that an HTTP/2 peer may start and give up at once; on the native lane. */
  readonly resetBurst: number
  /** Of the headers of one request (SETTINGS_MAX_HEADER_LIST_SIZE; over HTTP/1.1 their length on the wire). */
  readonly maxHeaderListBytes: number
  /** Of the whole port. */
  readonly maxConnections: number
  /** Of one address; 0: no limit. */
  readonly maxConnectionsPerAddress: number
  /** What all HTTP/2 connections hold of bodies that nobody has read yet; on the native lane. */
  readonly processBufferBytes: number
}

/** How long peers may take. All fit a Node timer, which ends at 2^31 - 1 ms. */
export interface TimeoutsConfig {
  /** From the connection to its first bytes and, with TLS, to the end of the handshake. */
  readonly handshakeMs: number
  /** From the first byte of a request's headers to their last. Never above requestMs, which Node refuses. */
  readonly headerMs: number
  /** How long a peer may leave what is sent to it unread; 0: for ever. */
  readonly stallMs: number
  /** From the first byte of an ordinary HTTP request to its last; 0: no limit. */
  readonly requestMs: number
  /** How long an HTTP/1.1 connection may idle between requests. */
  readonly keepAliveMs: number
  /** How long an HTTP/2 connection may stay open without a call; 0: for ever. */
  readonly idleMs: number
  /** What longer deadlines that clients ask for are clamped to. */
  readonly maxCallMs: number
}

/** How the server stops. */
export interface DrainConfig {
  /** How long it goes on serving after the signal, reporting itself as not ready; 0: it stops accepting at once. */
  readonly delayMs: number
  /** How long calls in flight then have to end; 0: they are cut off at once. */
  readonly timeoutMs: number
}

/** Puts values that were checked, alone and together, where the program reads them. */
export function assembleConfig(values: OptionValues): Config {
  return deepFreeze({
    listen: {
      port: values.port,
      host: values.host,
      allowedHosts: values['allowed-host'],
      tls: assembleTls(values),
    },
    log: { level: values['log-level'], format: values['log-format'] },
    cors: { origins: [...values['cors-origin']] },
    services: {
      servesReflection: values.reflection,
      servesHealth: values.health,
      servesPage: values.page,
      lane: values.lane,
      hasBrotli: values.brotli,
    },
    limits: {
      maxReceiveBytes: values['max-receive'],
      decodeBudgetBytes: values['decode-budget'],
      maxSendBytes: values['max-send'],
      maxConcurrentStreams: values['max-concurrent-streams'],
      resetBurst: values['reset-burst'],
      maxHeaderListBytes: values['max-header-list'],
      maxConnections: values['max-connections'],
      maxConnectionsPerAddress: values['max-connections-per-address'],
      processBufferBytes: values['process-buffer'],
    },
    timeouts: {
      handshakeMs: values['handshake-timeout'],
      headerMs: values['header-timeout'],
      stallMs: values['stall-timeout'],
      requestMs: values['request-timeout'],
      keepAliveMs: values['keep-alive-timeout'],
      idleMs: values['idle-timeout'],
      maxCallMs: values['max-timeout'],
    },
    drain: { delayMs: values['drain-delay'], timeoutMs: values['drain-timeout'] },
  })
}

function assembleTls(values: OptionValues): TlsConfig | null {
  const certificates = values['tls-cert'].map((certPath, at) => ({ certPath, keyPath: values['tls-key'][at] ?? '' }))
  if (certificates.length === 0) return null
  return {
    certificates,
    passphrasePath: values['tls-passphrase-file'],
    caPath: values['tls-ca'],
    minVersion: values['tls-min-version'],
    allowsCleartext: values.cleartext,
  }
}

function deepFreeze<T extends object>(target: T): T {
  for (const value of Object.values(target)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(target)
}
