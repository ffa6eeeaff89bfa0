/** Sends REST requests exactly as they are generated, and reads the whole response. */
import { Agent, type IncomingMessage, request as startRequest } from 'node:http'
import { text } from 'node:stream/consumers'

/** What is sent. */
export interface WireRequest {
  readonly verb: string
  /** Path and query; nothing of it is normalised. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for none. */
  readonly body: string | null
}

/** What came back. */
export interface WireResponse {
  /** 0 if the server closed the connection without a response, or within it. */
  readonly status: number
  /** Names are in lower case; the values of repeated ones are joined with commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly trailers: Readonly<Record<string, string>>
  readonly body: string
}

const TIMEOUT_MS = 10_000

/** A client with one connection to a port of this machine. */
export class RestClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** Sends a request. Rejects if nothing comes back within ten seconds. */
  async send({ verb, target, headers, body }: WireRequest): Promise<WireResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = startRequest({
      agent: this.#agent,
      host: '127.0.0.1',
      port: this.#port,
      method: verb,
      path: target,
      headers: { ...headers, ...length },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    request.on('response', resolve)
    request.on('error', reject)
    request.end(body ?? undefined)
    try {
      return await readResponse(await promise)
    } catch (error) {
      if (!isCut(error)) throw new Error(`${verb} ${target}`, { cause: error })
      return { status: 0, headers: {}, trailers: {}, body: '' }
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

async function readResponse(response: IncomingMessage): Promise<WireResponse> {
  const body = await text(response)
  return {
    status: response.statusCode ?? 0,
    headers: joined(response.headersDistinct),
    trailers: joined(response.trailersDistinct),
    body,
  }
}

function joined(fields: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, values = []]) => [name, values.join(', ')]))
}

function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
