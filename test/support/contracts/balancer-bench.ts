/** A bench for load balancing policies: real subchannels, fake connections, manual time. */

import { DEFAULT_POLICIES, policyMap } from '../../../client/node/balancer/default-policies.ts'
import { CONNECTION_BACKOFF } from '../../../client/node/contracts/connection-backoff.ts'
import type { ConnectivityState } from '../../../client/node/contracts/connectivity-state.ts'
import { type Address, type Attributes, addressText, type Endpoint } from '../../../client/node/contracts/endpoint.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
} from '../../../client/node/contracts/load-balancer.ts'
import {
  type PickedSubchannel,
  type Picker,
  type PickResult,
  queuePicker,
} from '../../../client/node/contracts/picker.ts'
import { HealthChecks } from '../../../client/node/health/health-checks.ts'
import { parseHostPort } from '../../../client/node/resolver/parse-host-port.ts'
import { ManagedSubchannel } from '../../../client/node/subchannel/managed-subchannel.ts'
import { ownRequests } from '../../../client/node/subchannel/own-requests.ts'
import { type FakeAttempt, FakeConnector } from '../fake-connector.ts'
import { ManualClock } from '../manual-clock.ts'
import { NO_CREDENTIALS } from '../no-credentials.ts'
import { SeededRandom } from '../seeded-random.ts'

/** An endpoint with these addresses, separated by `|`. */
export function endpoint(text: string, attributes: Attributes = {}): Endpoint {
  return { addresses: text.split('|').map(parseHostPort), attributes }
}

/** A policy, and the channel that it sees. */
export class BalancerBench {
  readonly clock = new ManualClock()
  readonly connector = new FakeConnector()
  /** Per-server requests; none unless the test sets some. */
  readonly health = new HealthChecks((message) => this.warnings.push(message))
  readonly headOf = ownRequests({
    isTls: false,
    authority: 'test',
    pathPrefix: '',
    userAgent: 'test',
    authenticator: NO_CREDENTIALS,
  })
  readonly warnings: string[] = []
  /** Child policies. */
  readonly faults: string[] = []
  readonly states: ConnectivityState[] = []
  readonly balancer: LoadBalancer
  readonly #policy: LoadBalancerPolicy
  picker: Picker = queuePicker
  reresolutions = 0

  constructor(policy: LoadBalancerPolicy, seed = 1) {
    this.#policy = policy
    const random = new SeededRandom(seed)
    this.balancer = policy.create(this.#createHelper(() => random.next()))
  }

  /** The last state published by the policy. */
  get state(): ConnectivityState | undefined {
    return this.states.at(-1)
  }

  /** The addresses of all attempts so far, in order. */
  get attempted(): string[] {
    return this.connector.attempts.map(({ address }) => addressText(address))
  }

  /** Those whose attempt or connection the policy has not released. */
  get open(): string[] {
    return this.connector.attempts.filter(({ isClosed }) => !isClosed).map(({ address }) => addressText(address))
  }

  /** Passes endpoints to the policy: strings as for {@link endpoint}, or endpoint objects. */
  update(endpoints: readonly (string | Endpoint)[], config: unknown = {}) {
    return this.balancer.update({
      endpoints: endpoints.map((one) => (typeof one === 'string' ? endpoint(one) : one)),
      config: this.#policy.parseConfig(config, policyMap(DEFAULT_POLICIES)),
      attributes: {},
    })
  }

  /** Passes endpoints, and completes every attempt. */
  async ready(endpoints: readonly (string | Endpoint)[], config: unknown = {}): Promise<void> {
    this.update(endpoints, config)
    await this.connectAll()
  }

  async connectAll(): Promise<void> {
    const known = new Set<FakeAttempt>()
    for (;;) {
      const fresh = this.connector.attempts.filter((attempt) => !known.has(attempt) && !attempt.isClosed)
      if (fresh.length === 0) return
      for (const attempt of fresh) {
        known.add(attempt)
        attempt.succeed()
      }
      await this.settle()
    }
  }

  /** The last attempt to connect to an address. */
  attempt(text: string): FakeAttempt {
    const found = this.connector.attempts.findLast(({ address }) => addressText(address) === text)
    if (found === undefined) throw new Error(`there was no attempt to connect to ${text}, but to ${this.attempted}`)
    return found
  }

  async fail(...texts: string[]): Promise<void> {
    for (const text of texts) {
      this.attempt(text).fail(`${text} refused`)
      await this.settle()
    }
  }

  async succeed(...texts: string[]): Promise<void> {
    for (const text of texts) {
      this.attempt(text).succeed()
      await this.settle()
    }
  }

  async lose(text: string): Promise<void> {
    this.attempt(text).leave()
    await this.settle()
  }

  pick(header: Record<string, string> = {}): PickResult {
    return this.picker.pick({ path: '/a.B/C', requestHeader: new Headers(header) })
  }

  /** The address that a pick returns; or `queue`, `drop`, or the error. */
  pickText(header: Record<string, string> = {}): string {
    const result = this.pick(header)
    if (result.kind === 'complete') return addressText(result.subchannel.address)
    return result.kind === 'queue' ? 'queue' : result.error.rawMessage
  }

  /** A pick that must return a subchannel. */
  picked(header: Record<string, string> = {}): PickedSubchannel {
    const result = this.pick(header)
    if (result.kind !== 'complete') throw new Error(`the pick gave ${result.kind}`)
    return result
  }

  /** How often each address is picked. */
  count(picks: number): Record<string, number> {
    const counts: Record<string, number> = {}
    for (let times = 0; times < picks; times++) {
      const text = this.pickText()
      counts[text] = (counts[text] ?? 0) + 1
    }
    return counts
  }

  /** Waits for everything that needs no time. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.settle()
  }

  #createHelper(random: () => number): ChannelControlHelper {
    const { clock, connector } = this
    const { health, headOf } = this
    const parts = { connector, clock, backoff: CONNECTION_BACKOFF, random: () => 0.5, health, headOf }
    return {
      clock,
      random,
      onFault: (fault) => this.faults.push(fault.message),
      createSubchannel: (address: Address) => new ManagedSubchannel(address, parts),
      requestReresolution: () => {
        this.reresolutions++
      },
      updateState: (state, picker) => {
        this.states.push(state)
        this.picker = picker
      },
    }
  }
}
