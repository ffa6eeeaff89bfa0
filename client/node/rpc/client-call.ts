/** What every call does with its attempts: start them, settle on one, and end with it. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../wire/call-observer.ts'
import { BudgetedCompression } from '../../../wire/compression/budgeted-compression.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import type { CredentialsSource } from '../credentials/call-authenticator.ts'
import { type Attempt, type AttemptFate, type AttemptOwner, FIRST_ATTEMPT } from './attempt.ts'
import type { AttemptPolicy, AttemptStarter } from './attempt-policy.ts'
import { outrunError } from './call-errors.ts'
import { CallLife } from './call-life.ts'
import type { AttemptReport } from './call-report.ts'
import { compressMessage, type RequestMessage } from './compress-message.ts'
import { Hedging } from './hedging.ts'
import { Retrying } from './retrying.ts'

/** What is kept of a call for another attempt, in bytes with envelopes; one that sends more is committed to the attempt under way (as grpc-go). */
export const MAX_REPLAY_BYTES = 262_144

const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([])

/** One call, by any protocol. */
export abstract class ClientCall extends CallLife implements AttemptOwner, AttemptStarter {
  /** Those under way. Several where there are hedges, one once the call has settled, none while it waits. */
  protected attempts: readonly Attempt[] = NO_ATTEMPTS
  #policy: AttemptPolicy | null = null
  #wasRefused = false
  #isSettled = false
  #lastFailure: ConnectError | undefined
  /** Null until there is something to compress. */
  #compression: BudgetedCompression | null = null

  get path(): string {
    return this.init.plan.path
  }

  get header(): Headers | undefined {
    return this.init.header
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady ?? this.settings.waitsForReady
  }

  get maxReceiveBytes(): number {
    return this.settings.maxReceiveBytes
  }

  get mayRetry(): boolean {
    const { retry, hedging } = this.settings
    return !this.#isSettled && this.canReplay && (retry !== null || hedging !== null)
  }

  startAttempt(kind: AttemptStart): void {
    const { credentials, parts, plan } = this.init
    const attempt = plan.attempts.createAttempt(this, kind)
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt]
    if (credentials === null) parts.channel.pick(attempt)
    else void this.#pickWith(credentials, attempt)
  }

  observe(kind: AttemptStart): AttemptReport | null {
    return this.report?.onAttempt(kind) ?? null
  }

  onRetryDelay(delayMs: number): void {
    this.report?.onRetryDelay(delayMs)
  }

  onAnswer(attempt: Attempt): void {
    this.settleOn(attempt)
    this.answer(attempt)
  }

  onFailed(attempt: Attempt, error: ConnectError, fate: AttemptFate): void {
    if (this.isOver) return
    if (this.#isLateEnd(error, fate)) this.cancel(this.deadlineError())
    else if (attempt.hasAnswered) this.endWith(attempt, error)
    else if (this.#mayRestart(attempt, fate)) this.#restart(attempt, error, fate)
    else {
      this.#lose(attempt, error)
      const mayGoOn = fate !== 'dropped' && this.canReplay
      if (mayGoOn && this.#policyAfterFailure()?.onFailure({ error, trailers: attempt.trailers }) === true) return
      this.#abandonAll(outrunError())
      this.end(error)
    }
  }

  abstract send(attempt: Attempt, connection: SubchannelConnection): void
  abstract onReadable(attempt: Attempt): void
  abstract onWritable(attempt: Attempt): void

  /** Whether another attempt can be sent what was sent so far. */
  protected abstract get canReplay(): boolean
  /** The call has settled on this attempt, whose answer has begun. */
  protected abstract answer(attempt: Attempt): void

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

  /** The answer of the attempt has ended with this; null: well. */
  protected endWith(attempt: Attempt, error: ConnectError | null): void {
    if (error !== null && this.#isLateEnd(error, 'answered')) this.cancel(this.deadlineError())
    else {
      attempt.end(error)
      this.end(error)
    }
  }

  protected override attemptsWaitFor(): string {
    if (this.attempts.some(({ isConnected }) => isConnected)) return ''
    const [attempt] = this.attempts
    if (attempt?.isAuthenticating === true) return ' before there were credentials'
    if (attempt !== undefined) return ` before there was a connection${because(attempt.lastPickError)}`
    return this.#lastFailure === undefined ? '' : ` before another attempt${because(this.#lastFailure)}`
  }

  /** A message as it goes into its envelope; the calls of a transport compress in turn. @throws as `compressMessage` */
  protected compress(data: Uint8Array): RequestMessage | Promise<RequestMessage> {
    const { settings } = this.init.plan
    const { sendCompression, compressMinBytes, budget } = settings
    if (sendCompression === null) return compressMessage(data, this.settings.maxSendBytes, settings)
    this.#compression ??= new BudgetedCompression(sendCompression, { side: 'client', budget, line: settings })
    return compressMessage(data, this.settings.maxSendBytes, { sendCompression: this.#compression, compressMinBytes })
  }

  protected override leave(error: ConnectError | null): void {
    this.#policy?.stop()
    this.#compression?.stop()
    // The one attempt of a call that went well is over: nothing is made up for it.
    if (error !== null || this.attempts.length > 1) this.#abandonAll(error ?? outrunError())
  }

  /** Each attempt has its own credentials, as in grpc-go: those of the one before may be what it failed on. */
  async #pickWith(source: CredentialsSource, attempt: Attempt): Promise<void> {
    if (await attempt.authenticate(source)) this.init.parts.channel.pick(attempt)
  }

  /** The server saw the deadline pass first, or the connection broke as it passed. */
  #isLateEnd({ code }: ConnectError, fate: AttemptFate): boolean {
    const isCut = fate === 'unsent' || fate === 'refused' || fate === 'lost'
    return (isCut || code === Code.Canceled) && this.isLate()
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
  #mayRestart({ kind }: Attempt, fate: AttemptFate): boolean {
    if (!this.canReplay) return false
    if (fate === 'unsent') return true
    return fate === 'refused' && !this.#wasRefused && kind.previousAttempts === 0
  }

  /** No server has looked at it: once again, at once, whatever the policy says. */
  #restart(attempt: Attempt, error: ConnectError, fate: AttemptFate): void {
    this.#wasRefused ||= fate === 'refused'
    this.#lose(attempt, error)
    this.startAttempt({ ...attempt.kind, isTransparentRetry: true })
  }

  #lose(attempt: Attempt, error: ConnectError): void {
    this.#lastFailure = error
    this.attempts = this.attempts.filter((other) => other !== attempt)
    attempt.end(error)
  }

  #abandonAll(error: ConnectError): void {
    for (const attempt of this.attempts) this.#abandon(attempt, error)
  }

  #abandon(attempt: Attempt, error: ConnectError): void {
    if (!attempt.isConnected) this.init.parts.channel.leave(attempt)
    attempt.end(error, error.code !== Code.DeadlineExceeded)
  }
}

function because(error: ConnectError | undefined): string {
  return error === undefined ? '' : `: ${error.rawMessage}`
}
