/** Valid and invalid service configs: SC-1. */

/** One config. `fault` is the beginning of its error message, and absent if it is valid. */
export interface CorpusEntry {
  readonly what: string
  readonly json: unknown
  readonly fault?: string
}

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: '0.1s',
  maxBackoff: '1s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
}

const method = (fields: object) => ({ methodConfig: [{ name: [{ service: 'a.B' }], ...fields }] })
const retry = (fields: object) => method({ retryPolicy: { ...retryPolicy, ...fields } })
const hedge = (fields: object) => method({ hedgingPolicy: { maxAttempts: 2, ...fields } })
const named = (...names: object[]) => ({ methodConfig: [{ name: names }] })
const balance = (...list: unknown[]) => ({ loadBalancingConfig: list })
const RETRY = 'methodConfig[0].retryPolicy'
const HEDGE = 'methodConfig[0].hedgingPolicy'

const VALID: readonly CorpusEntry[] = [
  { what: 'nothing', json: {} },
  { what: 'unknown fields, at every depth', json: { later: 1, ...method({ later: { x: [] } }) } },
  { what: 'null for absent', json: { methodConfig: null, retryThrottling: null, loadBalancingConfig: null } },
  { what: 'an empty list of policies', json: balance() },
  { what: 'a policy after unknown ones', json: balance({ xds: {} }, { mock: { size: 3 } }) },
  { what: 'faults after the policy that is taken', json: balance({ mock: {} }, { mock: { size: 'x' } }) },
  { what: 'the old name of a policy, in capitals', json: { loadBalancingPolicy: 'MOCK' } },
  { what: 'an old name beside the list, not looked at', json: { loadBalancingPolicy: 'no', ...balance({ mock: {} }) } },
  { what: 'no names', json: { methodConfig: [{ name: [] }] } },
  { what: 'the default', json: named({}) },
  { what: 'a service', json: named({ service: 'a.B' }) },
  { what: 'an empty method', json: named({ service: 'a.B', method: '' }) },
  { what: 'a method', json: named({ service: 'a.B', method: 'C' }) },
  { what: 'null in a name', json: named({ service: null, method: null }) },
  { what: 'a timeout of nothing', json: method({ timeout: '0s' }) },
  { what: 'a timeout with nanoseconds', json: method({ timeout: '1.000000001s' }) },
  { what: 'a limit of nothing', json: method({ maxRequestMessageBytes: 0 }) },
  { what: 'a limit as a string', json: method({ maxResponseMessageBytes: '1024' }) },
  { what: 'waiting', json: method({ waitForReady: true }) },
  { what: 'a retry policy', json: retry({}) },
  { what: 'more attempts than are made', json: retry({ maxAttempts: 9 }) },
  { what: 'codes as numbers, and in any case', json: retry({ retryableStatusCodes: [14, 'cancelled', 'Aborted', 0] }) },
  { what: 'a multiplier below 1', json: retry({ backoffMultiplier: 0.5 }) },
  { what: 'a hedging policy', json: hedge({}) },
  { what: 'a hedging policy with everything', json: hedge({ hedgingDelay: '0.5s', nonFatalStatusCodes: [14] }) },
  { what: 'throttling', json: { retryThrottling: { maxTokens: 10, tokenRatio: 0.1 } } },
  { what: 'throttling at its limits', json: { retryThrottling: { maxTokens: 1_000, tokenRatio: 0.001 } } },
  { what: 'a health check of the whole server', json: { healthCheckConfig: { serviceName: '' } } },
  { what: 'a health check without a name', json: { healthCheckConfig: {} } },
  { what: 'more connections than are made', json: { connectionScaling: { maxConnectionsPerSubchannel: 99 } } },
]

