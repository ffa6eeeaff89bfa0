import type { ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { EndpointBalancer } from '../../../../../../client/node/balancer/endpoint-children/endpoint-balancer.ts'
import { GracefulSwitch } from '../../../../../../client/node/balancer/graceful-switch/graceful-switch.ts'
import { pickFirstPolicy } from '../../../../../../client/node/balancer/pick-first/pick-first.ts'
import type { ConnectivityState } from '../../../../../../client/node/contracts/connectivity-state.ts'
import type {
  ChannelControlHelper,
  ConfiguredPolicy,
  LoadBalancer,
  LoadBalancerPolicy,
} from '../../../../../../client/node/contracts/load-balancer.ts'
import { type Picker, queuePicker } from '../../../../../../client/node/contracts/picker.ts'
import type { Subchannel } from '../../../../../../client/node/contracts/subchannel.ts'
import { type FakeSubchannel, openFakeSubchannel } from '../../../../../support/fake-subchannel.ts'
import { ManualClock } from '../../../../../support/manual-clock.ts'
import { settled } from '../../../../../support/settled.ts'

const ENDPOINTS = [{ addresses: [{ host: '192.0.2.1', port: 80 }], attributes: {} }]

function boom(): never {
  throw new Error('boom')
}

/** A balancer that does nothing but what the test says. */
function policy(name: string, create: (helper: ChannelControlHelper) => Partial<LoadBalancer>): ConfiguredPolicy {
  return {
    config: null,
    policy: {
      name,
      parseConfig: () => null,
      create: (helper) => ({
        update: () => null,
        resolverError() {},
        exitIdle() {},
        resetBackoff() {},
        destroy() {},
        ...create(helper),
      }),
    },
  }
}

function open() {
  const clock = new ManualClock()
  const subchannels: FakeSubchannel[] = []
  const states: ConnectivityState[] = []
  const faults: string[] = []
  const published: { picker: Picker } = { picker: queuePicker }
  const balancer = new GracefulSwitch({
    clock,
    random: () => 0.5,
    onFault: ({ message }) => faults.push(message),
    createSubchannel() {
      const fake = openFakeSubchannel({ clock })
      subchannels.push(fake)
      return fake.subchannel
    },
    updateState(state, picker) {
      states.push(state)
      published.picker = picker
    },
    requestReresolution() {},
  })
  const update = (config: ConfiguredPolicy): ConnectError | null =>
    balancer.update({ endpoints: ENDPOINTS, config, attributes: {} })
  const pick = () => published.picker.pick({ path: '/a/b', requestHeader: new Headers() })
  return { balancer, clock, subchannels, states, faults, update, pick }
}

test('a policy that failed to construct is retried with connection backoff, and at once after resetBackoff', () => {
  const { balancer, clock, states, update, pick } = open()
  const triedAt: number[] = []
  const config = policy('own', () => {
    triedAt.push(clock.now())
    return boom()
  })
  expect(update(config)?.message).toBe('[unavailable] the load balancing policy own failed: boom')
  expect(states.at(-1)).toBe('TRANSIENT_FAILURE')
  expect(pick()).toMatchObject({ kind: 'fail' })
  clock.advance(60_000)
  const waits = triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
  expect(waits.map(Math.round)).toEqual([1_000, 1_600, 2_560, 4_096, 6_554, 10_486, 16_777])
  const before = triedAt.length
  balancer.resetBackoff()
  expect(triedAt).toHaveLength(before + 1)
  balancer.destroy()
  expect(clock.pending).toBe(0)
})

test('a READY policy whose update throws keeps serving, and gets the update again', () => {
  const { balancer, clock, states, faults, update } = open()
  let updates = 0
  const config = policy('own', (helper) => ({
    update() {
      updates += 1
      if (updates === 2) boom()
      helper.updateState('READY', queuePicker)
      return null
    },
  }))
  expect(update(config)).toBeNull()
  expect(update(config)?.message).toContain('boom')
  expect(states).toEqual(['READY'])
  clock.advance(1_000)
  expect(updates).toBe(3)
  expect(clock.pending).toBe(0)
  expect(faults).toEqual(['the load balancing policy own failed: boom'])
  balancer.destroy()
})

test('a successor that fails to construct takes nothing over from a READY policy', () => {
  const { balancer, clock, states, update, pick } = open()
  let isBroken = true
  const good = policy('good', (helper) => ({
    update() {
      helper.updateState('READY', queuePicker)
      return null
    },
  }))
  const successor = policy('successor', (helper) => {
    if (isBroken) boom()
    return {
      update() {
        helper.updateState('IDLE', queuePicker)
        return null
      },
    }
  })
  update(good)
  expect(update(successor)?.message).toContain('boom')
  expect(states).toEqual(['READY'])
  expect(pick()).toEqual({ kind: 'queue' })
  isBroken = false
  clock.advance(1_000)
  expect(states).toEqual(['READY', 'IDLE'])
  balancer.destroy()
})

test('subchannels that a policy leaves behind are shut down with it, and later ones at once', () => {
  const { balancer, subchannels, states, clock, update } = open()
  const helpers: ChannelControlHelper[] = []
  const config = policy('own', (helper) => {
    helpers.push(helper)
    helper.clock.schedule(boom, 10)
    return {
      update: ({ endpoints }) => {
        const address = endpoints[0]?.addresses[0]
        if (address !== undefined) helper.createSubchannel(address, {})
        return null
      },
    }
  })
  update(config)
  balancer.destroy()
  const late = helpers[0]?.createSubchannel({ host: '192.0.2.2', port: 80 }, {})
  helpers[0]?.updateState('READY', queuePicker)
  expect(late?.state).toBe('SHUTDOWN')
  expect(subchannels.map(({ subchannel }) => subchannel.state)).toEqual(['SHUTDOWN', 'SHUTDOWN'])
  expect(states).toEqual([])
  expect(clock.pending).toBe(0)
})

test('calls do not wait for ever when custom pickers cannot be created', async () => {
  const { balancer, clock, subchannels, states, update } = open()
  let pickers = 0
  const own: LoadBalancerPolicy<null> = {
    name: 'own',
    parseConfig: () => null,
    create: (helper) =>
      new EndpointBalancer(helper, null, ([first]) => {
        pickers += 1
        return pickers === 1 || first === undefined ? boom() : first.picker
      }),
  }
  update({ policy: own as LoadBalancerPolicy, config: null })
  const first = subchannels.at(-1)
  first?.connector.last.succeed()
  await settled()
  expect(states.at(-1)).toBe('TRANSIENT_FAILURE')
  expect(first?.subchannel.state).toBe('SHUTDOWN')
  clock.advance(1_000)
  subchannels.at(-1)?.connector.last.succeed()
  await settled()
  expect(states.at(-1)).toBe('READY')
  balancer.destroy()
})

test('a wrapped subchannel exposes everything of the inner one', () => {
  const { balancer, subchannels, update } = open()
  const made: Subchannel[] = []
  update(
    policy('own', (helper) => ({
      update: ({ endpoints }) => {
        const address = endpoints[0]?.addresses[0]
        if (address !== undefined) made.push(helper.createSubchannel(address, {}))
        return null
      },
    })),
  )
  const [outer, inner] = [made[0], subchannels[0]?.subchannel]
  for (const name of ['address', 'calls', 'state', 'lastError', 'connection'] as const) {
    expect(outer?.[name]).toBe(inner?.[name])
  }
  balancer.destroy()
})

test('pick_first behaves the same when supervised', () => {
  const { balancer, subchannels, states, update, pick } = open()
  update({ policy: pickFirstPolicy as LoadBalancerPolicy, config: { shuffleAddressList: false } })
  expect(states).toEqual(['CONNECTING'])
  expect(subchannels).toHaveLength(1)
  expect(pick()).toEqual({ kind: 'queue' })
  balancer.destroy()
  expect(subchannels[0]?.subchannel.state).toBe('SHUTDOWN')
})
