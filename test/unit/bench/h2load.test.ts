import { expect, test } from 'vitest'
import { readH2load } from '../../../bench/h2load.ts'

function report({ finished = '2.00s', failed = 0, refused = 0, dataBytes = 2_400 } = {}): string {
  return [
    `finished in ${finished}, 50.00 req/s, 1.20KB/s`,
    `requests: 100 total, 132 started, 100 done, 100 succeeded, ${failed} failed, 0 errored, 0 timeout`,
    `status codes: 100 2xx, 0 3xx, 0 4xx, ${refused} 5xx`,
    `traffic: 4.00KB (4096) total, 1.00KB (1024) headers (space savings 95.91%), 2.34KB (${dataBytes}) data`,
  ].join('\n')
}

test('reads the request counts', () => {
  expect(readH2load(report(), 24)).toEqual({ operations: 100, seconds: 2, dataBytes: 2_400 })
})

test('reads milliseconds', () => {
  expect(readH2load(report({ finished: '203.44ms' }), 24).seconds).toBeCloseTo(0.20344)
})

test.each([
  ['failed calls', { failed: 1 }],
  ['refused calls', { refused: 1 }],
  ['replies without a message, as errors of gRPC have', { dataBytes: 2_376 }],
])('rejects %s', (_, fault) => {
  expect(() => readH2load(report(fault), 24)).toThrow('calls failed')
})

test('rejects a report in another format', () => {
  expect(() => readH2load('h2load: cannot connect', 24)).toThrow('h2load says nothing of')
})
