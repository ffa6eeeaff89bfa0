/** Calls are served whatever authority clients and proxies send, over both HTTP versions. */
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { callHeaders, SAY_HELLO } from '../support/calls.ts'
import { startRoutes, testLane } from '../support/demo-server.ts'
import { askRaw } from '../support/http2-answer.ts'
import { RawSocket } from '../support/raw-socket.ts'

const NAME = Buffer.from([0, 0, 0, 0, 5, 10, 3, 65, 100, 97]).toString('latin1')

/** Responds to calls with the URL of their context, and to ordinary requests with the host that Fastify sees. */
async function start(): Promise<number> {
  const { port } = await startRoutes({
    listen: { allowedHosts: true },
    routes: (router) =>
      router.service(GreeterService, { sayHello: (_request, { url }) => ({ message: new URL(url).href }) }),
  })
  return port
}

function headOf(authority: string, path: string, method = 'GET') {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
  ] as const
}

// Both lanes run this file: Connect's own plugin throws where it can make no URL.
describe('over HTTP/2', () => {
  // node:http2 resets the stream.
  const OF_OUR_HTTP2: readonly (readonly [string, string])[] =
    testLane === 'reference'
      ? []
      : [
          // grpc-java over a Unix socket, and Envoy's health check
          ['/tmp/s.sock', 'localhost'],
          ['outbound|50051||svc', 'localhost'],
        ]

  test.each<readonly [authority: string, host: string]>([
    // grpcio over a Unix socket
    ['%2Ftmp%2Fs.sock', 'localhost'],
    ...OF_OUR_HTTP2,
    // A zone id
    ['[fe80::1%25eth0]:80', 'localhost'],
    ['fe80::1%eth0', 'localhost'],
    ['x:99999', 'localhost'],
    ['a.test:8080', 'a.test:8080'],
  ])('%s is served', async (authority, host) => {
    const port = await start()
    const fields = [...headOf(authority, SAY_HELLO, 'POST'), ...Object.entries(callHeaders('grpc'))] as const
    const call = await askRaw(port, { fields, body: NAME })
    expect(call.trailers).toContainEqual(['grpc-status', '0'])
    expect(call.body).toContain(`http://${host}${SAY_HELLO}`)
    expect((await askRaw(port, { fields: headOf(authority, '/livez') })).status).toBe(200)
  })

  test.each(['a b', 'caf\u00e9', 'a\tb'])('%j is rejected', async (authority) => {
    const port = await start()
    const { status, end } = await askRaw(port, { fields: headOf(authority, '/livez') })
    const fields = [...headOf(authority, SAY_HELLO, 'POST'), ...Object.entries(callHeaders('grpc'))] as const
    const call = await askRaw(port, { fields, body: NAME })
    if (testLane === 'reference') expect([end, call.end]).toEqual(['S PROTOCOL_ERROR', 'S PROTOCOL_ERROR'])
    else {
      expect(status).toBe(400)
      expect(call.fields).toContainEqual(['grpc-status', '13'])
    }
  })

  test('rejects userinfo, and a Host that differs from :authority', async () => {
    const port = await start()
    expect((await askRaw(port, { fields: headOf('user@a.test', '/livez') })).end).toBe('S PROTOCOL_ERROR')
    expect((await askRaw(port, { fields: [...headOf('a.test', '/livez'), ['host', 'b.test']] })).status).toBe(400)
  })
})

describe('over HTTP/1.1', () => {
  const CONNECT = 'Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'

  test.each([
    // HAProxy's httpchk
    ['HTTP/1.0 without Host', 'HTTP/1.0\r\n', '', 'localhost'],
    ['an empty Host', 'HTTP/1.1\r\nHost:\r\n', '', 'localhost'],
    ['the absolute form', 'HTTP/1.1\r\nHost: a.test\r\n', 'http://a.test', 'a.test'],
    ['the absolute form in HTTP/1.0 without Host', 'HTTP/1.0\r\n', 'http://a.test:81', 'a.test:81'],
  ])('%s is served', async (_name, head, prefix, host) => {
    const port = await start()
    const call = await RawSocket.open({ port })
    call.write(`POST ${prefix}${SAY_HELLO} ${head}${CONNECT}`)
    await call.closed
    expect(call.text).toContain(`{"message":"http://${host}${SAY_HELLO}"}`)
    const plain = await RawSocket.open({ port })
    plain.write(`GET ${prefix}/livez ${head}Connection: close\r\n\r\n`)
    await plain.closed
    expect(plain.text).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.each([
    ['HTTP/1.1 without Host', '/livez', 'HTTP/1.1\r\n'],
    ['a malformed Host', '/livez', 'HTTP/1.1\r\nHost: a b\r\n'],
    ['userinfo', '/livez', 'HTTP/1.1\r\nHost: user@a.test\r\n'],
    ['userinfo in the absolute form', 'http://user@a.test/livez', 'HTTP/1.1\r\nHost: a.test\r\n'],
    ['a Host unlike the absolute form', 'http://b.test/livez', 'HTTP/1.1\r\nHost: a.test\r\n'],
    ['two Hosts', '/livez', 'HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n'],
    ['a Host beside an empty one', '/livez', 'HTTP/1.1\r\nHost:\r\nHost: b.test\r\n'],
  ])('%s is rejected', async (_name, target, head) => {
    const port = await start()
    const raw = await RawSocket.open({ port })
    raw.write(`GET ${target} ${head}Connection: close\r\n\r\n`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('requests with different authorities on one connection are distinguished', async () => {
    const port = await start()
    const raw = await RawSocket.open({ port })
    const fields = 'Connection: keep-alive\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
    for (const host of ['a.test', 'b.test', 'a.test']) {
      raw.write(`POST http://${host}${SAY_HELLO} HTTP/1.0\r\n${fields}`)
      await raw.until(() => raw.text.split('"message"').length > 1 && raw.text.endsWith(`http://${host}${SAY_HELLO}"}`))
    }
  })
})
