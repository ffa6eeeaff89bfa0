/** Calls the HTTP API of a registry by Node's own client. */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../../wire/http2/http2.ts'
import { clipSentence } from '../../wire/text/clip-text.ts'

/** Where the API is. */
export interface HttpApiOptions {
  /** An `http:` or `https:` URL; its path precedes that of each request. */
  readonly baseUrl: URL
  /** The certificates of new connections. Null for `http:`. */
  readonly tls: HttpApiTls | null
  readonly clock: Clock
}

/** How to verify the server. */
export interface HttpApiTls {
  secureContext(): SecureContext
  /** The name that the certificate must match. Default: the host of the URL. */
  readonly servername?: string | undefined
  /** Whether to accept any certificate. */
  readonly insecure?: boolean | undefined
}

/** A request. */
export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'PUT' | 'DELETE'
  /** From its slash to its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The token among the headers, which no error shows, even if the response quotes it. Default: none. */
  readonly token?: string | undefined
  readonly body?: string
  /** The time limit until the head of the response. */
  readonly headTimeoutMs: number
  /** The time limit until the end of the response. */
  readonly timeoutMs: number
  /** Aborts the request and its response. */
  readonly signal: AbortSignal
}

/** A response that is not successful. */
export class ApiError extends Error {
  readonly status: number
  readonly #body: string

  constructor(message: string, status: number, body: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.#body = body
  }

  /** The start of the body. Loggers do not show it, as the message quotes what counts. */
  get body(): string {
    return this.#body
  }
}

/** The largest response that is read as a whole: tens of thousands of endpoints. */
const MAX_BODY_BYTES = 33_554_432

const MAX_ERROR_BYTES = 4_096

/** After this time without traffic the kernel checks that the server still exists. */
const TCP_KEEPALIVE_MS = 20_000

/**
 * Uses a new connection for each request: requests are rare, most wait for a change for minutes, and none meets a connection that
 * the server or a middlebox has closed meanwhile. Redirects are errors, as requests may carry a token.
 */
export class HttpApi {
  readonly #options: HttpApiOptions

  constructor(options: HttpApiOptions) {
    this.#options = options
  }

  /**
   * Returns a successful response, whose body the caller reads or destroys.
   *
   * @throws ApiError for a status other than 2xx
   * @throws Error if there is no response
   */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    const response = await this.#exchange(request)
    const { statusCode: status = 0 } = response
    if (status >= 200 && status < 300) return response
    const body = withoutToken(await readStart(response), request.token)
    const reason = body.trim() === '' ? '' : `: ${clipSentence(body.trim())}`
    const [path = ''] = request.path.split('?')
    throw new ApiError(`${request.method} ${path} has status ${status}${reason}`, status, body)
  }

  /**
   * Returns the head and the text of a successful response.
   *
   * @throws ApiError for a status other than 2xx
   * @throws Error if there is no response, or one that is too large
   */
  async read(request: ApiRequest): Promise<{ head: IncomingMessage; text: string }> {
    const head = await this.open(request)
    return { head, text: await readAll(head) }
  }

  /** Returns any response. */
  async #exchange(request: ApiRequest): Promise<IncomingMessage> {
    const { signal, headTimeoutMs, timeoutMs } = request
    signal.throwIfAborted()
    const { clock, baseUrl } = this.#options
    const outgoing = this.#start(request)
    let response: IncomingMessage | null = null
    const end = (reason: string): void => {
      ;(response ?? outgoing).destroy(new Error(`${baseUrl.origin} ${reason}`))
    }
    const onAbort = () => end('is not needed any more')
    const headTimer = clock.schedule(() => end(`has not answered within ${headTimeoutMs} ms`), headTimeoutMs)
    const endTimer = clock.schedule(() => end(`has not answered in full within ${timeoutMs} ms`), timeoutMs)
    signal.addEventListener('abort', onAbort)
    outgoing.once('close', () => {
      endTimer.cancel()
      headTimer.cancel()
      signal.removeEventListener('abort', onAbort)
    })
    const answer = answerTo(outgoing, baseUrl)
    outgoing.end(request.body)
    response = await answer
    headTimer.cancel()
    return response
  }

  #start({ method, path, headers, body }: ApiRequest): ClientRequest {
    const { baseUrl, tls } = this.#options
    const options = {
      // Uses a new connection, and does not keep it.
      agent: false,
      method,
      host: baseUrl.hostname.replace(/^\[|\]$/g, ''),
      port: baseUrl.port === '' ? (tls === null ? 80 : 443) : Number(baseUrl.port),
      path: baseUrl.pathname.replace(/\/$/, '') + path,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    }
    const outgoing = tls === null ? requestHttp(options) : requestHttps({ ...options, ...tlsOptionsOf(tls) })
    outgoing.setSocketKeepAlive(true, TCP_KEEPALIVE_MS)
    // Only resolvers send GET. A watch must not keep the process alive: the calls of its channel do.
    if (method === 'GET') outgoing.once('socket', (socket) => socket.unref())
    return outgoing
  }
}

/** Node reports no error for a connection that a server switches to another protocol (status 101), and only closes it. */
function answerTo(outgoing: ClientRequest, { origin }: URL): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  outgoing.once('response', resolve)
  // Errors after the response are those of its body.
  outgoing.on('error', reject)
  outgoing.once('close', () => reject(new Error(`${origin} closed the connection without an answer`)))
  return promise
}

function tlsOptionsOf({ servername, insecure, ...tls }: HttpApiTls) {
  return {
    secureContext: tls.secureContext(),
    rejectUnauthorized: insecure !== true,
    ...(servername !== undefined && { servername }),
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new RangeError(`the response has more than ${MAX_BODY_BYTES} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Before the text is clipped, as the start of a token is a secret, too. */
function withoutToken(text: string, token: string | undefined): string {
  return token === undefined ? text : text.replaceAll(token, '[token]')
}

/** Returns the start of a body, also of one that ends early. */
async function readStart(response: IncomingMessage): Promise<string> {
  let text = ''
  try {
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk
      if (text.length >= MAX_ERROR_BYTES) break
    }
  } catch {
    // The status says enough.
  }
  return text
}
