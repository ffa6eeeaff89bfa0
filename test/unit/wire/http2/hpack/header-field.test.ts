import { describe, expect, test } from 'vitest'
import { headerField } from '../../../../../wire/http2/hpack/header-field.ts'
import { FieldFault, headerName, Token, UNKNOWN_TOKEN } from '../../../../../wire/http2/hpack/header-name.ts'

describe('errors', () => {
  test.each([
    ['', 'x', 'emptyName'],
    ['Name', 'x', 'upperCaseName'],
    ['na me', 'x', 'badName'],
    ['na:me', 'x', 'badName'],
    ['name\u00e9', 'x', 'badName'],
    ['na\u0000me', 'x', 'badName'],
    [':', 'x', 'unknownPseudoHeader'],
    [':protocols', 'websocket', 'unknownPseudoHeader'],
    [':Path', '/', 'unknownPseudoHeader'],
    ['connection', 'close', 'connectionSpecific'],
    ['proxy-connection', 'close', 'connectionSpecific'],
    ['keep-alive', 'x', 'connectionSpecific'],
    ['transfer-encoding', 'chunked', 'connectionSpecific'],
    ['upgrade', 'h2c', 'connectionSpecific'],
    ['name', 'a\u0000b', 'badValue'],
    ['name', 'a\rb', 'badValue'],
    ['name', 'a\nb', 'badValue'],
    ['name', '\n', 'badValue'],
    ['name', 'a\u010ab', 'badValue'],
    ['name', ' a', 'paddedValue'],
    ['name', 'a ', 'paddedValue'],
    ['name', '\ta', 'paddedValue'],
    ['name', 'a\t', 'paddedValue'],
    ['name', ' ', 'paddedValue'],
    ['te', 'gzip', 'badTe'],
    ['te', 'trailers, gzip', 'badTe'],
    ['te', '', 'badTe'],
  ] as const)('%j: %j has the error %s', (name, value, fault) => {
    expect(headerField(name, value).fault).toBe(FieldFault[fault])
  })

  test.each([
    ['te', 'trailers'],
    ['te', 'Trailers'],
    ['name', ''],
    ['name', 'a b\tc'],
    ['name', '\u0001\u007f\u0080\u00ff'],
    ["!#$%&'*+-.^_`|~09az", 'x'],
    [':path', ''],
    ['grpc-timeout', '1S'],
  ])('%j: %j is valid', (name, value) => {
    expect(headerField(name, value).fault).toBe(FieldFault.none)
  })
})

test('the size is name plus value plus 32', () => {
  expect(headerField('abc', 'de').size).toBe(37)
})

test.each([
  [':authority', Token.authority],
  [':status', Token.status],
  ['te', Token.te],
  ['content-type', Token.contentType],
  ['grpc-timeout', Token.grpcTimeout],
  ['grpc-status-details-bin', Token.grpcStatusDetailsBin],
  ['connect-timeout-ms', Token.connectTimeoutMs],
  ['x-anything', UNKNOWN_TOKEN],
])('%s has its token', (name, token) => {
  expect(headerField(name, 'x').token).toBe(token)
})

test('well-known names are one object', () => {
  expect(headerName('content-type')).toBe(headerName('content-type'))
})

test('tokens are all different', () => {
  expect(new Set(Object.values(Token)).size).toBe(Object.keys(Token).length)
})
