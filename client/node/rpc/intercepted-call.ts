/** Runs the interceptors of a transport around a call, and holds them to its deadline and its signal. */
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

/** What interceptors are run with. */
export interface InterceptedInit {
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  readonly timers: TimerWheel
  readonly signal: AbortSignal | undefined
  /** From now on, in milliseconds; undefined: no deadline. */
  readonly timeoutMs: number | undefined
}

/** A call below the interceptors, which may make none, or more than one. */
export interface InnerCall {
  /** What it waits for, as the end of a sentence; empty: for its answer. */
  waitedFor(): string
  /** Ends it. Harmless once it is over. */
  cancel(error: ConnectError): void
}

type Next = (request: UnaryRequest | StreamRequest) => Promise<UnaryResponse | StreamResponse>

/**
 * One call of a transport with interceptors. It ends with their answer, by its deadline, or by its signal. When one of those two
 * ends it, the calls below end first: what interceptors make of their error within a turn of the event loop is still the answer.
 */
export class InterceptedCall implements SignalListener {
  readonly #init: InterceptedInit
  readonly #controller = new AbortController()
  readonly #signal: CallerSignal | null
  readonly #calls = new Set<InnerCall>()
  /** Those that wait for an interceptor. */
  readonly #waiting = new Set<() => void>()
  #deadline: CallDeadline | null = null
  #input: AsyncIterator<unknown> | null = null
  #error: ConnectError | null = null
  #isOver = false

  constructor(init: InterceptedInit) {
    this.#init = init
    this.#signal = init.signal === undefined ? null : new CallerSignal(init.signal, this)
  }

  /** Aborts when the call is over, also when it went well, as interceptors know it from Connect. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Null: there is none. */
  get deadline(): CallDeadline | null {
    return this.#deadline
  }

  /** From the signal of the caller, whose reason the signal of the interceptors has. */
  onAborted(error: ConnectError, reason: unknown): void {
    this.#end(error, reason)
  }

  /** From a call below: it begins; `leave` follows. */
  enter(call: InnerCall): void {
    this.#calls.add(call)
  }

  /** From a call below: it is over. */
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

  /** Runs a streaming call, which is over when its messages are read. `input` is where those of the caller come from. */
  async stream(request: StreamRequest, next: Next, input: AsyncIterator<unknown>): Promise<StreamResponse> {
    this.#input = input
    try {
      const response = (await this.#run(request, next)) as StreamResponse
      return { ...response, message: new InterceptedMessages(iteratorOf(response.message), this) }
    } catch (thrown) {
      throw this.fail(thrown)
    }
  }

  /** Waits for an interceptor, but not longer than for the call. */
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

  /** It went well: its last message was read. */
  succeed(): void {
    this.#end(null)
  }

  /** It did not, or had ended before; returns the error that the caller gets. */
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

/** The reason of the signal of a call that went well. */
const OVER = new ConnectError('the call is over', Code.Canceled)

/** The messages that come through interceptors. To be read once. */
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

  /** Ends the call. What interceptors clean up is not waited for. */
  async return(): Promise<IteratorResult<Message>> {
    this.#call.fail(leftError())
    leaveMessages(this.#messages, null)
    return { done: true, value: undefined }
  }
}
