/** The names of headers and metadata as grpc-gateway has them. */
import { describe, expect, test } from 'vitest'
import { resolveRestOptions } from '../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'

const { requestHeader, responseHeader, responseTrailer } = resolveRestOptions({ preset: 'grpcGateway' })

describe('the preset grpcGateway', () => {
  test.each([
    ['accept', 'grpcgateway-accept'],
    ['user-agent', 'grpcgateway-user-agent'],
    ['cookie', 'grpcgateway-cookie'],
    ['grpc-metadata-x-tenant', 'x-tenant'],
    ['grpc-metadata-trace-bin', 'trace-bin'],
    ['authorization', ['authorization', 'grpcgateway-authorization']],
    ['x-forwarded-for', 'x-forwarded-for'],
  ])('passes the request header %s on', (name, mapped) => {
    expect(requestHeader?.(name)).toEqual(mapped)
  })

  test.each([
    ['a header that is not registered', 'x-custom'],
    ['a name of its own', 'grpcgateway-user-agent'],
    ['metadata with a name of its own', 'grpc-metadata-grpcgateway-user-agent'],
    ['metadata that tells the origin', 'grpc-metadata-x-forwarded-for'],
    ['metadata without a name', 'grpc-metadata-'],
    ['a header of the connection', 'connection'],
    ['a property of objects', 'constructor'],
  ])('drops %s', (_what, name) => {
    expect(requestHeader?.(name)).toBeNull()
  })

  test('has a prefix for the headers and trailers of the service', () => {
    expect(responseHeader?.('x-id')).toBe('grpc-metadata-x-id')
    expect(responseTrailer?.('x-sum')).toBe('grpc-trailer-x-sum')
  })
})
