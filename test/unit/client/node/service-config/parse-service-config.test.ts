import { Code } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICIES, policyMap } from '../../../../../client/node/balancer/default-policies.ts'
import { parseServiceConfig } from '../../../../../client/node/service-config/parse-service-config.ts'
import { ServiceConfigError } from '../../../../../client/node/service-config/service-config-error.ts'
import { MOCK_POLICIES } from '../../../../support/contracts/mock-policy.ts'
import { CORPUS } from './corpus.ts'

const parse = (json: unknown) => parseServiceConfig(json, MOCK_POLICIES)

function faultsOf(json: unknown): readonly string[] {
  try {
    parse(json)
    return []
  } catch (error) {
    if (error instanceof ServiceConfigError) return error.faults
    throw error
  }
}

describe('SC-1 a service config is valid as a whole or not at all', () => {
  it.each(CORPUS)('$what', ({ json, fault }) => {
    const faults = faultsOf(json)
    expect(faults).toHaveLength(fault === undefined ? 0 : 1)
    if (fault !== undefined) expect(faults[0]).toContain(fault)
  })

  it('reports every error at once', () => {
    const json = { methodConfig: [{ timeout: 1, waitForReady: 2 }], healthCheckConfig: { serviceName: 3 } }
    expect(faultsOf(json)).toEqual([
      'methodConfig[0].waitForReady is 2: it must be true or false',
      'methodConfig[0].timeout is 1: it must be a duration such as "1.5s"',
      'healthCheckConfig.serviceName is 3: it must be a string',
    ])
  })
})

describe('nested policies', () => {
  const POLICIES = policyMap(DEFAULT_POLICIES)

  function nested(levels: number, innermost: unknown) {
    let list = [{ round_robin: innermost }] as unknown[]
    for (let level = 0; level < levels; level++) {
      list = [{ random_subsetting_experimental: { subsetSize: 1, childPolicy: list } }]
    }
    return { loadBalancingConfig: list }
  }

  function faultOf(json: unknown): string {
    try {
      parseServiceConfig(json, POLICIES)
      return ''
    } catch (error) {
      return error instanceof ServiceConfigError ? error.message : String(error)
    }
  }

  it('are reported once, where the error is', () => {
    const path = 'random_subsetting_experimental.childPolicy[0]'
    expect(faultOf(nested(2, 7))).toMatch(/^loadBalancingConfig\[0\]\.[^\n]* is 7: it must be an object$/)
    expect(faultOf(nested(2, 7))).toContain(`${path}.${path}.round_robin`)
  })

  it('may be deep, but not so deep that parsing takes for ever', () => {
    expect(faultOf(nested(20, {}))).toBe('')
    expect(faultOf(nested(40, {}))).toBe('the config is nested too deep: it must have at most 100 levels')
    expect(faultOf(nested(100_000, {}))).toBe('the config is nested too deep: it must have at most 100 levels')
  })
})

describe('SC-2 the most specific method config applies', () => {
  const { methods } = parse({
    methodConfig: [
      { name: [{}], timeout: '1s' },
      { name: [{ service: 'a.B' }], timeout: '2s', waitForReady: true },
      { name: [{ service: 'a.B', method: 'C' }], timeout: '3s' },
    ],
  })

  it.each([
    ['the method', '/a.B/C', 3_000, undefined],
    ['its service', '/a.B/D', 2_000, true],
    ['the default', '/a.X/C', 1_000, undefined],
  ])('%s', (_what, path, timeoutMs, waitForReady) => {
    expect(methods.find(path)).toMatchObject({ timeoutMs, waitForReady })
  })

  it('does not apply to methods that it does not name', () => {
    expect(parse({}).methods.find('/a.B/C')).toMatchObject({ timeoutMs: undefined, retryPolicy: null })
  })
})

describe('parsed values', () => {
  it('default to pick_first and one connection', () => {
    const config = parse({})
    expect(config.loadBalancing.policy.name).toBe('pick_first')
    expect(config).toMatchObject({ maxConnectionsPerSubchannel: 1, healthServiceName: null, retryThrottling: null })
  })

  it('take the first known policy, with its config', () => {
    const { policy, config } = parse({ loadBalancingConfig: [{ xds: {} }, { mock: { size: 3 } }] }).loadBalancing
    expect([policy.name, config]).toEqual(['mock', { size: 3 }])
  })

  it('RT-6 cap attempts and connections at the client limits', () => {
    const policy = { initialBackoff: '0.1s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: [14] }
    const config = parse({
      methodConfig: [{ name: [{}], retryPolicy: { maxAttempts: 9, ...policy } }],
      connectionScaling: { maxConnectionsPerSubchannel: 99 },
    })
    expect(config.methods.find('/a.B/C').retryPolicy).toEqual({
      maxAttempts: 5,
      initialBackoffMs: 100,
      maxBackoffMs: 1_000,
      backoffMultiplier: 2,
      retryableCodes: new Set([Code.Unavailable]),
    })
    expect(config.maxConnectionsPerSubchannel).toBe(10)
  })

  it('keep three decimals of the token ratio', () => {
    const { retryThrottling } = parse({ retryThrottling: { maxTokens: 10, tokenRatio: 0.12349 } })
    expect(retryThrottling).toEqual({ maxTokens: 10, tokenRatio: 0.123 })
  })
})
