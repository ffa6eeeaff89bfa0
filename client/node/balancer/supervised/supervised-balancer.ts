/** Runs a policy that may not be ours, so that its faults end no more than the update or the call that met them. */
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

/** What a supervised balancer works with. */
export interface SupervisedBalancerParts {
  readonly policy: LoadBalancerPolicy
  readonly helper: ChannelControlHelper
  /** The policy has failed while it was of no use: until it has been made anew, calls can only fail with this. */
  onBroken(error: ConnectError): void
}

/**
 * After a fault the policy gets its last update once more, when the backoff of connections is over. Meanwhile one that is READY
 * keeps its connections; any other might never publish anything again, so it is destroyed and then made anew.
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

  /** In whatever method or callback it has failed. */
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
