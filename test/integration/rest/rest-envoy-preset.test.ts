/** The preset `envoy`: what it takes over from Envoy's grpc_json_transcoder. The interoperation tests compare it with Envoy itself. */
import { describe, expect, it } from 'vitest'
import type { RestOptions } from '../../../server/rpc/protocols/rest/rest-options.ts'
import { KindService, type Kinds } from '../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../gen/library/v1/library_pb.js'
import { type StartedApp, startRoutes } from '../../support/demo-server.ts'
import { exchangeHttp1 } from '../../support/exchange.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

describe('the preset envoy', () => {
  it.each([
    ['a plus in the query stays a plus', '/v1/kinds?string_value=a+b%20c', { stringValue: 'a+b c' }],
    ['the last of several values counts', '/v1/kinds?int32_value=1&int32_value=2', { int32Value: 2 }],
    ['booleans may be digits', '/v1/kinds?bool_value=1', { boolValue: true }],
    ['a slash at the end means nothing', '/v1/kinds/string/a/', { stringValue: 'a' }],
    ['one segment is decoded', '/v1/kinds/string/a%2Fb%3Ac', { stringValue: 'a/b:c' }],
    [
      'reserved characters of several segments stay encoded',
      '/v1/kinds/a/x/b/c%2Fd%3Ae%20f',
      { nested: { name: 'a/x/b/c%2Fd%3Ae f' } },
    ],
  ])('reads requests as Envoy does: %s', async (_, path, expected) => {
    const { origin } = await startServices()
    const { status, body } = await exchangeHttp1(origin, { method: 'GET', path })
    expect([status, JSON.parse(body.toString())]).toEqual([200, expected])
  })

  it('applies parameters beside a body that is the request', async () => {
    const { origin } = await startServices()
    const request = { path: '/v1/kinds?renamed=a', headers: JSON_TYPE, body: '{"stringValue":"b"}' }
    const { status, body } = await exchangeHttp1(origin, request)
    expect([status, JSON.parse(body.toString())]).toEqual([200, { stringValue: 'b', otherName: 'a' }])
  })

  it('ignores a body that no rule maps', async () => {
    const { origin } = await startServices()
    // Node's client states no length for DELETE.
    const headers = { ...JSON_TYPE, 'content-length': '12' }
    const request = { method: 'DELETE', path: '/v1/shelves/1', headers, body: '{"name":"x"}' }
    const { status, body } = await exchangeHttp1(origin, request)
    expect([status, body.toString()]).toEqual([200, '{}'])
  })

  it.each([
    ['an array, by default', {}, 'application/json', '[{"sequence":"1"},{"sequence":"2"}]'],
    [
      'lines, as stream_newline_delimited',
      { streams: { defaultFormat: 'ndjson' } },
      'application/x-ndjson',
      '{"sequence":"1"}\n{"sequence":"2"}\n',
    ],
  ] as const)('writes streams as %s', async (_, rest, type, text) => {
    const { origin } = await startServices(rest)
    const { headers, body } = await exchangeHttp1(origin, { method: 'GET', path: '/v1/shelves/1:watch?count=2' })
    expect([headers['content-type'], body.toString()]).toEqual([type, text])
  })

  it('writes an empty stream as an empty array', async () => {
    const { origin } = await startServices()
    const { body } = await exchangeHttp1(origin, { method: 'GET', path: '/v1/shelves/1:watch' })
    expect(body.toString()).toBe('[]')
  })

  it('writes a fault of a request as google.rpc.Status', async () => {
    const { origin } = await startServices()
    const { status, body } = await exchangeHttp1(origin, { method: 'GET', path: '/v1/kinds?unknown=1' })
    expect([status, JSON.parse(body.toString())]).toMatchObject([400, { code: 3 }])
  })
})

function startServices(rest: RestOptions = {}): Promise<StartedApp> {
  const echo = (request: Kinds) => request
  return startRoutes({
    lane: 'native',
    rest: { preset: 'envoy', ...rest },
    routes: (router) =>
      router.service(KindService, { get: echo, post: echo }).service(LibraryService, {
        deleteShelf: () => ({}),
        async *watchShelf({ count }) {
          for (let sequence = 1; sequence <= count; sequence++) yield { sequence: BigInt(sequence) }
        },
      }),
  })
}
