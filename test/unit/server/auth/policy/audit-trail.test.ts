/** AU-7: audit events are logged as in gRFC A59. */
import { describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  type AuditLogger,
  type AuditLoggerFactory,
  createAuditTrail,
} from '../../../../../server/auth/policy/audit-trail.ts'
import type { AuditCondition, AuditLoggingOptions } from '../../../../../server/auth/policy/authorization-policy.ts'
import { settled } from '../../../../support/settled.ts'

const CALL = { path: '/shop.v1.Orders/Place', principals: ['alice', 'bob'], header: () => null }
const ALLOWED = { isAuthorized: true, matchedRule: 'shop_all' }
const DENIED = { isAuthorized: false, matchedRule: '' }

function createTrail(options: AuditLoggingOptions, loggers: Readonly<Record<string, AuditLoggerFactory>>) {
  const faults: unknown[] = []
  const policy = { name: 'shop', allow_rules: [{ name: 'all' }], audit_logging_options: options }
  const factories = new Map(Object.entries(loggers))
  const trail = createAuditTrail(policy, { factories, onFault: (thrown, logger) => faults.push([logger, thrown]) })
  return { trail, faults }
}

function recorder() {
  const events: AuditEvent[] = []
  const logger: AuditLogger = (event) => void events.push(event)
  return { events, factory: () => logger }
}

describe('AU-7', () => {
  test.each<[AuditCondition, boolean[]]>([
    ['NONE', []],
    ['ON_DENY', [false]],
    ['ON_ALLOW', [true]],
    ['ON_DENY_AND_ALLOW', [true, false]],
  ])('%s', (audit_condition, logged) => {
    const { events, factory } = recorder()
    const { trail } = createTrail({ audit_condition, audit_loggers: [{ name: 'memory' }] }, { memory: factory })
    trail?.record(CALL, ALLOWED)
    trail?.record(CALL, DENIED)
    expect(events.map(({ authorized }) => authorized)).toEqual(logged)
  })

  test('events have the fields of gRFC A59', () => {
    const { events, factory } = recorder()
    const options = { audit_condition: 'ON_DENY_AND_ALLOW', audit_logger: [{ name: 'memory' }] } as const
    const { trail } = createTrail(options, { memory: factory })
    trail?.record(CALL, ALLOWED)
    trail?.record({ ...CALL, principals: [] }, DENIED)
    const common = { rpc_method: '/shop.v1.Orders/Place', policy_name: 'shop' }
    expect(events).toEqual([
      { ...common, principal: 'alice', matched_rule: 'shop_all', authorized: true },
      { ...common, principal: '', matched_rule: '', authorized: false },
    ])
  })

  test('a logger gets its config', () => {
    const configs: unknown[] = []
    const factory: AuditLoggerFactory = (config) => {
      configs.push(config)
      return () => {}
    }
    createTrail({ audit_loggers: [{ name: 'a', config: { topic: 'x' } }, { name: 'a' }] }, { a: factory })
    expect(configs).toEqual([{ topic: 'x' }, {}])
  })

  test('a logger that throws or rejects harms neither the call nor the next logger', async () => {
    const { events, factory } = recorder()
    const loggers = ['throws', 'rejects', 'memory'].map((name) => ({ name }))
    const { trail, faults } = createTrail(
      { audit_condition: 'ON_ALLOW', audit_loggers: loggers },
      {
        throws: () => () => {
          throw new Error('thrown')
        },
        rejects: () => async () => {
          throw new Error('rejected')
        },
        memory: factory,
      },
    )
    trail?.record(CALL, ALLOWED)
    await settled()
    expect(events).toHaveLength(1)
    expect(faults).toEqual([
      ['throws', new Error('thrown')],
      ['rejects', new Error('rejected')],
    ])
  })

  test('an unknown logger makes the policy invalid unless it is optional', () => {
    const { factory } = recorder()
    const options = { audit_condition: 'ON_DENY', audit_loggers: [{ name: 'kafka' }] } as const
    expect(() => createTrail(options, { memory: factory })).toThrow(
      'invalid authorization policy: audit logger "kafka" is unknown: this server has memory',
    )
    const optional = { ...options, audit_loggers: [{ name: 'kafka', is_optional: true }] }
    expect(createTrail(optional, { memory: factory }).trail).toBeNull()
  })

  test('a logger that cannot be created makes the policy invalid', () => {
    const factory = () => {
      throw new Error('topic is missing')
    }
    expect(() => createTrail({ audit_loggers: [{ name: 'kafka' }] }, { kafka: factory })).toThrow(
      'audit logger "kafka" cannot be created: topic is missing',
    )
  })
})
