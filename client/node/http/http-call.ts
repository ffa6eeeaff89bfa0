/** A call over plain HTTP, whose attempts are made by others: a promise of its config, and a signal for its end. */
import { ConnectError } from '@connectrpc/connect'
import { outrunError } from '../rpc/call-errors.ts'
import type { CallInit, CallParts } from '../rpc/call-init.ts'
import { CallLife } from '../rpc/call-life.ts'
import type { CallTrace } from '../rpc/call-observer.ts'
import type { MethodSettings } from '../rpc/method-settings.ts'

/** Begins as it is made. The first of `succeed` and `fail` counts, if nothing has ended it before. */
export class HttpCall extends CallLife {
  /** Tells what the call waits for, as the end of a sentence. Set by whoever waits. */
  waitsFor: () => string = () => ''
  readonly #controller = new AbortController()
  readonly #configured = Promise.withResolvers<MethodSettings>()

  constructor(init: CallInit) {
    super(init)
    // Nobody may be waiting for it when the call ends.
    this.#configured.promise.catch(() => {})
    this.begin()
  }

  get path(): string {
    return this.init.plan.path
  }

  get parts(): CallParts {
    return this.init.parts
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady ?? this.settings.waitsForReady
  }

  /** The largest message that it takes, once it is configured. */
  get maxReceiveBytes(): number {
    return this.settings.maxReceiveBytes
  }

  /** Aborts when the call ends, with the error that it ends with. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Who follows it; null: nobody. */
  get follower(): CallTrace | null {
    return this.trace
  }

  /** What holds for it, as soon as that is known. Rejects with the error that the call ends with before. */
  get configured(): Promise<MethodSettings> {
    return this.#configured.promise
  }

  /**
   * What is left of the deadline in milliseconds, above 0; undefined: there is none.
   *
   * @throws ConnectError DEADLINE_EXCEEDED once it has passed
   */
  timeLeftMs(): number | undefined {
    if (this.isLate()) throw this.deadlineError()
    return this.restMs
  }

  /** It went well. */
  succeed(): void {
    this.end(null)
  }

  /** It did not, or has ended already; returns the error that the caller gets. */
  fail(thrown: unknown): ConnectError {
    const error = ConnectError.from(thrown)
    this.end(this.isLateCancel(error) ? this.deadlineError() : error)
    return ConnectError.from(this.signal.reason)
  }

  protected override prepare(): void {
    this.#configured.resolve(this.settings)
  }

  protected override attemptsWaitFor(): string {
    return this.waitsFor()
  }

  protected override leave(error: ConnectError | null): void {
    // Whatever is left of attempts has no use when the call went well.
    const reason = error ?? outrunError()
    this.#controller.abort(reason)
    this.#configured.reject(reason)
  }

  protected override finish(): void {}
}
