import { expect, test } from 'vitest'
import { pickFirstPolicy } from '../../../../../client/node/balancer/pick-first/pick-first.ts'
import { roundRobinPolicy } from '../../../../../client/node/balancer/round-robin/round-robin.ts'
import type { ConnectivityState } from '../../../../../client/node/contracts/connectivity-state.ts'
import type { LoadBalancerPolicy } from '../../../../../client/node/contracts/load-balancer.ts'
import { type FakeAttempt, FakeConnector } from '../../../../support/fake-connector.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'
import { settled } from '../../../../support/settled.ts'
import { createTestChannel } from '../../../../support/test-channel.ts'

const ADDRESSES = [1, 2, 3].map((port) => ({ host: '192.0.2.1', port }))
const IDLE_MS = 600_000
const SEEDS = 60
const STEPS = 60

type Transitions = Readonly<Record<ConnectivityState, readonly ConnectivityState[]>>

/** From READY to IDLE, and onwards on request; TRANSIENT_FAILURE stays until a connection or quiet ends it. */
const PICK_FIRST: Transitions = {
  IDLE: ['CONNECTING', 'SHUTDOWN'],
  CONNECTING: ['READY', 'TRANSIENT_FAILURE', 'IDLE', 'SHUTDOWN'],
  READY: ['IDLE', 'SHUTDOWN'],
  TRANSIENT_FAILURE: ['READY', 'IDLE', 'SHUTDOWN'],
  SHUTDOWN: [],
}

/** It reconnects automatically. */
const ROUND_ROBIN: Transitions = {
  ...PICK_FIRST,
  READY: ['CONNECTING', 'TRANSIENT_FAILURE', 'IDLE', 'SHUTDOWN'],
}

/** A channel with random events. */
class Trial {
  readonly clock = new ManualClock()
  readonly connector = new FakeConnector()
  readonly channel
  readonly seen: ConnectivityState[] = ['IDLE']
  readonly #random: SeededRandom
  readonly #connected = new Set<FakeAttempt>()
  readonly #over = new Set<FakeAttempt>()

  constructor(policy: LoadBalancerPolicy, seed: number) {
    this.#random = new SeededRandom(seed)
    this.channel = createTestChannel({
      connector: this.connector,
      clock: this.clock,
      addresses: ADDRESSES,
      policy: { policy, config: policy.parseConfig({}, new Map()) },
      idleTimeoutMs: IDLE_MS,
    })
    this.channel.record.watch(({ address, state }) => {
      if (address === null) this.seen.push(state)
    })
  }

  /** One thing that can happen. */
  step(): void {
    const connecting = this.#attempts(false)
    const connected = this.#attempts(true)
    const event = this.#random.below(7)
    if (event === 0) this.channel.connect()
    else if (event === 1 && connecting.length > 0) this.#succeed(this.#random.pick(connecting))
    else if (event === 2 && connecting.length > 0) this.#end(this.#random.pick(connecting), (one) => one.fail())
    else if (event === 3 && connected.length > 0) this.#end(this.#random.pick(connected), (one) => one.leave())
    else if (event === 4) this.channel.resetConnectBackoff()
    else if (event === 5) this.clock.advance(this.#random.below(60_000))
    else if (this.#random.below(10) === 0) this.clock.advance(2 * IDLE_MS)
  }

  #attempts(isConnected: boolean): FakeAttempt[] {
    const open = this.connector.attempts.filter((attempt) => !attempt.isClosed && !this.#over.has(attempt))
    return open.filter((attempt) => this.#connected.has(attempt) === isConnected)
  }

  #succeed(attempt: FakeAttempt): void {
    this.#connected.add(attempt)
    attempt.succeed()
  }

  #end(attempt: FakeAttempt, how: (attempt: FakeAttempt) => void): void {
    this.#over.add(attempt)
    how(attempt)
  }
}

test.each<[string, LoadBalancerPolicy, Transitions]>([
  ['pick_first', pickFirstPolicy as LoadBalancerPolicy, PICK_FIRST],
  ['round_robin', roundRobinPolicy as LoadBalancerPolicy, ROUND_ROBIN],
])(
  'CB-5 transitions of a channel with %s are legal in any order of events, and watchers miss none',
  async (_name, policy, legal) => {
    const all = new Set<ConnectivityState>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const trial = new Trial(policy, seed)
      const { channel, seen } = trial
      for (let step = 0; step < STEPS; step++) {
        const before = seen.length
        const watching = new AbortController()
        const heard = channel.watchState(channel.getState(), watching.signal).then(
          () => true,
          () => false,
        )
        trial.step()
        await settled()
        expect(channel.getState()).toBe(seen.at(-1))
        watching.abort()
        expect(await heard).toBe(seen.length > before)
      }
      channel.close()
      await settled()
      expect(seen.at(-1)).toBe('SHUTDOWN')
      expect(trial.clock.pending).toBe(0)
      expect(channel.record.subchannels.size).toBe(0)
      for (let i = 1; i < seen.length; i++) expect(legal[seen[i - 1] ?? 'SHUTDOWN']).toContain(seen[i])
      for (const state of seen) all.add(state)
    }
    expect(all.size).toBe(5)
  },
)
