import { create, createRegistry } from '@bufbuild/protobuf'
import { anyPack } from '@bufbuild/protobuf/wkt'
import { createClient } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { TRANSPORT_OPTION_KINDS } from '../../../../../client/node/transport-options.ts'
import { createWebTransport, type WebTransportOptions } from '../../../../../client/web/transport/web-transport.ts'
import { GreeterService, SayHelloResponseSchema } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { ConformanceService } from '../../../../gen/connectrpc/conformance/v1/service_pb.js'

/** Calls SayHello over a fetch that returns 503, and returns the request that would have been sent. */
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
  it('uses Connect with JSON to its own origin by default', async () => {
    expect(await requestOf({})).toEqual({
      url: '/greeter.v1.GreeterService/SayHello',
      method: 'POST',
      contentType: 'application/json',
    })
  })

  it('uses binary gRPC-Web', async () => {
    expect(await requestOf({ protocol: 'grpc-web', baseUrl: 'https://example.test/api/' })).toEqual({
      url: 'https://example.test/api/greeter.v1.GreeterService/SayHello',
      method: 'POST',
      contentType: 'application/grpc-web+proto',
    })
  })

  it('uses GET where Connect allows it', async () => {
    expect(await requestOf({ useHttpGet: true })).toMatchObject({ method: 'GET' })
  })

  it('runs interceptors, the first outermost', async () => {
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

  it('rejects a protocol that browsers do not support', () => {
    const options = { protocol: 'grpc' } as unknown as WebTransportOptions
    expect(() => createWebTransport(options)).toThrow('protocol is grpc: it must be connect or grpc-web')
  })

  it('rejects GET over gRPC-Web', () => {
    expect(() => createWebTransport({ protocol: 'grpc-web', useHttpGet: true })).toThrow('gRPC-Web has no GET')
  })

  it.each([
    [{ baseURL: '/' }, 'baseURL is unknown: did you mean baseUrl?'],
    [
      { credentials: 'include' },
      "credentials is unknown: use fetch: (input, init) => fetch(input, { ...init, credentials: 'include' })",
    ],
    [{ readMaxBytes: 5 }, 'readMaxBytes is unknown: no counterpart in pages, as the browser reads what fetch receives'],
    [{ timeoutMs: 5 }, 'timeoutMs is unknown: use defaultTimeoutMs'],
    [{ format: 'json' }, 'format is unknown: use useBinaryFormat'],
    [{ jsonOptions: { pretty: true } }, 'jsonOptions.pretty is unknown'],
    [{ interceptors: {} }, 'interceptors is an object, and must be an array'],
  ])('refuses %j', (options, fault) => {
    const act = () => createWebTransport(options as WebTransportOptions)
    expect(act).toThrow(new RangeError(`createWebTransport: ${fault}`))
  })

  it('documents for every option of the Node client whether the web transport has it', () => {
    for (const name of Object.keys(TRANSPORT_OPTION_KINDS)) {
      if (
        [
          'protocol',
          'baseUrl',
          'useBinaryFormat',
          'registry',
          'jsonOptions',
          'binaryOptions',
          'useHttpGet',
          'interceptors',
          'defaultTimeoutMs',
        ].includes(name)
      )
        continue
      expect(() => createWebTransport({ [name]: 1 } as WebTransportOptions)).toThrow(`${name} is unknown: `)
    }
  })

  it.each(['connect', 'grpc-web'] as const)('passes the registry to JSON over %s', async (protocol) => {
    const registry = createRegistry(SayHelloResponseSchema)
    const request = { value: anyPack(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'in an Any' })) }
    const sent = async (options: WebTransportOptions): Promise<string> => {
      let body = ''
      const fetch = async (_url: unknown, { body: octets }: RequestInit = {}) => {
        body = await new Response(octets ?? null).text()
        return new Response(null, { status: 503 })
      }
      const common = { protocol, useBinaryFormat: false, fetch }
      await createClient(ConformanceService, createWebTransport({ ...common, ...options }))
        .unary({ responseDefinition: { response: { case: 'error', value: { details: [request.value] } } } })
        .catch(() => {})
      return body
    }
    expect(await sent({ registry })).toContain('in an Any')
    expect(await sent({ jsonOptions: { registry } })).toContain('in an Any')
    expect(await sent({})).not.toContain('in an Any')
  })
})
