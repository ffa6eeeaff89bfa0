/** What every call does: mind its deadline and its signal, make attempts, settle on one, and end once. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { HeaderSource, Http2Stream, ResponseHead, StreamReset, TimerWheel } from '../../../wire/http2/http2.ts'
import { errorOfReset } from '../../../wire/read-status.ts'
import type { OpenCall } from '../channel/channel.ts'
import type { PickFailure } from '../channel/pick-queue.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { AttemptFailure, AttemptPolicy, AttemptStarter } from './attempt-policy.ts'
import type { CallConfig, CallConfigSource } from './call-config.ts'
import { CallDeadline } from './call-deadline.ts'
import { abortError, deadlineError, outrunError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import type { CallTrace, ObservedAttempt } from './call-observer.ts'
import { requestHead } from './call-plan.ts'
import { Hedging } from './hedging.ts'
import { type MethodSettings, UNKNOWN_SETTINGS } from './method-settings.ts'
import { Retrying } from './retrying.ts'

const NO_HEADER: Headers = new Headers()
const NO_TIMEOUT = Number.POSITIVE_INFINITY
const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([])
const FIRST_ATTEMPT: ObservedAttempt = Object.freeze({ previousAttempts: 0, isTransparentRetry: false, isHedge: false })

/** One call over gRPC. Whatever ends it, `finish` is called once and leaves nothing behind. */
export abstract class ClientCall implements AttemptOwner, AttemptStarter, OpenCall {
  protected readonly init: CallInit
  protected settings: MethodSettings = UNKNOWN_SETTINGS
  /** Those under way. Several where there are hedges, one once the call has settled, none while it waits. */
  protected attempts: readonly Attempt[] = NO_ATTEMPTS
  protected isOver = false
  #policy: AttemptPolicy | null = null
  #wasRefused = false
  #lastFailure: ConnectError | null = null
  #deadline: CallDeadline | null = null
  #onAbort: (() => void) | null = null
  #stopWaiting: (() => void) | null = null
  #trace: CallTrace | null = null

  constructor(init: CallInit) {
    this.init = init
  }

  get path(): string {
    return this.init.plan.path
  }

  get requestHeader(): Headers {
    return this.init.header ?? NO_HEADER
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady ?? this.settings.waitsForReady
  }

  get timers(): TimerWheel {
    return this.init.parts.timers
  }

  nowMs(): number {
    return this.timers.clock.now()
  }

  headOf({ kind, trace }: Attempt): HeaderSource {
    const { plan, header } = this.init
    const timeoutMs = this.#deadline?.restMs
    if (timeoutMs !== undefined && timeoutMs <= 0) throw this.#deadlineError()
    return requestHead(plan, { timeoutMs, header, previousAttempts: kind.previousAttempts, added: trace?.fields })
  }

  startAttempt(kind: ObservedAttempt): void {
    const attempt = new Attempt(this, kind, this.#trace?.onAttempt(kind) ?? null)
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt]
    this.init.parts.channel.pick(attempt)
  }

  onRetryDelay(delayMs: number): void {
    this.#trace?.onRetryDelay(delayMs)
  }

  onAnswer(attempt: Attempt, head: ResponseHead): void {
    this.settleOn(attempt)
    this.answer(attempt, head)
  }

