/** The HTTP/2 connection of a transport, closed so that the server learns what became of each call. */
import {
  type ClientHttp2Stream,
  constants,
  type Http2Session,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2'
import { Code, ConnectError } from '@connectrpc/connect'
import { Http2SessionManager } from '@connectrpc/connect-node'

/** How a connection is opened. */
export interface Http2SessionsOptions {
  /** The URL whose origin is connected to. */
  readonly baseUrl: string
  /** Sent as `:authority` instead of the host of the URL. */
  readonly authority?: string | undefined
  /** Passed to http2.connect. */
  readonly session: SecureClientSessionOptions
}

/** How long closing waits for a peer. */
const LINGER_MS = 1_000

/** What @connectrpc/connect-node asks for as `sessionManager`, with an authority of choice and an orderly end. */
export class Http2Sessions extends Http2SessionManager {
  readonly #authorityHeader: OutgoingHttpHeaders
  readonly #streams = new Set<ClientHttp2Stream>()
  readonly #sessions = new Set<Http2Session>()

  constructor({ baseUrl, authority, session }: Http2SessionsOptions) {
    super(baseUrl, {}, session)
    this.#authorityHeader = authority === undefined ? {} : { ':authority': authority }
  }

  override async request(
    ...[method, path, headers, options]: Parameters<Http2SessionManager['request']>
  ): Promise<ClientHttp2Stream> {
    const stream = await super
      .request(method, path, { ...headers, ...this.#authorityHeader }, options)
      .catch((error: unknown) => {
        throw toConnectError(error)
      })
    keepWhileOpen(this.#streams, stream)
    if (stream.session !== undefined) keepWhileOpen(this.#sessions, stream.session)
    return stream
  }

  /**
   * Cancels the calls that are still under way with RST_STREAM CANCEL, and ends the connection with GOAWAY NO_ERROR. What
   * the peer does not let go within a second is cut. A call made later connects again.
   */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close(constants.NGHTTP2_CANCEL)
    const closing = [...this.#sessions].map((session) => new Promise<void>((resolve) => session.close(resolve)))
    if (closing.length > 0) await withinMs(LINGER_MS, Promise.all(closing))
    this.abort()
  }
}

function keepWhileOpen<Opened extends Http2Session | ClientHttp2Stream>(kept: Set<Opened>, opened: Opened): void {
  if (kept.has(opened)) return
  kept.add(opened)
  opened.once('close', () => kept.delete(opened))
}

/** No request was sent, whatever was in the way: gRPC calls that UNAVAILABLE. */
function toConnectError(error: unknown): ConnectError {
  if (!(error instanceof ConnectError)) return unavailable(error)
  return error.code === Code.Canceled ? error : unavailable(error.cause ?? error)
}

function unavailable(cause: unknown): ConnectError {
  return new ConnectError(describe(cause), Code.Unavailable, undefined, undefined, cause)
}

/** The reason that Node gives of OpenSSL's errors is for people, their message is not. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the connection failed'
  return 'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message
}

async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
