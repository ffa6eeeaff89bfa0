/** Keeps a stream of answers open on a connection, for what a client asks its servers by itself (gRFC A17, A51). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, HeaderSource, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { type Backoff, backoffDelayMs } from '../../core/backoff.ts'
import type { StandingListener, StandingRequest, SubchannelConnection } from '../contracts/subchannel.ts'
import type { OwnHeads } from './own-requests.ts'
import { ServerStream } from './server-stream.ts'

/** What a standing stream works with. */
export interface StandingStreamParts {
  readonly clock: Clock
  /** How long to wait after an attempt that brought nothing. */
  readonly backoff: Backoff
  /** A number from 0 to below 1. */
  readonly random: () => number
  readonly headOf: OwnHeads
}

/**
 * One stream on one connection at a time. It takes its place among the others that the server allows, waits for one if need be,
 * and is begun anew whenever it ends: at once if it brought anything, else after a backoff; never if the server does not
 * know the method.
 */
export class StandingStream {
  readonly #parts: StandingStreamParts
  readonly #request: StandingRequest
  readonly #listener: StandingListener
  #connection: SubchannelConnection | null = null
  #stream: ServerStream | null = null
  /** Ends the wait for credentials. */
  #fetching: AbortController | null = null
  #leavePlace: (() => void) | null = null
  #timer: ScheduledTimer | null = null
  /** Attempts in a row that brought nothing. */
  #failures = 0
  #hasAnswered = false

  constructor(parts: StandingStreamParts, request: StandingRequest, listener: StandingListener) {
    this.#parts = parts
    this.#request = request
    this.#listener = listener
  }

  /** There is a connection; the one before was closed. */
  open(connection: SubchannelConnection): void {
    this.#connection = connection
    this.#failures = 0
    this.#start()
  }

  /** The connection takes no more, or nobody wants to know any more. */
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
      // Whatever its code says: the server has said nothing.
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
      // A connection that has no room even now is leaving, and whoever owns it closes this stream.
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
      // Not from within whatever method has led here.
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
