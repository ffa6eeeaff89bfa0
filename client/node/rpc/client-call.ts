/** The attempts of a call: starts them, settles on one, and ends with it. */
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

/** Maximum bytes, with envelopes, kept for another attempt. A call that sends more is committed to its current attempt (as in grpc-go). */
export const MAX_REPLAY_BYTES = 262_144

const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([])

/** A call, by any protocol. */
export abstract class ClientCall extends CallLife implements AttemptOwner, AttemptStarter {
  /** The attempts in flight: several with hedging, one once the call has settled, none while it waits. */
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

  /** Whether another attempt can repeat what was sent so far. */
  protected abstract get canReplay(): boolean
  /** The call has settled on this attempt, whose response has started. */
  protected abstract answer(attempt: Attempt): void

  /** Starts the first attempt. */
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

  /** Stops the policy, and ends all other attempts. */
  protected settleOn(attempt: Attempt): void {
    this.#isSettled = true
    this.#policy?.stop()
    if (this.attempts.length === 1) return
    const others = this.attempts.filter((other) => other !== attempt)
    this.attempts = [attempt]
    for (const other of others) this.#abandon(other, outrunError())
  }

  /** Ends the call with the result of the attempt. `error` is null for OK. */
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

  /** Prepares a message in its envelope. Calls of a transport take turns to compress. @throws as `compressMessage` */
  protected compress(envelope: Buffer): RequestMessage | Promise<RequestMessage> {
    const { settings } = this.init.plan
    const { sendCompression, compressMinBytes, budget } = settings
    if (sendCompression === null) return compressMessage(envelope, this.settings.maxSendBytes, settings)
    this.#compression ??= new BudgetedCompression(sendCompression, { side: 'client', budget, line: settings })
    const compressing = { sendCompression: this.#compression, compressMinBytes }
    return compressMessage(envelope, this.settings.maxSendBytes, compressing)
  }

  protected override leave(error: ConnectError | null): void {
    this.#policy?.stop()
    this.#compression?.stop()
    // The only attempt of a successful call has ended, and needs no error.
    if (error !== null || this.attempts.length > 1) this.#abandonAll(error ?? outrunError())
  }

  /** Creates credentials for each attempt, as in grpc-go, as the previous ones may have caused the failure. */
  async #pickWith(source: CredentialsSource, attempt: Attempt): Promise<void> {
    if (await attempt.authenticate(source)) this.init.parts.channel.pick(attempt)
  }

  /** Whether an attempt failed around the deadline: the server saw it pass first, or the connection broke as it passed. */
  #isLateEnd({ code }: ConnectError, fate: AttemptFate): boolean {
    const isCut = fate === 'unsent' || fate === 'refused' || fate === 'lost'
    return (isCut || code === Code.Canceled) && this.isLate()
  }

  /** Returns the policy, which is created on the first failure for retries; null if none applies. */
  #policyAfterFailure(): AttemptPolicy | null {
    if (this.#isSettled) return null
    const { retry, throttle } = this.settings
    if (retry === null) return this.#policy
    this.#policy ??= new Retrying({ policy: retry, throttle, random: this.init.parts.random }, this)
    return this.#policy
  }

  /** Whether a transparent retry is allowed: without a limit if the request was never sent, once if a server refused a first attempt (gRFC A6). */
  #mayRestart({ kind }: Attempt, fate: AttemptFate): boolean {
    if (!this.canReplay) return false
    if (fate === 'unsent') return true
    return fate === 'refused' && !this.#wasRefused && kind.previousAttempts === 0
  }

  /** Retries transparently: immediately, and regardless of the policy, as no server has processed the request. */
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
