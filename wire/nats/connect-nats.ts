/** Opens connections to NATS. */
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { loadNatsPackages, type NatsPackages } from './nats-packages.ts'

/** How to connect. */
export interface NatsConnectOptions {
  /** `host:port` of each server of one cluster. */
  readonly servers: readonly string[]
  readonly user?: string | undefined
  readonly pass?: string | undefined
  readonly token?: string | undefined
  /** Proves who the client is by other means, such as `credsAuthenticator()`. */
  readonly authenticator?: Authenticator | undefined
  /** Settings of TLS, which is used if they are there. */
  readonly tls?: NodeConnectionOptions['tls'] | undefined
  /** How NATS shows the connection to its operators. */
  readonly name: string
  /** The longest wait for a server to accept the connection, and the silence after which it counts as lost, in milliseconds. */
  readonly timeoutMs: number
  /** Returns the wait before the next attempt once the connection was lost, in milliseconds. Default: it then is closed. */
  readonly reconnectDelayMs?: (() => number) | undefined
}

/** NATS was reached but cannot be used: another attempt would not help. Its message contains no credentials. */
export class NatsRefusal extends Error {
  override readonly name = 'NatsRefusal'
}

/** The connection is lost when so many pings, and one more, stay without an answer. */
const PINGS = 2

/**
 * Connects to one of the servers.
 *
 * @throws NatsRefusal if NATS refuses the credentials, or its certificate cannot be verified; Error if its packages are not installed
 */
export async function connectNats(options: NatsConnectOptions): Promise<NatsConnection> {
  const { servers, name, timeoutMs, reconnectDelayMs, user, pass, token, authenticator, tls } = options
  const { transport } = await loadNatsPackages()
  try {
    return await transport.connect({
      servers: [...servers],
      name,
      timeout: timeoutMs,
      pingInterval: timeoutMs / (PINGS + 1),
      maxPingOut: PINGS,
      maxReconnectAttempts: -1,
      // Credentials may be renewed, and an account may be set up after its clients.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      reconnect: reconnectDelayMs !== undefined,
      ...(reconnectDelayMs && { reconnectDelayHandler: reconnectDelayMs }),
      ...(user !== undefined && { user, pass: pass ?? '' }),
      ...(token !== undefined && { token }),
      ...(authenticator && { authenticator }),
      ...(tls && { tls }),
    })
  } catch (cause) {
    throw refusalOf(cause, servers.join(', '), transport) ?? cause
  }
}

/** The codes of OpenSSL and Node for certificates that are not trusted. */
const TLS_CODE = /^(CERT_|DEPTH_ZERO_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/

/** Returns null for what may be better with the next attempt. */
function refusalOf(cause: unknown, servers: string, transport: NatsPackages['transport']): NatsRefusal | null {
  const { AuthorizationError, ConnectionError, UserAuthenticationExpiredError } = transport
  if (cause instanceof AuthorizationError || cause instanceof UserAuthenticationExpiredError) {
    return new NatsRefusal(`nats: ${servers} refuses the credentials`)
  }
  if (!(cause instanceof Error)) return null
  const isUntrusted = 'code' in cause && typeof cause.code === 'string' && TLS_CODE.test(cause.code)
  const isCleartext = cause instanceof ConnectionError && cause.message.includes('tls')
  return isUntrusted || isCleartext ? new NatsRefusal(`nats: ${servers}: ${cause.message}`) : null
}