const INVALID: readonly CorpusEntry[] = [
  { what: 'a list', json: [], fault: 'the config is []' },
  { what: 'null', json: null, fault: 'the config is null' },
  { what: 'text', json: 'pick_first', fault: 'the config is "pick_first"' },
  { what: 'policies that are no list', json: { loadBalancingConfig: {} }, fault: 'loadBalancingConfig is {}' },
  { what: 'no policy that is known', json: balance({ xds: {} }), fault: 'loadBalancingConfig is [{"xds":{}}]' },
  { what: 'two policies in one entry', json: balance({ mock: {}, xds: {} }), fault: 'loadBalancingConfig[0] is' },
  { what: 'an entry without a policy', json: balance({}), fault: 'loadBalancingConfig[0] is []' },
  { what: 'an entry that is text', json: balance('mock'), fault: 'loadBalancingConfig[0] is "mock"' },
  {
    what: 'a fault in a policy',
    json: balance({ mock: { size: -1 } }),
    fault: 'loadBalancingConfig[0].mock.size is -1',
  },
  { what: 'an unknown old name', json: { loadBalancingPolicy: 'xds' }, fault: 'loadBalancingPolicy is "xds"' },
  { what: 'method configs that are no list', json: { methodConfig: {} }, fault: 'methodConfig is {}' },
  { what: 'a method config that is a number', json: { methodConfig: [3] }, fault: 'methodConfig[0] is 3' },
  {
    what: 'a name that is text',
    json: { methodConfig: [{ name: ['a.B'] }] },
    fault: 'methodConfig[0].name[0] is "a.B"',
  },
  { what: 'a method without a service', json: named({ method: 'C' }), fault: 'methodConfig[0].name[0].service is ""' },
  {
    what: 'a name twice',
    json: named({ service: 'a.B' }, { service: 'a.B' }),
    fault: 'methodConfig[0].name[1] is "/a.B/"',
  },
  { what: 'two defaults', json: named({}, { service: '' }), fault: 'methodConfig[0].name[1] is "the default"' },
  { what: 'a timeout without a unit', json: method({ timeout: '1' }), fault: 'methodConfig[0].timeout is "1"' },
  { what: 'a timeout in milliseconds', json: method({ timeout: '5ms' }), fault: 'methodConfig[0].timeout is "5ms"' },
  { what: 'a negative timeout', json: method({ timeout: '-1s' }), fault: 'methodConfig[0].timeout is "-1s"' },
  { what: 'a number as a timeout', json: method({ timeout: 1 }), fault: 'methodConfig[0].timeout is 1' },
  { what: 'ten digits of a second', json: method({ timeout: '1.0000000001s' }), fault: 'methodConfig[0].timeout is' },
  {
    what: 'a negative limit',
    json: method({ maxRequestMessageBytes: -1 }),
    fault: 'methodConfig[0].maxRequestMessageBytes',
  },
  {
    what: 'half a byte',
    json: method({ maxResponseMessageBytes: 0.5 }),
    fault: 'methodConfig[0].maxResponseMessageBytes',
  },
  { what: 'waiting as text', json: method({ waitForReady: 'yes' }), fault: 'methodConfig[0].waitForReady is "yes"' },
  {
    what: 'both policies',
    json: method({ retryPolicy, hedgingPolicy: { maxAttempts: 2 } }),
    fault: 'methodConfig[0] is "both"',
  },
  { what: 'one attempt', json: retry({ maxAttempts: 1 }), fault: `${RETRY}.maxAttempts is 1` },
  { what: 'an attempt and a half', json: retry({ maxAttempts: 2.5 }), fault: `${RETRY}.maxAttempts is 2.5` },
  { what: 'no attempts said', json: retry({ maxAttempts: null }), fault: `${RETRY}.maxAttempts is missing` },
  { what: 'no backoff', json: retry({ initialBackoff: '0s' }), fault: `${RETRY}.initialBackoff is "0s"` },
  { what: 'no maximum said', json: retry({ maxBackoff: undefined }), fault: `${RETRY}.maxBackoff is missing` },
  { what: 'a multiplier of 0', json: retry({ backoffMultiplier: 0 }), fault: `${RETRY}.backoffMultiplier is 0` },
  { what: 'no codes', json: retry({ retryableStatusCodes: [] }), fault: `${RETRY}.retryableStatusCodes is []` },
  {
    what: 'an unknown code',
    json: retry({ retryableStatusCodes: ['BUSY'] }),
    fault: `${RETRY}.retryableStatusCodes[0]`,
  },
  {
    what: 'an unknown number',
    json: retry({ retryableStatusCodes: [17] }),
    fault: `${RETRY}.retryableStatusCodes[0] is 17`,
  },
  { what: 'hedging without attempts', json: method({ hedgingPolicy: {} }), fault: `${HEDGE}.maxAttempts is missing` },
  { what: 'hedging once', json: hedge({ maxAttempts: 1 }), fault: `${HEDGE}.maxAttempts is 1` },
  { what: 'a bad hedging delay', json: hedge({ hedgingDelay: 'soon' }), fault: `${HEDGE}.hedgingDelay is "soon"` },
  {
    what: 'no tokens',
    json: { retryThrottling: { maxTokens: 0, tokenRatio: 1 } },
    fault: 'retryThrottling.maxTokens is 0',
  },
  {
    what: 'too many tokens',
    json: { retryThrottling: { maxTokens: 1_001, tokenRatio: 1 } },
    fault: 'retryThrottling.maxTokens',
  },
  { what: 'no ratio', json: { retryThrottling: { maxTokens: 1 } }, fault: 'retryThrottling.tokenRatio is missing' },
  {
    what: 'a ratio of 0',
    json: { retryThrottling: { maxTokens: 1, tokenRatio: 0 } },
    fault: 'retryThrottling.tokenRatio is 0',
  },
  {
    what: 'a number to check',
    json: { healthCheckConfig: { serviceName: 1 } },
    fault: 'healthCheckConfig.serviceName is 1',
  },
  {
    what: 'connections as text',
    json: { connectionScaling: { maxConnectionsPerSubchannel: 'all' } },
    fault: 'connectionScaling.maxConnectionsPerSubchannel is "all"',
  },
]

/** Both kinds. */
export const CORPUS: readonly CorpusEntry[] = [...VALID, ...INVALID]
