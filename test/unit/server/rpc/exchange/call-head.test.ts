import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { CallHead, MediaFamily, parseContentType } from '../../../../../server/rpc/exchange/call-head.ts'
import { parseGrpcTimeout } from '../../../../../wire/timeout-header.ts'

function headWith(...fields: readonly (readonly [name: string, value: string])[]): CallHead {
  return new CallHead({ method: 'POST', path: '/', fields: fields.map(([name, value]) => ({ name, value })) })
}

describe('content types', () => {
  const family = new MediaFamily('application/grpc', 'proto')
  const suffixed = new MediaFamily('application/connect', undefined)

  test.each([
    ['application/grpc', 'proto'],
    ['application/grpc+proto', 'proto'],
    ['application/grpc+json', 'json'],
    ['Application/GRPC+JSON', 'json'],
    ['application/grpc+json; charset=utf-8', 'json'],
    ['application/grpc+json;charset=UTF-8', 'json'],
    ['application/grpc+json ; charset="utf-8"', 'json'],
    ['application/grpc+json\t;\tcharset=utf8', 'json'],
  ])('%j states a format', (text, format) => {
    expect(family.formatOf(parseContentType(text))).toBe(format)
    expect(family.includes(parseContentType(text))).toBe(true)
  })

  test.each([
    '',
    ' application/grpc',
    'application/grpc ',
    'application/grpc;',
    'application/grpc; charset=utf-8',
    'application/grpc+json; charset=latin1',
    'application/grpc+json; charset=utf-8; charset=latin1',
    'application/grpc, application/grpc',
    'application/grpc+json\u00a0; charset=utf-8',
    'application/grpc+json\v; charset=utf-8',
    'application/grpc+',
    'application/grpc+xml',
    'application/grpcx',
    'application/grpc-web',
    'text/plain',
    'constructor',
  ])('%j has none', (text) => {
    expect(family.formatOf(parseContentType(text))).toBeUndefined()
  })

  test.each([
    ['application/grpc+xml', true],
    ['application/grpc; charset=utf-8', true],
    ['application/grpc+', false],
    ['application/grpc-web', false],
    ['application/grpcx', false],
    ['x-application/grpc', false],
  ])('%s is of the family, to be answered in: %j', (text, isOne) => {
    expect(family.includes(parseContentType(text))).toBe(isOne)
  })

  test('an unknown type is none', () => {
    expect(suffixed.formatOf(parseContentType('application/connect'))).toBeUndefined()
    expect(suffixed.includes(parseContentType('application/connect'))).toBe(false)
    expect(suffixed.formatOf(parseContentType('application/connect+json'))).toBe('json')
    expect(suffixed.names).toEqual(['application/connect+proto', 'application/connect+json'])
  })

  test('the response type is that of the request, unless invalid or too long', () => {
    expect(headWith(['content-type', 'Application/GRPC+proto; x=y']).typeOr('a/b')).toBe('application/grpc+proto')
    expect(headWith().typeOr('a/b')).toBe('a/b')
    expect(headWith(['content-type', `application/${'x'.repeat(300)}`]).typeOr('a/b')).toBe('a/b')
  })
})

test('the first of repeated fields counts, lists are joined, and content types are counted', () => {
  const head = headWith(['a', '1'], ['content-type', 'x/y'], ['a', '2'], ['content-type', 'x/z'])
  expect(head.get('a')).toBe('1')
  expect(head.list('a')).toBe('1,2')
  expect(head.list('b')).toBeUndefined()
  expect([head.contentType.essence, head.contentTypes]).toEqual(['x/y', 2])
})

test('a timeout is parsed, or INVALID_ARGUMENT that names the field', () => {
  expect(headWith(['grpc-timeout', '2S']).timeoutMs('grpc-timeout', parseGrpcTimeout)).toBe(2_000)
  expect(headWith().timeoutMs('grpc-timeout', parseGrpcTimeout)).toBeUndefined()
  expect(() => headWith(['grpc-timeout', 'soon']).timeoutMs('grpc-timeout', parseGrpcTimeout)).toThrow(
    expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining('grpc-timeout') }),
  )
})
