import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { ConfigSource } from '../../../../../client/node/channel/config-source.ts'
import type { LoadBalancerPolicies, LoadBalancerPolicy } from '../../../../../client/node/contracts/load-balancer.ts'

function policy(name: string): LoadBalancerPolicy {
  return { name, parseConfig: () => name, create: () => expect.unreachable('no balancer is created') }
}

const POLICIES: LoadBalancerPolicies = new Map(
  ['pick_first', 'round_robin'].map((name) => [name, policy(name)] as const),
)
const ROUND_ROBIN = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [{ name: [{ service: 'a.B' }], timeout: '3s' }],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
}

function choose(source: ConfigSource, ...configs: unknown[]): string[] {
  return configs.map((json) => source.choosePolicy({ endpoints: [], serviceConfig: { json } }).policy.name)
}

function timeoutOf(source: ConfigSource): number | undefined {
  return source.current?.methods.find('/a.B/C').timeoutMs
}

const DEFAULT = { methodConfig: [{ name: [{}], timeout: '1s' }] }
const BAD = { methodConfig: 7 }

describe('the current config', () => {
  test('is the default until the resolver provides one, and when it has none', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    source.settle()
    expect(timeoutOf(source)).toBe(1_000)
    expect(choose(source, ROUND_ROBIN)).toEqual(['round_robin'])
    expect(timeoutOf(source)).toBe(3_000)
    expect(source.current?.throttle).not.toBeNull()
    expect(source.choosePolicy({ endpoints: [] }).policy.name).toBe('pick_first')
    expect(source.current?.throttle).toBeNull()
  })

  test('SC-3 is the last valid one, after an invalid one', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    expect(choose(source, ROUND_ROBIN, BAD)).toEqual(['round_robin', 'round_robin'])
    const broken = { endpoints: [], serviceConfig: new ConnectError('no TXT', Code.Unavailable) }
    expect(source.choosePolicy(broken).policy.name).toBe('round_robin')
    expect(timeoutOf(source)).toBe(3_000)
  })

  test('SC-3 stays unset when an invalid one follows a result without one; endpoints are still updated', () => {
    const source = new ConfigSource({ policies: POLICIES })
    expect(source.choosePolicy({ endpoints: [] }).policy.name).toBe('pick_first')
    expect(choose(source, BAD)).toEqual(['pick_first'])
  })

  test('SC-3 is the default, when the first one is invalid', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    expect(choose(source, BAD)).toEqual(['pick_first'])
    expect(timeoutOf(source)).toBe(1_000)
  })

  test('is always the default when resolver configs are disabled', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT, heedsResolver: false })
    expect(choose(source, ROUND_ROBIN, BAD)).toEqual(['pick_first', 'pick_first'])
    expect(timeoutOf(source)).toBe(1_000)
  })
})

describe('calls', () => {
  test('wait for the first resolver result, unless cancelled', () => {
    const source = new ConfigSource({ policies: POLICIES })
    const heard: (number | undefined)[] = []
    source.whenKnown(({ methods }) => heard.push(methods.find('/a.B/C').timeoutMs))
    source.whenKnown(() => expect.unreachable('it has given up'))()
    choose(source, ROUND_ROBIN)
    expect(heard).toEqual([])
    source.settle()
    source.settle()
    expect(heard).toEqual([3_000])
  })

  test('use the default when the result has no usable config', () => {
    const source = new ConfigSource({ policies: POLICIES })
    expect(source.current).toBeNull()
    expect(() => choose(source, BAD)).toThrow()
    source.settle()
    expect(source.current?.methods.find('/a.B/C').retryPolicy).toBeNull()
  })
})

test('equal configs are the same object, different ones are not', () => {
  const source = new ConfigSource({ policies: POLICIES })
  choose(source, ROUND_ROBIN)
  const { current } = source
  expect(source.current).toBe(current)
  choose(source, ROUND_ROBIN)
  expect(source.current).not.toBe(current)
})

test('retry tokens survive a lookup with the same config', () => {
  const source = new ConfigSource({ policies: POLICIES })
  choose(source, ROUND_ROBIN)
  const throttle = source.current?.throttle
  choose(source, ROUND_ROBIN)
  expect(source.current?.throttle).toBe(throttle)
  choose(source, { ...ROUND_ROBIN, retryThrottling: { maxTokens: 11, tokenRatio: 0.1 } })
  expect(source.current?.throttle).not.toBe(throttle)
})

test('SC-3 an invalid config with no valid one before, and no default, is UNAVAILABLE', () => {
  const source = new ConfigSource({ policies: POLICIES })
  expect(() => choose(source, BAD)).toThrow('invalid service config: methodConfig')
})

test('an invalid default throws at once', () => {
  expect(() => new ConfigSource({ policies: POLICIES, defaultConfig: BAD })).toThrow('methodConfig')
})
