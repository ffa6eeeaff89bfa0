/** What a call over plain HTTP has beside its attempts: a deadline, a signal, and what the service config says of it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { OpenCall } from '../channel/channel.ts'
import type { CallConfig } from '../rpc/call-config.ts'
import { CallDeadline } from '../rpc/call-deadline.ts'
import { abortError, deadlineError } from '../rpc/call-errors.ts'
import type { CallParts } from '../rpc/call-init.ts'
import type { CallTrace } from '../rpc/call-observer.ts'
import { type MethodSettings, UNKNOWN_SETTINGS } from '../rpc/method-settings.ts'
import type { HttpPlan } from './http-plan.ts'

/** A call as it is asked for. */
export interface HttpCallInit {
  readonly plan: HttpPlan
  readonly parts: CallParts
  /** The target of the channel as it was given. */
  readonly target: string
  /** Metadata. */
  readonly header: Headers
  readonly signal: AbortSignal | undefined
  /** From now on, in milliseconds; undefined: no deadline but that of the service config. */
  readonly timeoutMs: number | undefined
  /** Undefined: as the service config says. */
  readonly waitsForReady: boolean | undefined
}

const NO_TIMEOUT = Number.POSITIVE_INFINITY

/** From the moment at which it is asked for to its end. The first of `succeed` and `fail` counts. */
export class HttpCall implements OpenCall {
  readonly init: HttpCallInit
  /** What holds for it, once `configure` has settled. */
  settings: MethodSettings = UNKNOWN_SETTINGS
  /** Null: nobody follows it. */
  readonly trace: CallTrace | null
  /** Tells what it is that the call waits for, as the end of a sentence. Set by whoever waits. */
  waitedFor: () => string = () => ''
  readonly #controller = new AbortController()
  readonly #beganAtMs: number
  #deadline: CallDeadline | null = null
  #onAbort: (() => void) | null = null
  #isOver = false

  constructor(init: HttpCallInit) {
    const { plan, parts, target, header, signal, timeoutMs } = init
    this.init = init
    this.#beganAtMs = parts.timers.clock.now()
    this.trace = parts.observer?.onCall({ method: plan.method, target, header }) ?? null
    parts.channel.beginCall(this)
    if (timeoutMs !== undefined) this.#setDeadline(timeoutMs)
    if (signal !== undefined) this.#heed(signal)
  }

  /** Aborts when the call is to end, with the error that it ends with. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady ?? this.settings.waitsForReady
  }

  /**
   * What is left of the deadline in milliseconds, above 0; undefined: there is none.
   *
   * @throws ConnectError DEADLINE_EXCEEDED once it has passed
   */
  restMs(): number | undefined {
    const restMs = this.#deadline?.restMs
    if (restMs !== undefined && restMs <= 0) throw this.#deadlineError()
    return restMs
  }

  /** Waits for the resolver's first word on the method, if need be. Rejects with the error that the call ends with. */
  async configure(): Promise<void> {
    const { config } = this.init.parts
    this.signal.throwIfAborted()
    if (config.current !== null) this.#take(config.current)
    else this.#take(await this.#firstConfig())
  }

  onChannelClosed(error: ConnectError): void {
    this.#controller.abort(error)
  }

  /** It went well. */
  succeed(): void {
    if (this.#isOver) return
    this.settings.throttle?.onSuccess()
    this.#end(null)
  }

  /** It did not; returns the error that the caller gets. */
  fail(thrown: unknown): ConnectError {
    const error = this.#judge(ConnectError.from(thrown))
    if (!this.#isOver) this.#end(error)
    return error
  }

  #heed(signal: AbortSignal): void {
    const onAbort = (): void => this.#controller.abort(abortError(signal))
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort)
    this.#onAbort = onAbort
  }

  #firstConfig(): Promise<CallConfig> {
    const { config, channel, timers } = this.init.parts
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        stopWaiting()
        reject(this.signal.reason)
      }
      const stopWaiting = config.whenKnown((known) => {
        this.waitedFor = () => ''
        this.signal.removeEventListener('abort', giveUp)
        this.trace?.onResolved(timers.clock.now() - this.#beganAtMs)
        resolve(known)
      })
      this.waitedFor = () => ' while the target was being resolved'
      this.signal.addEventListener('abort', giveUp)
      channel.connect()
    })
  }

  /** The deadline of the config counts from the beginning of the call too. */
  #take(config: CallConfig): void {
    this.settings = this.init.plan.settingsUnder(config)
    const { timeoutMs } = this.settings
    if (timeoutMs < (this.#deadline?.timeoutMs ?? NO_TIMEOUT)) this.#setDeadline(timeoutMs)
  }

  #setDeadline(timeoutMs: number): void {
    const { timers } = this.init.parts
    const restMs = timeoutMs - (timers.clock.now() - this.#beganAtMs)
    this.#deadline?.cancel()
    this.#deadline = new CallDeadline(timers, { timeoutMs, restMs }, () => {
      this.#controller.abort(this.#deadlineError())
    })
  }

  /** The server may have seen the deadline pass first. */
  #judge(error: ConnectError): ConnectError {
    if (this.signal.aborted) return ConnectError.from(this.signal.reason)
    const isLate = this.#deadline !== null && this.#deadline.restMs <= 0
    return error.code === Code.Canceled && isLate ? this.#deadlineError() : error
  }

  #deadlineError(): ConnectError {
    return deadlineError(this.#deadline?.timeoutMs ?? 0, this.waitedFor())
  }

  #end(error: ConnectError | null): void {
    const { signal, parts } = this.init
    this.#isOver = true
    if (this.#onAbort !== null) signal?.removeEventListener('abort', this.#onAbort)
    this.#deadline?.cancel()
    this.#controller.abort(error ?? new ConnectError('the call is over', Code.Canceled))
    parts.channel.endCall(this, error === null)
    this.trace?.onEnd(error)
  }
}
