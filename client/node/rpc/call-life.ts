/** The lifetime of a call, apart from its attempts: start, wait for the config, deadline, signal, and one end. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { OpenCall } from '../channel/channel.ts'
import type { CallConfig, CallConfigSource } from '../service-config/call-config.ts'
import { CallDeadline } from './call-deadline.ts'
import { deadlineError, toCallError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import { CallReport } from './call-report.ts'
import { CallerSignal, type SignalListener } from './caller-signal.ts'
import type { InnerCall } from './intercepted-call.ts'
import { type MethodSettings, UNKNOWN_SETTINGS } from './method-plan.ts'

const NO_TIMEOUT = Number.POSITIVE_INFINITY

/** However it ends, `leave` and then `finish` are called once, and everything is released. */
export abstract class CallLife implements OpenCall, InnerCall, SignalListener {
  protected readonly init: CallInit
  /** The settings, valid from `prepare` on. */
  protected settings: MethodSettings = UNKNOWN_SETTINGS
  /** Null if it is not observed. */
  protected report: CallReport | null = null
  protected isOver = false
  #deadline: CallDeadline | null = null
  #signal: CallerSignal | null = null
  #stopWaiting: (() => void) | null = null

  constructor(init: CallInit) {
    this.init = init
  }

  get timers(): TimerWheel {
    return this.init.parts.timers
  }

  nowMs(): number {
    return this.timers.clock.now()
  }

  timeLeftMs(): number | undefined {
    const leftMs = this.#deadline?.restMs
    if (leftMs !== undefined && leftMs <= 0) throw this.deadlineError()
    return leftMs
  }

  onChannelClosed(error: ConnectError): void {
    this.end(error)
  }

  onAborted(error: ConnectError): void {
    this.cancel(error)
  }

  /** Cancels the call, and its requests. Does nothing once it has ended. */
  cancel(error: ConnectError): void {
    this.end(error)
  }

  waitedFor(): string {
    return this.#stopWaiting === null ? this.attemptsWaitFor() : ' while the target was being resolved'
  }

  /** Starts the call. Must be called once. Never throws; a failure ends the call. */
  start(): void {
    const { plan, header, label, signal, timeoutMs, parts, within } = this.init
    this.#deadline = within?.deadline ?? null
    within?.enter(this)
    if (parts.observer !== null) {
      this.report = CallReport.start(parts.observer, { ...describe(plan), header, label }, this.timers.clock)
    }
    parts.channel.beginCall(this)
    try {
      if (signal !== undefined) this.#heed(new CallerSignal(signal, this))
      if (this.isOver) return
      if (timeoutMs !== undefined) this.#shorten(timeoutMs, timeoutMs)
      if (parts.config.current === null) this.#waitForConfig(parts.config)
      else this.#configure(parts.config.current, 0)
    } catch (thrown) {
      this.cancel(toCallError(thrown, Code.Internal))
    }
  }

  /** The settings are known: prepares and sends the request. Called at most once. */
  protected abstract prepare(): void
  /** Returns what its attempts wait for, as the end of a sentence; empty for the response. */
  protected abstract attemptsWaitFor(): string
  /** Ends the attempts. `error` is null for a success. */
  protected abstract leave(error: ConnectError | null): void
  /** Delivers the result to the caller. `error` is null for a success. */
  protected abstract finish(error: ConnectError | null): void

  /** Ends the call. */
  protected end(error: ConnectError | null): void {
    if (this.isOver) return
    this.isOver = true
    const { parts, within } = this.init
    this.#signal?.leave()
    if (this.#deadline !== within?.deadline) this.#deadline?.cancel()
    within?.leave(this)
    this.#stopWaiting?.()
    this.leave(error)
    if (error === null) this.settings.throttle?.onSuccess()
    parts.channel.endCall(this, error === null)
    this.report?.onEnd(error)
    this.finish(error)
  }

  protected isLate(): boolean {
    return this.#deadline !== null && this.#deadline.restMs <= 0
  }

  protected deadlineError(): ConnectError {
    return deadlineError(this.#deadline?.timeoutMs ?? 0, this.waitedFor())
  }

  #heed(signal: CallerSignal): void {
    this.#signal = signal
    signal.heed()
  }

  /** Waits for the config. The deadline applies meanwhile, and that of the config counts from the start of the call, too. */
  #waitForConfig(source: CallConfigSource): void {
    const beganAtMs = this.nowMs()
    this.#stopWaiting = source.whenKnown((config) => {
      if (this.isOver) return
      const waitedMs = this.nowMs() - beganAtMs
      this.#stopWaiting = null
      this.report?.onResolved(waitedMs)
      try {
        this.#configure(config, waitedMs)
      } catch (error) {
        // For example a message that is too large. The call fails, rather than the resolver, which has called back.
        this.cancel(toCallError(error, Code.Internal))
      }
    })
    this.init.parts.channel.connect()
  }

  #configure(config: CallConfig, waitedMs: number): void {
    this.settings = this.init.plan.settingsUnder(config)
    const { timeoutMs } = this.settings
    this.#shorten(timeoutMs, timeoutMs - waitedMs)
    this.prepare()
  }

  /** Applies a deadline if it is earlier. */
  #shorten(timeoutMs: number, restMs: number): void {
    if (restMs >= (this.#deadline?.restMs ?? NO_TIMEOUT)) return
    if (this.#deadline !== this.init.within?.deadline) this.#deadline?.cancel()
    this.#deadline = new CallDeadline(this.timers, { timeoutMs, restMs }, () => this.cancel(this.deadlineError()))
  }
}

function describe({ method, requestPath, protocol, settings }: CallInit['plan']) {
  const { target } = settings
  return { protocol: protocol.name, method, path: requestPath, httpMethod: protocol.httpMethodOf(method), target }
}
