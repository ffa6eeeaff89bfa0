/** What every call does with its attempts: begin them, settle on one, and end with it. */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderSource, Http2Stream, ResponseHead, StreamReset } from '../../../wire/http2/http2.ts'
import { errorOfReset } from '../../../wire/read-status.ts'
import type { PickFailure } from '../channel/pick-queue.ts'
import { type CredentialsSource, withCredentials } from '../credentials/call-authenticator.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { AttemptFailure, AttemptPolicy, AttemptStarter } from './attempt-policy.ts'
import { outrunError } from './call-errors.ts'
import { CallLife } from './call-life.ts'
import { FIRST_ATTEMPT, type ObservedAttempt } from './call-observer.ts'
import { requestHead } from './call-plan.ts'
import { Hedging } from './hedging.ts'
import { Retrying } from './retrying.ts'

/** What is kept of a call for another attempt, in bytes with envelopes; one that sends more is committed to the attempt under way (as grpc-go). */
export const MAX_REPLAY_BYTES = 262_144

const NO_HEADER: Headers = new Headers()
const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([])

/** One call over gRPC. */
export abstract class ClientCall extends CallLife implements AttemptOwner, AttemptStarter {
  /** Those under way. Several where there are hedges, one once the call has settled, none while it waits. */
  protected attempts: readonly Attempt[] = NO_ATTEMPTS
  #policy: AttemptPolicy | null = null
  #wasRefused = false
  #isSettled = false
  #lastFailure: ConnectError | undefined

  get path(): string {
    return this.init.plan.path
  }

  get requestHeader(): Headers {
    return this.init.header ?? NO_HEADER
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady ?? this.settings.waitsForReady
  }

  headOf({ kind, trace, credentials }: Attempt): HeaderSource {
    const { plan } = this.init
    const header = withCredentials(this.init.header, credentials)
    const timeoutMs = this.restMs
    if (timeoutMs !== undefined && timeoutMs <= 0) throw this.deadlineError()
    return requestHead(plan, { timeoutMs, header, previousAttempts: kind.previousAttempts, added: trace?.fields })
  }

  startAttempt(kind: ObservedAttempt): void {
    const attempt = new Attempt(this, kind, this.trace?.onAttempt(kind) ?? null)
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt]
    const { credentials, parts } = this.init
    if (credentials === null) parts.channel.pick(attempt)
    else void this.#pickWith(credentials, attempt)
  }

  onRetryDelay(delayMs: number): void {
    this.trace?.onRetryDelay(delayMs)
  }

  onAnswer(attempt: Attempt, head: ResponseHead): void {
    this.settleOn(attempt)
    this.answer(attempt, head)
  }

  onFailed(attempt: Attempt, { error, trailers, isDrop }: AttemptFailure & PickFailure): void {
    if (this.isOver) return
    if (this.isLateCancel(error)) {
      this.cancel(this.deadlineError())
      return
    }
    this.#lose(attempt, { error, trailers })
    const goesOn = !isDrop && this.canReplay && this.#policyAfterFailure()?.onFailure({ error, trailers }) === true
    if (goesOn) return
    this.#abandonAll(outrunError())
    this.end(error)
  }

  onReset(attempt: Attempt, stream: Http2Stream, reset: StreamReset): void {
    if (this.isLate()) this.cancel(this.deadlineError())
    else if (reset.isUnprocessed && this.#mayRestart(attempt, stream)) this.#restart(attempt, errorOfReset(reset))
    else if (attempt.head === null) {
      this.onFailed(attempt, { error: errorOfReset(reset), trailers: null, isDrop: false })
    } else this.#endWith(attempt, errorOfReset(reset))
  }

  abstract onStream(attempt: Attempt, stream: Http2Stream): void
  abstract onReadable(attempt: Attempt, stream: Http2Stream): void
  abstract onWritable(attempt: Attempt): void

  /** Whether another attempt can be sent what was sent so far. */
  protected abstract get canReplay(): boolean
  /** The call has settled on this attempt, whose answer has begun. */
  protected abstract answer(attempt: Attempt, head: ResponseHead): void

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

  /** No policy makes another attempt; those that are under way end. */
  protected settleOn(attempt: Attempt): void {
    this.#isSettled = true
    this.#policy?.stop()
    if (this.attempts.length === 1) return
    const others = this.attempts.filter((other) => other !== attempt)
    this.attempts = [attempt]
    for (const other of others) this.#abandon(other, outrunError())
  }

  /** The status of the attempt was read, behind its messages. */
  protected endWithStatus(attempt: Attempt, error: ConnectError | null): void {
    if (error !== null && this.isLateCancel(error)) this.cancel(this.deadlineError())
    else this.#endWith(attempt, error)
  }

  protected override attemptsWaitFor(): string {
    if (this.attempts.some(({ stream }) => stream !== null)) return ''
    const [attempt] = this.attempts
    if (attempt?.isAuthenticating === true) return ' before there were credentials'
    if (attempt !== undefined) return ` before there was a connection${because(attempt.lastPickError)}`
    return this.#lastFailure === undefined ? '' : ` before another attempt${because(this.#lastFailure)}`
  }

  protected override leave(error: ConnectError | null): void {
    this.#policy?.stop()
    // The one attempt of a call that went well is over: nothing is made up for it.
    if (error !== null || this.attempts.length > 1) this.#abandonAll(error ?? outrunError())
  }

  /** Each attempt has its own credentials, as in grpc-go: those of the one before may be what it failed on. */
  async #pickWith(source: CredentialsSource, attempt: Attempt): Promise<void> {
    if (await attempt.authenticate(source)) this.init.parts.channel.pick(attempt)
  }

  /** Retries need nothing until there is a failure. Null: no policy has a say, or none any more. */
  #policyAfterFailure(): AttemptPolicy | null {
    if (this.#isSettled) return null
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

  #abandonAll(error: ConnectError): void {
    for (const attempt of this.attempts) this.#abandon(attempt, error)
  }

  #abandon(attempt: Attempt, error: ConnectError): void {
    if (attempt.stream === null) this.init.parts.channel.leave(attempt)
    attempt.cancel(error)
  }

  #endWith(attempt: Attempt, error: ConnectError | null): void {
    attempt.end(error, attempt.stream?.trailers ?? attempt.head?.fields ?? null)
    this.end(error)
  }
}

function because(error: ConnectError | undefined): string {
  return error === undefined ? '' : `: ${error.rawMessage}`
}
