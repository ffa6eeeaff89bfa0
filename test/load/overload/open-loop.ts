/** Load that does not wait for answers: calls start at fixed times, as those of many independent clients do. */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'

/** A call that is over. */
export interface LoadedCall {
  /** When it started, in milliseconds from the start of the load. */
  readonly atMs: number
  readonly latencyMs: number
  /** `late`: not answered within its deadline. */
  readonly outcome: 'ok' | 'shed' | 'late'
}

/** How much load. */
export interface OpenLoop {
  readonly perSecond: number
  readonly forMs: number
}

/** Clients give up after this time. */
export const DEADLINE_MS = 1_000

/** Enough streams that no call waits for a free one. */
const CONNECTIONS = 32
const UNAVAILABLE = '14'
const EMPTY_MESSAGE = Buffer.alloc(5)
/** A generator that gets no processor for a while does not make up for all of it at once. */
const MAX_BURST_MS = 20
/** A server that does not answer at all. */
const GIVE_UP_MS = 5_000

/** A client with many connections, of gRPC calls with an empty message. */
export class LoadClient implements AsyncDisposable {
  readonly #origin: string
  readonly #sessions: ClientHttp2Session[]
  readonly #head: Record<string, string>
  #calls = 0

  private constructor(origin: string, path: string) {
    this.#origin = origin
    this.#sessions = Array.from({ length: CONNECTIONS }, () => openSession(origin))
    this.#head = {
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      'grpc-timeout': `${DEADLINE_MS}m`,
      te: 'trailers',
    }
  }

  static async open(origin: string, path: string): Promise<LoadClient> {
    const client = new LoadClient(origin, path)
    await Promise.all(client.#sessions.map((session) => once(session, 'remoteSettings')))
    return client
  }

  /** Calls without pause, a number at a time, and returns how many calls were answered. */
  async saturate(atOnce: number, forMs: number): Promise<number> {
    const endMs = performance.now() + forMs
    let answered = 0
    const call = async (): Promise<void> => {
      while (performance.now() < endMs) if ((await this.#call()) === 'ok') answered++
    }
    await Promise.all(Array.from({ length: atOnce }, call))
    return answered
  }

  /** Runs a load, and waits for its last call. Calls that this process could not start in time are left out. */
  async run({ perSecond, forMs }: OpenLoop): Promise<LoadedCall[]> {
    const calls: Promise<LoadedCall>[] = []
    const startMs = performance.now()
    let startedUntilMs = 0
    while (startedUntilMs < forMs) {
      await sleep(1)
      const nowMs = Math.min(forMs, performance.now() - startMs)
      const fromMs = Math.max(startedUntilMs, nowMs - MAX_BURST_MS)
      const due = Math.floor((nowMs * perSecond) / 1_000) - Math.floor((fromMs * perSecond) / 1_000)
      for (let index = 0; index < due; index++) calls.push(this.#timed(nowMs))
      startedUntilMs = nowMs
    }
    return Promise.all(calls)
  }

  async #timed(atMs: number): Promise<LoadedCall> {
    const startMs = performance.now()
    const outcome = await this.#call()
    return { atMs, outcome, latencyMs: performance.now() - startMs }
  }

  #call(): Promise<LoadedCall['outcome']> {
    const index = this.#calls++ % CONNECTIONS
    let session = this.#sessions[index]
    if (session === undefined || session.closed || session.destroyed) {
      session = openSession(this.#origin)
      this.#sessions[index] = session
    }
    return answerOf(session.request(this.#head))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy()
  }
}

/** A server without a limit may close connections; the next call opens another one. */
function openSession(origin: string): ClientHttp2Session {
  return connect(origin).on('error', () => {})
}

function answerOf(stream: ClientHttp2Stream): Promise<LoadedCall['outcome']> {
  return new Promise((resolve) => {
    let status: string | undefined
    const note = (headers: IncomingHttpHeaders): void => {
      status ??= headers['grpc-status'] as string | undefined
    }
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), GIVE_UP_MS)
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('error', () => {})
    stream.on('close', () => {
      clearTimeout(timer)
      resolve(status === '0' ? 'ok' : status === UNAVAILABLE ? 'shed' : 'late')
    })
    stream.resume()
    stream.end(EMPTY_MESSAGE)
  })
}
