/** The HTTP/2 connection of a transport, closed so that the server learns what became of each call. */
import {
  type ClientHttp2Stream,
  constants,
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

/** How long closing waits for the connection to carry the last frames away. */
const LINGER_MS = 1_000

/** What @connectrpc/connect-node asks for as `sessionManager`, with an authority of choice and an orderly end. */
export class Http2Sessions extends Http2SessionManager {
  readonly #authorityHeader: OutgoingHttpHeaders
  readonly #streams = new Set<ClientHttp2Stream>()

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
    this.#streams.add(stream)
    stream.once('close', () => this.#streams.delete(stream))
    return stream
  }

  /**
   * Cancels the calls that are still under way with RST_STREAM CANCEL, waits up to a second until their last frames are
   * written, and ends the connection. A call made later connects again.
   */
  async close(): Promise<void> {
    const closing = [...this.#streams].map(
      (stream) => new Promise<void>((resolve) => stream.close(constants.NGHTTP2_CANCEL, resolve)),
    )
    if (closing.length > 0) await withinMs(LINGER_MS, Promise.all(closing))
    this.abort()
  }
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
