import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { ConfigSource } from '../../../../../client/node/channel/config-source.ts'
import type { LoadBalancerPolicies, LoadBalancerPolicy } from '../../../../../client/node/channel/load-balancer.ts'

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

describe('what holds', () => {
  test('is the default until the resolver brings a config, and when it has none', () => {
    const source = new ConfigSource(POLICIES, { methodConfig: [{ name: [{}], timeout: '1s' }] })
    expect(source.methodConfig('/a.B/C').timeoutMs).toBe(1_000)
    expect(choose(source, ROUND_ROBIN)).toEqual(['round_robin'])
    expect(source.methodConfig('/a.B/C').timeoutMs).toBe(3_000)
    expect(source.throttle).not.toBeNull()
    expect(source.choosePolicy({ endpoints: [] }).policy.name).toBe('pick_first')
    expect(source.throttle).toBeNull()
  })

  test('SC-3 is the last good one, when a bad one comes', () => {
    const source = new ConfigSource(POLICIES)
    expect(choose(source, ROUND_ROBIN, { methodConfig: 7 })).toEqual(['round_robin', 'round_robin'])
    const broken = { endpoints: [], serviceConfig: new ConnectError('no TXT', Code.Unavailable) }
    expect(source.choosePolicy(broken).policy.name).toBe('round_robin')
    expect(source.methodConfig('/a.B/C').timeoutMs).toBe(3_000)
  })
})

test('the tokens of retries survive a lookup that brings the same config', () => {
  const source = new ConfigSource(POLICIES)
  choose(source, ROUND_ROBIN)
  const { throttle } = source
  choose(source, ROUND_ROBIN)
  expect(source.throttle).toBe(throttle)
  choose(source, { ...ROUND_ROBIN, retryThrottling: { maxTokens: 11, tokenRatio: 0.1 } })
  expect(source.throttle).not.toBe(throttle)
})

test('SC-3 a bad config with no good one before is UNAVAILABLE', () => {
  const source = new ConfigSource(POLICIES)
  expect(() => choose(source, { methodConfig: 7 })).toThrow('the service config of the target is none: methodConfig')
})

test('a default that is none is refused at once', () => {
  expect(() => new ConfigSource(POLICIES, { methodConfig: 7 })).toThrow('methodConfig')
})