  onFailed(attempt: Attempt, { error, trailers, isDrop }: AttemptFailure & PickFailure): void {
    if (this.isOver) return
    if (this.#isLateCancel(error)) {
      this.cancel(this.#deadlineError())
      return
    }
    this.#lose(attempt, { error, trailers })
    const goesOn = !isDrop && this.canReplay && this.#policyAfterFailure()?.onFailure({ error, trailers }) === true
    if (!goesOn) this.#end(error)
  }

  onReset(attempt: Attempt, stream: Http2Stream, reset: StreamReset): void {
    if (this.#isLate()) this.cancel(this.#deadlineError())
    else if (reset.isUnprocessed && this.#mayRestart(attempt, stream)) this.#restart(attempt, errorOfReset(reset))
    else if (attempt.head === null) {
      this.onFailed(attempt, { error: errorOfReset(reset), trailers: null, isDrop: false })
    } else this.#endWith(attempt, errorOfReset(reset))
  }

  onChannelClosed(error: ConnectError): void {
    this.cancel(error)
  }

  /** Ends the call from our side; servers are told. */
  cancel(error: ConnectError): void {
    if (!this.isOver) this.#end(error)
  }

  abstract onStream(attempt: Attempt, stream: Http2Stream): void
  abstract onReadable(attempt: Attempt, stream: Http2Stream): void
  abstract onWritable(attempt: Attempt): void

  /** Whether another attempt can be sent what was sent so far. */
  protected abstract get canReplay(): boolean
  /** The limits are known: get ready what goes out first, and call `startAttempts`. Once. */
  protected abstract prepare(): void
  /** The call has settled on this attempt, whose answer has begun. */
  protected abstract answer(attempt: Attempt, head: ResponseHead): void
  /** The call is over; null: it went well. Called once. */
  protected abstract finish(error: ConnectError | null): void

  /** Begins; to be called once. */
  protected begin(): void {
    const { plan, header, signal, parts } = this.init
    const { method, settings } = plan
    this.#trace = parts.observer?.onCall({ method, target: settings.target, header }) ?? null
    parts.channel.beginCall(this)
    if (signal !== undefined) this.#heed(signal)
    if (this.isOver) return
    if (parts.config.current === null) this.#waitForConfig(parts.config)
    else this.#configure(parts.config.current, 0)
  }

  /** The first attempt, or the first of several. */
  protected startAttempts(): void {
    if (this.isOver) return
    const { hedging, throttle } = this.settings
    if (hedging === null) {
      this.startAttempt(FIRST_ATTEMPT)
      return
    }
    const policy = new Hedging({ policy: hedging, throttle }, this)
    this.#policy = policy
    policy.start()
  }

  /** There will be no other attempt; those that are under way end. */
  protected settleOn(attempt: Attempt): void {
    this.#policy?.stop()
    if (this.attempts.length === 1) return
    const others = this.attempts.filter((other) => other !== attempt)
    this.attempts = [attempt]
    for (const other of others) this.#abandon(other, outrunError())
  }

  /** The status of the attempt was read, behind its messages. */
  protected endWithStatus(attempt: Attempt, error: ConnectError | null): void {
    if (error !== null && this.#isLateCancel(error)) this.cancel(this.#deadlineError())
    else this.#endWith(attempt, error)
  }

  #heed(signal: AbortSignal): void {
    const onAbort = (): void => this.cancel(abortError(signal))
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort)
    this.#onAbort = onAbort
  }

  /** The deadline runs meanwhile: that of the config counts from the beginning of the call too. */
  #waitForConfig(source: CallConfigSource): void {
    const { timeoutMs } = this.init
    const beganAtMs = this.nowMs()
    if (timeoutMs !== undefined) this.#setDeadline(timeoutMs, timeoutMs)
    this.#stopWaiting = source.whenKnown((config) => {
      if (this.isOver) return
      const waitedMs = this.nowMs() - beganAtMs
      this.#stopWaiting = null
      this.#trace?.onResolved(waitedMs)
      this.#configure(config, waitedMs)
    })
    this.init.parts.channel.connect()
  }

  #configure(config: CallConfig, waitedMs: number): void {
    this.settings = this.init.plan.settingsUnder(config)
    const timeoutMs = Math.min(this.init.timeoutMs ?? NO_TIMEOUT, this.settings.timeoutMs)
    if (timeoutMs < (this.#deadline?.timeoutMs ?? NO_TIMEOUT)) this.#setDeadline(timeoutMs, timeoutMs - waitedMs)
    this.prepare()
  }

  #setDeadline(timeoutMs: number, restMs: number): void {
    this.#deadline?.cancel()
    this.#deadline = new CallDeadline(this.timers, { timeoutMs, restMs }, () => this.cancel(this.#deadlineError()))
  }

  /** Retries need nothing until there is a failure. */
  #policyAfterFailure(): AttemptPolicy | null {
    const { retry, throttle } = this.settings
    if (retry === null) return this.#policy
    this.#policy ??= new Retrying({ policy: retry, throttle, random: this.init.parts.random }, this)
    return this.#policy
  }

  /** What never left us may be tried for ever, what a server refused only once, and only first attempts (gRFC A6). */
  #mayRestart({ kind }: Attempt, stream: Http2Stream): boolean {
    if (!this.canReplay) return false
    if (stream.id === 0) return true
    return !this.#wasRefused && kind.previousAttempts === 0
  }

  /** No server has looked at it: once again, at once, whatever the policy says. */
  #restart(attempt: Attempt, error: ConnectError): void {
    this.#wasRefused ||= attempt.stream?.id !== 0
    this.#lose(attempt, { error, trailers: null })
    this.startAttempt({ ...attempt.kind, isTransparentRetry: true })
  }

  #lose(attempt: Attempt, { error, trailers }: AttemptFailure): void {
    this.#lastFailure = error
    this.attempts = this.attempts.filter((other) => other !== attempt)
    attempt.end(error, trailers)
  }

  #abandon(attempt: Attempt, error: ConnectError): void {
    if (attempt.stream === null) this.init.parts.channel.leave(attempt)
    attempt.cancel(error)
  }

  #endWith(attempt: Attempt, error: ConnectError | null): void {
    attempt.end(error, attempt.stream?.trailers ?? attempt.head?.fields ?? null)
    this.#end(error)
  }

  #end(error: ConnectError | null): void {
    if (this.isOver) return
    this.isOver = true
    const { signal, parts } = this.init
    if (this.#onAbort !== null) signal?.removeEventListener('abort', this.#onAbort)
    this.#deadline?.cancel()
    this.#stopWaiting?.()
    this.#policy?.stop()
    for (const attempt of this.attempts) this.#abandon(attempt, error ?? outrunError())
    if (error === null) this.settings.throttle?.onSuccess()
    parts.channel.endCall(this, error === null)
    this.#trace?.onEnd(error)
    this.finish(error)
  }

  #isLate(): boolean {
    return this.#deadline !== null && this.#deadline.restMs <= 0
  }

  /** The server saw the deadline pass first. */
  #isLateCancel(error: ConnectError): boolean {
    return error.code === Code.Canceled && this.#isLate()
  }

  #deadlineError(): ConnectError {
    return deadlineError(this.#deadline?.timeoutMs ?? 0, this.#waitedFor())
  }

  #waitedFor(): string {
    if (this.#stopWaiting !== null) return ' while the target was being resolved'
    if (this.attempts.some(({ stream }) => stream !== null)) return ''
    const [attempt] = this.attempts
    const reason = attempt === undefined ? this.#lastFailure : attempt.lastPickError
    const because = reason === undefined || reason === null ? '' : `: ${reason.rawMessage}`
    return `${attempt === undefined ? ' before another attempt' : ' before there was a connection'}${because}`
  }
}
