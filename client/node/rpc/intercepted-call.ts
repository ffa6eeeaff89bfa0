/** Runs the interceptors of a transport around a call, within its deadline and signal. */
import type { Message } from '@bufbuild/protobuf'
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import { CallDeadline } from './call-deadline.ts'
import { deadlineError, leftError, toCallError } from './call-errors.ts'
import { CallerSignal, type SignalListener } from './caller-signal.ts'
import { checkedResult, dropRejection, iteratorOf, leaveMessages } from './message-iterators.ts'

/** Options of an intercepted call. */
export interface InterceptedInit {
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  readonly timers: TimerWheel
  readonly signal: AbortSignal | undefined
  /** The timeout in milliseconds; undefined for no deadline. */
  readonly timeoutMs: number | undefined
}

/** A call inside the interceptors, which may make none, or several. */
export interface InnerCall {
  /** Returns what it waits for, as the end of a sentence; empty for the response. */
  waitedFor(): string
  /** Cancels the call. Does nothing once it has ended. */
  cancel(error: ConnectError): void
}

type Next = (request: UnaryRequest | StreamRequest) => Promise<UnaryResponse | StreamResponse>

/**
 * A call of a transport with interceptors. It ends with their result, at its deadline, or by its signal. In the latter two cases the inner
 * calls end first, and what interceptors make of their error within a turn of the event loop is still the result.
 */
export class InterceptedCall implements SignalListener {
  readonly #init: InterceptedInit
  readonly #controller = new AbortController()
  readonly #signal: CallerSignal | null
  readonly #calls = new Set<InnerCall>()
  /** The operations that wait for an interceptor. */
  readonly #waiting = new Set<() => void>()
  #deadline: CallDeadline | null = null
  #input: AsyncIterator<unknown> | null = null
  #error: ConnectError | null = null
  #isOver = false

  constructor(init: InterceptedInit) {
    this.#init = init
    this.#signal = init.signal === undefined ? null : new CallerSignal(init.signal, this)
  }

  /** Aborts when the call ends, even after a success, as in Connect. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Null without a deadline. */
  get deadline(): CallDeadline | null {
    return this.#deadline
  }

  /** Called by the signal of the caller, whose reason is passed to interceptors. */
  onAborted(error: ConnectError, reason: unknown): void {
    this.#end(error, reason)
  }

  /** Registers an inner call. `leave` must follow. */
  enter(call: InnerCall): void {
    this.#calls.add(call)
  }

  /** Unregisters an inner call. */
  leave(call: InnerCall): void {
    this.#calls.delete(call)
  }

  /** Runs a unary call. */
  async unary(request: UnaryRequest, next: Next): Promise<UnaryResponse> {
    try {
      const response = await this.#run(request, next)
      this.#end(null)
      return response as UnaryResponse
    } catch (thrown) {
      throw this.fail(thrown)
    }
  }

  /** Runs a streaming call, which ends when its messages are read. `input` has the messages of the caller. */
  async stream(request: StreamRequest, next: Next, input: AsyncIterator<unknown>): Promise<StreamResponse> {
    this.#input = input
    try {
      const response = (await this.#run(request, next)) as StreamResponse
      return { ...response, message: new InterceptedMessages(iteratorOf(response.message), this) }
    } catch (thrown) {
      throw this.fail(thrown)
    }
  }

  /** Waits for an interceptor, until the call ends. */
  whileOpen<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(this.#error)
      const settle = (how: () => void): void => {
        this.#waiting.delete(giveUp)
        how()
      }
      this.#waiting.add(giveUp)
      work.then(
        (value) => settle(() => resolve(value)),
        (thrown: unknown) => settle(() => reject(thrown)),
      )
      if (this.#error !== null) this.#giveUpSoon()
    })
  }

  /** Ends the call successfully, after its last message was read. */
  succeed(): void {
    this.#end(null)
  }

  /** Ends the call with an error, unless it has ended. Returns the error for the caller. */
  fail(thrown: unknown): ConnectError {
    const error = toCallError(thrown, Code.Unknown)
    this.#end(error)
    return this.#error ?? error
  }

  async #run(request: UnaryRequest | StreamRequest, next: Next): Promise<UnaryResponse | StreamResponse> {
    const { interceptors, timers, timeoutMs } = this.#init
    this.#signal?.heed()
    if (timeoutMs !== undefined && !this.#isOver) {
      this.#deadline = new CallDeadline(timers, { timeoutMs, restMs: timeoutMs }, () => this.#onDeadline(timeoutMs))
    }
    const run = interceptors.reduceRight<Next>(wrap, next)
    const response = await this.whileOpen((async () => run(request))())
    if (typeof response === 'object' && response !== null) return response
    throw new ConnectError('an interceptor answered without a response', Code.Internal)
  }

  #onDeadline(timeoutMs: number): void {
    const [...calls] = this.#calls
    const error = deadlineError(timeoutMs, calls.at(-1)?.waitedFor() ?? ' in an interceptor')
    this.#end(error)
  }

  #end(error: ConnectError | null, reason: unknown = error ?? OVER): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#deadline?.cancel()
    this.#signal?.leave()
    for (const call of [...this.#calls]) call.cancel(error ?? OVER)
    this.#controller.abort(reason)
    if (this.#input !== null) leaveMessages(this.#input, error)
    if (error !== null) this.#giveUpSoon()
  }

  #giveUpSoon(): void {
    setImmediate(() => {
      for (const giveUp of [...this.#waiting]) giveUp()
    })
  }
}

function wrap(inner: Next, interceptor: Interceptor): Next {
  const outer: unknown = interceptor(inner)
  if (typeof outer === 'function') return outer as Next
  dropRejection(outer)
  throw new TypeError('an interceptor is made by a function that does not return a function')
}

/** The signal's reason after a successful call. */
const OVER = new ConnectError('the call is over', Code.Canceled)

/** The messages that pass through interceptors. Can be read once. */
class InterceptedMessages implements AsyncIterableIterator<Message> {
  readonly #messages: AsyncIterator<Message>
  readonly #call: InterceptedCall

  constructor(messages: AsyncIterator<Message>, call: InterceptedCall) {
    this.#messages = messages
    this.#call = call
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Message>> {
    try {
      const result = checkedResult(await this.#call.whileOpen((async () => this.#messages.next())()))
      if (result.done === true) this.#call.succeed()
      return result
    } catch (thrown) {
      throw this.#call.fail(thrown)
    }
  }

  /** Ends the call, without waiting for the cleanup of interceptors. */
  async return(): Promise<IteratorResult<Message>> {
    this.#call.fail(leftError())
    leaveMessages(this.#messages, null)
    return { done: true, value: undefined }
  }
}
