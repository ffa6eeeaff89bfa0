import { describe, expect, test } from 'vitest'
import { MEDIA_TYPES, parseMediaType } from '../../../../server/rpc/media-type.ts'

describe('content types of calls', () => {
  test.each(MEDIA_TYPES)('%s', (text, type) => {
    expect(parseMediaType(text)).toEqual(type)
    expect(parseMediaType(text.toUpperCase())).toEqual(type)
  })

  test.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; charset="utf-8"',
    'application/json; charset=utf8',
    'application/connect+json; charset=utf-8',
    'application/grpc+json;charset=utf-8',
  ])('JSON may say that it is UTF-8: %s', (text) => {
    expect(parseMediaType(text)).toMatchObject({ codec: 'json' })
  })

  test.each([
    '',
    ' application/json',
    'application/json ',
    'application/json;',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=latin1',
    'application/json, application/proto',
    'application/json\tx',
    'application/json\u00a0; charset=utf-8',
    'application/json\v; charset=utf-8',
    'application/proto; charset=utf-8',
    'application/grpc; charset=utf-8',
    'application/grpc+',
    'application/grpc+xml',
    'application/grpcx',
    'application/grpc-web-texts',
    'application/connect',
    'application/connect+xml',
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'constructor',
  ])('anything else is none: %j', (text) => {
    expect(parseMediaType(text)).toBeUndefined()
  })
})
