/** Runs a policy, possibly a foreign one, so that its faults affect only the update or call in which they occur. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ScheduledTimer } from '../../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../../core/backoff.ts'
import { connectErrorOf } from '../../base/thrown.ts'
import { CONNECTION_BACKOFF } from '../../contracts/connection-backoff.ts'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import type { Picker } from '../../contracts/picker.ts'
import { PolicyRun } from './policy-run.ts'

/** What a supervised balancer depends on. */
export interface SupervisedBalancerParts {
  readonly policy: LoadBalancerPolicy
  readonly helper: ChannelControlHelper
  /** The policy has failed and is unusable. Calls fail with this error until it is created again. */
  onBroken(error: ConnectError): void
}

/**
 * After a fault, the policy gets its last update again, after the connection backoff. A READY policy keeps its connections meanwhile. Any
 * other might never publish again, so it is destroyed and created anew.
 */
export class SupervisedBalancer implements LoadBalancer {
  readonly #parts: SupervisedBalancerParts
  #run: PolicyRun | null = null
  #state: ConnectivityState | null = null
  #lastUpdate: LoadBalancerUpdate | null = null
  #failures = 0
  #timer: ScheduledTimer | null = null
  #isDestroyed = false

  constructor(parts: SupervisedBalancerParts) {
    this.#parts = parts
  }

  update(update: LoadBalancerUpdate): ConnectError | null {
    this.#lastUpdate = update
    this.#stopTimer()
    return this.#apply(update)
  }

  resolverError(error: ConnectError): void {
    this.#call((balancer) => balancer.resolverError(error))
  }

  exitIdle(): void {
    this.#call((balancer) => balancer.exitIdle())
  }

  resetBackoff(): void {
    if (this.#timer !== null) this.#tryAgain()
    else this.#call((balancer) => balancer.resetBackoff())
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#stopTimer()
    this.#end()
  }

  #apply(update: LoadBalancerUpdate): ConnectError | null {
    const onFault = (thrown: unknown): ConnectError => this.#onFault(thrown)
    const beginning = this.#run === null ? this.#begin() : null
    const rejection = beginning ?? this.#run?.call<unknown>((balancer) => balancer.update(update), onFault)
    return rejection instanceof ConnectError ? rejection : null
  }

  #begin(): ConnectError | null {
    const { policy, helper } = this.#parts
    const run = new PolicyRun(
      { ...helper, updateState: (state, picker) => this.#publish(state, picker) },
      {
        name: `the load balancing policy ${policy.name}`,
        report: (fault) => helper.onFault(fault),
        onCallbackFault: (thrown) => this.#onFault(thrown),
      },
    )
    this.#run = run
    return run.begin(policy, (thrown) => this.#onFault(thrown))
  }

  #call(run: (balancer: LoadBalancer) => void): void {
    this.#run?.call(run, (thrown) => void this.#onFault(thrown))
  }

  #publish(state: ConnectivityState, picker: Picker): void {
    this.#state = state
    if (state === 'READY') this.#failures = 0
    this.#parts.helper.updateState(state, picker)
  }

  /** Handles a fault in any method or callback. */
  #onFault(thrown: unknown): ConnectError {
    const { policy, onBroken } = this.#parts
    const error = connectErrorOf(thrown, Code.Unavailable, `the load balancing policy ${policy.name} failed: `)
    if (this.#isDestroyed) return error
    this.#tryAgainLater()
    if (this.#state === 'READY') return error
    this.#end()
    onBroken(error)
    return error
  }

  #end(): void {
    const run = this.#run
    this.#run = null
    this.#state = null
    run?.end()
  }

  #tryAgainLater(): void {
    if (this.#timer !== null || this.#isDestroyed) return
    const { clock, random } = this.#parts.helper
    this.#failures += 1
    this.#timer = clock.schedule(() => this.#tryAgain(), backoffDelayMs(CONNECTION_BACKOFF, this.#failures, random))
  }

  #tryAgain(): void {
    this.#stopTimer()
    if (this.#lastUpdate !== null) this.#apply(this.#lastUpdate)
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
