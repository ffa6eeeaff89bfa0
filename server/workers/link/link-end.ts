/** One end of a link between two processes. */
import { deserialize, serialize } from 'node:v8'
import { type Clock, type ScheduledTimer, systemClock } from '../../../wire/http2/http2.ts'
import { type ProcessLink, type RequestOptions, WorkerError } from '../contracts/worker-link.ts'
import { LINK_LIMITS, type LinkLimits, LinkQueue, type LinkTransport } from './link-queue.ts'

const DEFAULT_TIMEOUT_MS = 10_000

/** What ends of workers and of the primary can be given. */
export interface LinkSettings {
  /** Default: those of {@link LINK_LIMITS}. */
  readonly limits?: Partial<LinkLimits>
  /** Default: the clock of the process. */
  readonly clock?: Clock
}

/** What an end works with. */
export interface LinkEndParts extends LinkSettings {
  /** The number of the worker, at either end. */
  readonly id: number
  /** The name of the other process in errors: `worker 3`. */
  readonly peer: string
  readonly transport: LinkTransport
  /** Answers a request of the other process. */
  answer(channel: string, payload: unknown): Promise<unknown>
  /** Receives a message of the other process. */
  deliver(channel: string, payload: unknown): void
}

/** What the processes exchange, each serialized alone, so that its size is known when it is queued. */
type Frame =
  | readonly ['message', channel: string, payload: unknown]
  | readonly ['request', channel: string, payload: unknown, id: number]
  | readonly ['response', id: number, payload: unknown]
  | readonly ['failure', id: number, message: string, code: string | undefined]

interface OpenRequest {
  readonly channel: string
  readonly timer: ScheduledTimer
  resolve(payload: unknown): void
  reject(error: Error): void
}

/** Sends requests and messages, and receives those of the other end. */
export class LinkEnd implements ProcessLink {
  readonly id: number
  readonly #parts: LinkEndParts
  readonly #limits: LinkLimits
  readonly #queue: LinkQueue
  readonly #clock: Clock
  readonly #requests = new Map<number, OpenRequest>()
  #lastRequest = 0
  #hasEnded = false

  constructor(parts: LinkEndParts) {
    this.id = parts.id
    this.#parts = parts
    this.#limits = { ...LINK_LIMITS, ...parts.limits }
    this.#queue = new LinkQueue(parts.transport, this.#limits)
    this.#clock = parts.clock ?? systemClock
  }

  send(channel: string, payload: unknown): boolean {
    const frame = encode(['message', channel, payload])
    if (this.#hasEnded || this.#queue.isFull(frame.length)) return false
    this.#queue.add(frame)
    return true
  }

  /** Sends a message also when too much waits. For the few that the life of a process depends on. */
  sendAlways(channel: string, payload: unknown): void {
    this.#queue.add(encode(['message', channel, payload]))
  }

  async request(channel: string, payload: unknown, options: RequestOptions = {}): Promise<unknown> {
    if (this.#hasEnded) throw this.#ended()
    this.#lastRequest += 1
    const id = this.#lastRequest
    const frame = encode(['request', channel, payload, id])
    if (this.#queue.isFull(frame.length) || this.#requests.size >= this.#limits.maxOpenRequests) {
      throw this.#stalled(channel, 'too much waits for it')
    }
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = this.#clock.schedule(() => {
      this.#requests.delete(id)
      reject(this.#stalled(channel, `no response within ${timeoutMs} ms`))
    }, timeoutMs)
    this.#requests.set(id, { channel, timer, resolve, reject })
    this.#queue.add(frame)
    return promise
  }

  /** Takes a batch of the other end. */
  receive(batch: readonly Uint8Array[]): void {
    for (const bytes of batch) {
      if (this.#hasEnded) return
      this.#onFrame(deserialize(bytes) as Frame)
    }
  }

  /** The other process has ended: fails all open requests. What is read of it later has no effect. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#queue.close()
    for (const id of this.#requests.keys()) this.#take(id)?.reject(this.#ended())
  }

  #onFrame(frame: Frame): void {
    switch (frame[0]) {
      case 'message':
        this.#parts.deliver(frame[1], frame[2])
        break
      case 'request':
        void this.#answer(frame[1], frame[2], frame[3])
        break
      case 'response':
        this.#take(frame[1])?.resolve(frame[2])
        break
      case 'failure':
        this.#take(frame[1])?.reject(new WorkerError(frame[2], frame[3]))
        break
    }
  }

  /** Responses are never refused: there are at most as many as the other end has open requests. */
  async #answer(channel: string, payload: unknown, id: number): Promise<void> {
    try {
      this.#queue.add(encode(['response', id, await this.#parts.answer(channel, payload)]))
    } catch (error) {
      const { message = String(error), code } = (error ?? {}) as Partial<NodeJS.ErrnoException>
      this.#queue.add(encode(['failure', id, String(message), code === undefined ? undefined : String(code)]))
    }
  }

  #take(id: number): OpenRequest | undefined {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    request?.timer.cancel()
    return request
  }

  #ended(): WorkerError {
    return new WorkerError(`${this.#parts.peer} has ended`, 'ERR_WORKER_ENDED')
  }

  #stalled(channel: string, reason: string): WorkerError {
    return new WorkerError(`${this.#parts.peer} does not answer "${channel}": ${reason}`, 'ERR_WORKER_STALLED')
  }
}

function encode(frame: Frame): Uint8Array {
  return serialize(frame)
}
