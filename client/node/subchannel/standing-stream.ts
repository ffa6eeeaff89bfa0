/** Keeps a response stream open on a connection, for the client's own requests for health and load (gRFC A17, A51). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, HeaderSource, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { type Backoff, backoffDelayMs } from '../../core/backoff.ts'
import type { StandingListener, StandingRequest, SubchannelConnection } from '../contracts/subchannel.ts'
import type { OwnHeads } from './own-requests.ts'
import { ServerStream } from './server-stream.ts'

/** What a standing stream depends on. */
export interface StandingStreamParts {
  readonly clock: Clock
  /** The backoff after an attempt without a message. */
  readonly backoff: Backoff
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
  readonly headOf: OwnHeads
}

/**
 * One stream on one connection at a time. It counts against the server's limit of streams, and waits for room if necessary. Whenever it ends,
 * it is opened again: immediately if it had a message, else after a backoff; never if the server does not implement the method.
 */
export class StandingStream {
  readonly #parts: StandingStreamParts
  readonly #request: StandingRequest
  readonly #listener: StandingListener
  #connection: SubchannelConnection | null = null
  #stream: ServerStream | null = null
  /** Aborts the wait for credentials. */
  #fetching: AbortController | null = null
  #leavePlace: (() => void) | null = null
  #timer: ScheduledTimer | null = null
  /** Number of attempts in a row without a message. */
  #failures = 0
  #hasAnswered = false

  constructor(parts: StandingStreamParts, request: StandingRequest, listener: StandingListener) {
    this.#parts = parts
    this.#request = request
    this.#listener = listener
  }

  /** Opens the stream on a new connection. The previous one was closed. */
  open(connection: SubchannelConnection): void {
    this.#connection = connection
    this.#failures = 0
    this.#start()
  }

  /** Closes the stream: the connection takes no more, or the stream is no longer needed. */
  close(): void {
    this.#connection = null
    this.#timer?.cancel()
    this.#timer = null
    this.#fetching?.abort(closedError())
    this.#fetching = null
    this.#leavePlace?.()
    this.#leavePlace = null
    this.#stream?.cancel()
    this.#stream = null
  }

  #start(): void {
    const fetching = new AbortController()
    const head = this.#parts.headOf(this.#request.path, fetching.signal)
    this.#hasAnswered = false
    if (head instanceof Promise) void this.#startWith(head, fetching)
    else this.#findPlace(head)
  }

  async #startWith(making: Promise<HeaderSource>, fetching: AbortController): Promise<void> {
    this.#fetching = fetching
    try {
      const head = await making
      if (!fetching.signal.aborted) this.#findPlace(head)
    } catch (thrown) {
      // The server has not answered, whatever the code.
      if (!fetching.signal.aborted) this.#startAgain(ConnectError.from(thrown, Code.Internal))
    }
  }

  #findPlace(head: HeaderSource): void {
    const connection = this.#connection
    if (connection === null) return
    if (connection.canRequest) {
      this.#startOn(connection, head)
      return
    }
    this.#leavePlace = connection.whenCapacity(() => {
      this.#leavePlace = null
      // A connection without room here is leaving, and its owner closes this stream.
      if (connection.canRequest) this.#startOn(connection, head)
    })
  }

  #startOn(connection: SubchannelConnection, head: HeaderSource): void {
    const stream = new ServerStream({
      head,
      message: this.#request.message,
      onMessage: (data) => {
        this.#listener.onMessage(data)
        this.#hasAnswered = true
      },
      onEnd: (error) => this.#onEnd(error),
    })
    this.#stream = stream
    try {
      stream.start(connection)
    } catch (error) {
      // Asynchronously, as the caller may be a method of the subchannel.
      const fault = ConnectError.from(error, Code.Internal)
      this.#timer = this.#parts.clock.schedule(() => this.#onEnd(fault), 0)
    }
  }

  #onEnd(error: ConnectError | null): void {
    this.#timer = null
    this.#stream = null
    if (error?.code === Code.Unimplemented) {
      this.#listener.onUnimplemented(error)
      return
    }
    this.#startAgain(error ?? new ConnectError('the server ended the stream', Code.Unavailable))
  }

  #startAgain(error: ConnectError): void {
    this.#failures = this.#hasAnswered ? 0 : this.#failures + 1
    this.#listener.onFailed(error)
    if (this.#connection === null) return
    const { clock, backoff, random } = this.#parts
    const delayMs = this.#failures === 0 ? 0 : backoffDelayMs(backoff, this.#failures, random)
    this.#timer = clock.schedule(() => this.#retry(), delayMs)
  }

  #retry(): void {
    this.#timer = null
    this.#listener.onRetry()
    this.#start()
  }
}

function closedError(): ConnectError {
  return new ConnectError('the stream is closed', Code.Canceled)
}
