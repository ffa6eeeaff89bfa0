/** Runs one named health check again and again. */
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import type { ResolvedHealthCheck } from './health-check-options.ts'

/** The result of the last run; `pending` until the first one ends. */
export type HealthCheckStatus = 'pending' | 'passing' | 'failing'

/** Why a run failed. */
export interface HealthCheckFailure {
  readonly error: unknown
}

/** What a check reports to. */
export interface HealthCheckParts {
  readonly clock: Clock
  /** Called after each change of the status. `failure` is set if it is now failing. Must not throw. */
  onChange(check: HealthCheck, before: HealthCheckStatus, failure: HealthCheckFailure | undefined): void
}

/**
 * A named check: runs at once when started, then `intervalMs` after the end of each run, until stopped.
 *
 * Runs never overlap. A run that ignores its signal fails at its timeout, and the next one waits until it really has ended, so that a
 * check that hangs does not pile up.
 */
export class HealthCheck {
  readonly name: string
  readonly options: ResolvedHealthCheck
  readonly #parts: HealthCheckParts
  #status: HealthCheckStatus = 'pending'
  #isStarted = false
  #timer: ScheduledTimer | undefined
  #run: HealthCheckRun | undefined

  constructor(name: string, options: ResolvedHealthCheck, parts: HealthCheckParts) {
    this.name = name
    this.options = options
    this.#parts = parts
  }

  get status(): HealthCheckStatus {
    return this.#status
  }

  /** Whether start-up waits for its first run. */
  get isAwaited(): boolean {
    const { weight, startsAs } = this.options
    return this.#status === 'pending' && weight !== 'minor' && startsAs === 'failing'
  }

  /** Whether it makes its services NOT_SERVING. */
  get isHolding(): boolean {
    return this.options.weight !== 'minor' && (this.#status === 'failing' || this.isAwaited)
  }

  /** Runs it until `stop`. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.run()
  }

  /** Aborts the run in progress, whose result no longer counts, and starts no more. */
  stop(): void {
    this.#isStarted = false
    this.#timer?.cancel()
    this.#run?.abort(new Error('the server is closing'))
  }

  /** Runs it now, or joins the run in progress. Resolves once the status is known. */
  run(): Promise<void> {
    if (this.#run !== undefined) return this.#run.decided
    this.#timer?.cancel()
    const run = new HealthCheckRun(this.options, this.#parts.clock)
    this.#run = run
    const decided = run.decided.then(() => this.#record(run))
    void run.settled.then(() => this.#scheduleNext())
    return decided
  }

  #record({ failure, isAborted }: HealthCheckRun): void {
    if (isAborted) return
    const before = this.#status
    this.#status = failure === undefined ? 'passing' : 'failing'
    if (this.#status !== before) this.#parts.onChange(this, before, failure)
  }

  #scheduleNext(): void {
    this.#run = undefined
    if (this.#isStarted) this.#timer = this.#parts.clock.schedule(() => this.run(), this.options.intervalMs)
  }
}

/** One run. It is decided at the timeout at the latest, and settled once the function of the check has ended. */
class HealthCheckRun {
  /** Resolves once `failure` is final. */
  readonly decided: Promise<void>
  /** Resolves after `decided`, once the function has ended. */
  readonly settled: Promise<void>
  failure: HealthCheckFailure | undefined
  /** Whether `abort` was called before the run was decided. */
  isAborted = false
  readonly #controller = new AbortController()
  readonly #decide: () => void
  #isDecided = false

  constructor({ check, timeoutMs }: ResolvedHealthCheck, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.decided = promise
    this.#decide = resolve
    const timer = clock.schedule(() => this.#expire(timeoutMs), timeoutMs)
    this.settled = attempt(check, this.#controller.signal).then((failure) => {
      timer.cancel()
      this.#end(failure)
    })
  }

  abort(reason: Error): void {
    this.isAborted = !this.#isDecided
    this.#end(undefined)
    this.#controller.abort(reason)
  }

  #expire(timeoutMs: number): void {
    const error = new Error(`the check took longer than ${timeoutMs} ms`)
    this.#end({ error })
    this.#controller.abort(error)
  }

  #end(failure: HealthCheckFailure | undefined): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.failure = failure
    this.#decide()
  }
}

async function attempt(
  check: (signal: AbortSignal) => unknown,
  signal: AbortSignal,
): Promise<HealthCheckFailure | undefined> {
  try {
    return (await check(signal)) === false ? { error: new Error('the check returned false') } : undefined
  } catch (error) {
    return { error }
  }
}
