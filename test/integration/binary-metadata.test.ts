/** Binary metadata with several values is sent as several fields, because Go, Python and Java cannot read a list. */
import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { callHeaders, SAY_HELLO, sayHello } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { RawSocket } from '../support/raw-socket.ts'

const VALUES = ['AQ', 'Ag', '']

function append(headers: Headers, name: string): void {
  for (const value of VALUES) headers.append(name, value)
}

/** The values that a name has among fields that alternate with their names. */
function valuesOf(raw: readonly string[], name: string): string[] {
  return raw.filter((_value, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name)
}

describe('sent by a server', () => {
  async function serve(fails: boolean) {
    return startRoutes({
      lane: 'native',
      routes: (router) =>
        router.service(GreeterService, {
          sayHello(_request, { responseHeader, responseTrailer }) {
            append(responseHeader, 'head-bin')
            append(responseTrailer, 'end-bin')
            if (!fails) return {}
            const error = new ConnectError('no', Code.Aborted)
            append(error.metadata, 'error-bin')
            throw error
          },
        }),
    })
  }

  async function callHttp2(origin: string, protocol: 'grpc' | 'grpc-web' | 'connect') {
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders(protocol) })
    let trailers: string[] = []
    stream.on('trailers', (_fields, _flags, raw) => {
      trailers = raw ?? []
    })
    stream.end(sayHello(protocol).body)
    const [, , head] = (await once(stream, 'response')) as [unknown, unknown, string[]]
    const body = (await buffer(stream)).toString('latin1')
    return { head, body, trailers }
  }

  test('gRPC over HTTP/2, in headers and trailers', async () => {
    const { origin } = await serve(false)
    const { head, trailers } = await callHttp2(origin, 'grpc')
    expect(valuesOf(head, 'head-bin')).toEqual(VALUES)
    expect(valuesOf(trailers, 'end-bin')).toEqual(VALUES)
  })

  test('a failed gRPC call, with the error metadata', async () => {
    const { origin } = await serve(true)
    const { head, trailers } = await callHttp2(origin, 'grpc')
    const all = [...head, ...trailers]
    for (const name of ['end-bin', 'error-bin']) expect(valuesOf(all, name)).toEqual(VALUES)
  })

  test('gRPC-Web, in the trailers in its body', async () => {
    const { origin } = await serve(false)
    const { head, body } = await callHttp2(origin, 'grpc-web')
    expect(valuesOf(head, 'head-bin')).toEqual(VALUES)
    expect(body.match(/end-bin: ?.*\r\n/g)?.map((line) => line.trim().replace(/^end-bin: ?/, ''))).toEqual(
      expect.arrayContaining(['AQ', 'Ag']),
    )
    expect(body).not.toContain('AQ,')
  })

  test.each([false, true])('Connect over HTTP/1.1, in header fields; fails: %s', async (fails) => {
    const { port } = await serve(fails)
    const raw = await RawSocket.open({ port })
    raw.write(
      `POST ${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n` +
        'content-length: 2\r\n\r\n{}',
    )
    await raw.closed
    const lines = (name: string) =>
      raw.text.match(new RegExp(`^${name}: ?(.*)\r$`, 'gim'))?.map((line) => line.split(':')[1]?.trim())
    expect(lines('head-bin')).toEqual(VALUES)
    expect(lines('trailer-end-bin')).toEqual(VALUES)
    if (fails) expect(lines('error-bin')).toEqual(VALUES)
  })
})

describe('sent by a client', () => {
  test.each([
    ['grpc', '2'],
    ['grpc-web', '2'],
    ['grpc-web', '1.1'],
    ['connect', '2'],
    ['connect', '1.1'],
  ] as const)('%s over HTTP/%s', async (protocol, httpVersion) => {
    const seen: string[][] = []
    const server =
      httpVersion === '2'
        ? createHttp2Server((request, response) => {
            seen.push(request.rawHeaders)
            response.writeHead(503).end()
          })
        : createHttp1Server((request, response) => {
            seen.push(request.rawHeaders)
            response.writeHead(503).end()
          })
    const { client } = openGreeter({ baseUrl: `http://127.0.0.1:${await listenRaw(server)}`, protocol, httpVersion })
    const headers = new Headers({ plain: '1' })
    append(headers, 'some-bin')
    headers.append('plain', '2')
    await expect(client.sayHello({}, { headers })).rejects.toMatchObject({ code: Code.Unavailable })
    expect(valuesOf(seen[0] ?? [], 'some-bin')).toEqual(VALUES)
    expect(valuesOf(seen[0] ?? [], 'plain')).toEqual(['1, 2'])
  })
})
