import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { ConfigSource } from '../../../../../client/node/channel/config-source.ts'
import type { LoadBalancerPolicies, LoadBalancerPolicy } from '../../../../../client/node/contracts/load-balancer.ts'

function policy(name: string): LoadBalancerPolicy {
  return { name, parseConfig: () => name, create: () => expect.unreachable('nobody asks for a balancer') }
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

describe('what holds', () => {
  test('is the default until the resolver brings a config, and when it has none', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    source.settle()
    expect(timeoutOf(source)).toBe(1_000)
    expect(choose(source, ROUND_ROBIN)).toEqual(['round_robin'])
    expect(timeoutOf(source)).toBe(3_000)
    expect(source.current?.throttle).not.toBeNull()
    expect(source.choosePolicy({ endpoints: [] }).policy.name).toBe('pick_first')
    expect(source.current?.throttle).toBeNull()
  })

  test('SC-3 is the last good one, when a bad one comes', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    expect(choose(source, ROUND_ROBIN, BAD)).toEqual(['round_robin', 'round_robin'])
    const broken = { endpoints: [], serviceConfig: new ConnectError('no TXT', Code.Unavailable) }
    expect(source.choosePolicy(broken).policy.name).toBe('round_robin')
    expect(timeoutOf(source)).toBe(3_000)
  })

  test('SC-3 is what held without a config, when a bad one follows: endpoints are taken over still', () => {
    const source = new ConfigSource({ policies: POLICIES })
    expect(source.choosePolicy({ endpoints: [] }).policy.name).toBe('pick_first')
    expect(choose(source, BAD)).toEqual(['pick_first'])
  })

  test('SC-3 is the default, when the first one is bad', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT })
    expect(choose(source, BAD)).toEqual(['pick_first'])
    expect(timeoutOf(source)).toBe(1_000)
  })

  test('is the default, whatever comes, where the resolver is not heeded', () => {
    const source = new ConfigSource({ policies: POLICIES, defaultConfig: DEFAULT, heedsResolver: false })
    expect(choose(source, ROUND_ROBIN, BAD)).toEqual(['pick_first', 'pick_first'])
    expect(timeoutOf(source)).toBe(1_000)
  })
})

describe('calls', () => {
  test('wait for the first answer of the resolver, unless they give up', () => {
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

  test('go on with the default when the answer is of no use', () => {
    const source = new ConfigSource({ policies: POLICIES })
    expect(source.current).toBeNull()
    expect(() => choose(source, BAD)).toThrow()
    source.settle()
    expect(source.current?.methods.find('/a.B/C').retryPolicy).toBeNull()
  })
})

test('the same config is the same object, another one is another', () => {
  const source = new ConfigSource({ policies: POLICIES })
  choose(source, ROUND_ROBIN)
  const { current } = source
  expect(source.current).toBe(current)
  choose(source, ROUND_ROBIN)
  expect(source.current).not.toBe(current)
})

test('the tokens of retries survive a lookup that brings the same config', () => {
  const source = new ConfigSource({ policies: POLICIES })
  choose(source, ROUND_ROBIN)
  const throttle = source.current?.throttle
  choose(source, ROUND_ROBIN)
  expect(source.current?.throttle).toBe(throttle)
  choose(source, { ...ROUND_ROBIN, retryThrottling: { maxTokens: 11, tokenRatio: 0.1 } })
  expect(source.current?.throttle).not.toBe(throttle)
})

test('SC-3 a bad config with no good one before, and no default, is UNAVAILABLE', () => {
  const source = new ConfigSource({ policies: POLICIES })
  expect(() => choose(source, BAD)).toThrow('invalid service config: methodConfig')
})

test('a default that is none is refused at once', () => {
  expect(() => new ConfigSource({ policies: POLICIES, defaultConfig: BAD })).toThrow('methodConfig')
})
