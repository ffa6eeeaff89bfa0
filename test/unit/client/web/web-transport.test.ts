import { createClient } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { createWebTransport, type WebTransportOptions } from '../../../../client/web/web-transport.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'

/** Says hello over a fetch that answers 503, and tells what would have been sent. */
async function requestOf(options: WebTransportOptions) {
  let request: { url: string; method: string | undefined; contentType: string | null } | undefined
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    request = { url: String(url), method: init.method, contentType: new Headers(init.headers).get('content-type') }
    return new Response(null, { status: 503 })
  }
  await createClient(GreeterService, createWebTransport({ ...options, fetch }))
    .sayHello({ name: 'Ada' })
    .catch(() => {})
  return request
}

describe('createWebTransport', () => {
  it('speaks Connect with JSON to the own origin by default', async () => {
    expect(await requestOf({})).toEqual({
      url: '/greeter.v1.GreeterService/SayHello',
      method: 'POST',
      contentType: 'application/json',
    })
  })

  it('speaks binary gRPC-Web', async () => {
    expect(await requestOf({ protocol: 'grpc-web', baseUrl: 'https://example.test/api/' })).toEqual({
      url: 'https://example.test/api/greeter.v1.GreeterService/SayHello',
      method: 'POST',
      contentType: 'application/grpc-web+proto',
    })
  })

  it('calls by GET where Connect allows it', async () => {
    expect(await requestOf({ useHttpGet: true })).toMatchObject({ method: 'GET' })
  })

  it('runs the interceptors, the first one outermost', async () => {
    const order: string[] = []
    const named = (name: string): NonNullable<WebTransportOptions['interceptors']>[number] => {
      return (next) => (request) => {
        order.push(name)
        return next(request)
      }
    }
    await requestOf({ interceptors: [named('outer'), named('inner')] })
    expect(order).toEqual(['outer', 'inner'])
  })

  it('refuses a protocol that browsers cannot speak', () => {
    const options = { protocol: 'grpc' } as unknown as WebTransportOptions
    expect(() => createWebTransport(options)).toThrow('protocol is grpc: it must be connect or grpc-web')
  })

  it('refuses GET over gRPC-Web', () => {
    expect(() => createWebTransport({ protocol: 'grpc-web', useHttpGet: true })).toThrow('gRPC-Web has no GET')
  })
})
