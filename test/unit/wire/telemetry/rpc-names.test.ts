import { Code } from '@connectrpc/connect'
import * as conventions from '@opentelemetry/semantic-conventions'
import * as incubating from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, test } from 'vitest'
import { CALL_DURATION_BUCKETS } from '../../../../wire/telemetry/buckets.ts'
import * as names from '../../../../wire/telemetry/rpc-names.ts'

test('attribute names are the stable ones of the semantic conventions', () => {
  const ours = Object.entries(names).filter(([name]) => name.startsWith('ATTR_'))
  expect(ours.length).toBeGreaterThan(8)
  expect(Object.fromEntries(ours)).toEqual(
    Object.fromEntries(ours.map(([name]) => [name, (conventions as Record<string, unknown>)[name]])),
  )
})

test('no deprecated attribute of RPC is in use', () => {
  const deprecated = [incubating.ATTR_RPC_RESPONSE_STATUS_CODE, incubating.ATTR_RPC_SYSTEM, incubating.ATTR_RPC_SERVICE]
  expect(Object.values(names).filter((name) => deprecated.includes(name as (typeof deprecated)[number]))).toEqual([])
})

test.each(['grpc', 'grpc-web'])('%s is the system grpc', (protocol) => {
  expect(names.rpcSystem(protocol)).toBe(conventions.RPC_SYSTEM_NAME_VALUE_GRPC)
})

test('connect is the system connectrpc', () => {
  expect(names.rpcSystem('connect')).toBe(incubating.RPC_SYSTEM_NAME_VALUE_CONNECTRPC)
})

test('durations of calls have the buckets of the conventions', () => {
  expect(CALL_DURATION_BUCKETS).toEqual([0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10])
})

describe('TR-7 a server and a client disagree on what is an error', () => {
  const codes = Object.values(Code).filter((code) => typeof code === 'number')

  test('to a client, every code but OK is one', () => {
    expect(codes.filter((code) => names.isRpcError('client', code))).toEqual(codes)
    expect(names.isRpcError('client', undefined)).toBe(false)
  })

  test('to a server, those that the caller did not cause', () => {
    expect(codes.filter((code) => names.isRpcError('server', code)).map(names.grpcStatus)).toEqual([
      'UNKNOWN',
      'DEADLINE_EXCEEDED',
      'UNIMPLEMENTED',
      'INTERNAL',
      'UNAVAILABLE',
      'DATA_LOSS',
    ])
    expect(names.isRpcError('server', undefined)).toBe(false)
  })
})

test.each([
  ['grpc', undefined, 'OK'],
  ['grpc-web', Code.Canceled, 'CANCELLED'],
  ['connect', Code.Canceled, 'canceled'],
  ['connect', Code.DeadlineExceeded, 'deadline_exceeded'],
  ['connect', undefined, undefined],
])('the status of %s for code %s is %s', (protocol, code, status) => {
  expect(names.rpcStatus(protocol, code)).toBe(status)
})
