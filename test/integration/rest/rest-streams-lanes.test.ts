/** Streams of REST behind what can stand between the socket and the service: interceptors, hooks, other servers. */
import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { Server } from 'node:net'
import { Code, type ConnectRouter, type Interceptor, type ServiceImpl } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { onePort } from '../../../server/listen/one-port.ts'
import { nodeHandler } from '../../../server/node-handler.ts'
import { portico } from '../../../server/plugin.ts'
import { restProtocols } from '../../../server/rest/rest-protocols.ts'
import { LibraryService } from '../../gen/library/v1/library_pb.js'
import { startFastify } from '../../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2 } from '../../support/exchange.ts'
import { library, startLibrary } from '../../support/library.ts'
import { listenRaw } from '../../support/listen-raw.ts'
import { openExchange } from '../../support/open-exchange.ts'
import { untilAborted } from '../../support/until-aborted.ts'

const REST = { streams: { heartbeatMs: 100 } }
const WATCH = '/v1/shelves/1:watch'
const LINES = { 'content-type': 'application/x-ndjson' }

/** Calls the next one as it is, which takes the call off its short way. */
const passOn: Interceptor = (next) => async (request) => await next(request)

type Implementation = Partial<ServiceImpl<typeof LibraryService>>
type Routes = (router: ConnectRouter) => void

/** Starts a server, and returns its origin. */
type Start = (implementation: Implementation) => Promise<string>

const LANES: readonly (readonly [name: string, isHttp2: boolean, start: Start])[] = [
  ['interceptors', false, withInterceptors],
  ['interceptors', true, withInterceptors],
  ['hooks of Fastify', false, (own) => startPlugin(own, true)],
  ['hooks of Fastify', true, (own) => startPlugin(own, true)],
  ["Fastify's own server", false, (own) => startPlugin(own, false)],
  ['node:http', false, (own) => startNode(createHttp1(handlerOf(own)))],
  ['node:http2', true, (own) => startNode(createHttp2(handlerOf(own)))],
]

describe.each(LANES)('streams behind %s, HTTP/2: %j', (_name, isHttp2, start) => {
  const exchange = isHttp2 ? exchangeHttp2 : exchangeHttp1

  test('T1 T2 each format, its end, and its late error', async () => {
    const origin = await start(library)
    const bodyOf = async (accept: string, query: string) => {
      const init = { method: 'GET', path: `${WATCH}?${query}`, headers: { accept } }
      return String((await exchange(origin, init)).body)
    }
    const one = '{"sequence":"1","removed":"book 1"}'
    const error = `{"code":${Code.Aborted},"message":"watch failed"}`
    expect(await bodyOf('*/*', 'count=1')).toBe(`${one}\n`)
    expect(await bodyOf('text/event-stream', 'count=1')).toBe(`data: ${one}\n\n`)
    expect(await bodyOf('application/json', 'count=1')).toBe(`[${one}]`)
    expect(await bodyOf('*/*', 'count=2&failAfter=2')).toBe(`${one}\n{"error":${error}}\n`)
    expect(await bodyOf('text/event-stream', 'count=2&failAfter=2')).toBe(
      `data: ${one}\n\nevent: error\ndata: ${error}\n\n`,
    )
    await expect(bodyOf('application/json', 'count=2&failAfter=2')).rejects.toThrow()
    expect(await bodyOf('application/json', 'count=1&failAfter=1')).toBe(error)
  })

  test('T4 a request stream whose octets arrive one by one', async () => {
    const origin = await start(library)
    const call = openExchange({ origin, isHttp2 }, { path: '/v1/shelves/1/books:import', headers: LINES })
    for (const octet of Buffer.from('{"title":"\u{e9}"}\n{"title":"b"}\n')) {
      await new Promise((resolve) => call.body.write(Uint8Array.of(octet), resolve))
    }
    call.body.end()
    expect((await call.parts('\n').next()).value).toBe('{"count":2,"titles":["\u{e9}","b"]}')
  })

  test('T3 T7 a silent event stream has comments, and ends when the client leaves', async () => {
    const left = Promise.withResolvers<void>()
    const origin = await start({
      async *watchShelf(_request, { signal }) {
        await untilAborted(signal).finally(left.resolve)
        yield* []
      },
    })
    const call = openExchange(
      { origin, isHttp2 },
      { method: 'GET', path: WATCH, headers: { accept: 'text/event-stream' } },
    )
    call.body.end()
    const parts = call.parts('\n\n')
    for (let beat = 0; beat < 2; beat++) expect((await parts.next()).value).toBe(':\n\n')
    call.cut()
    await left.promise
  })
})

function routesOf(implementation: Implementation): Routes {
  return (router) => router.service(LibraryService, { ...library, ...implementation })
}

async function withInterceptors(implementation: Implementation): Promise<string> {
  const { origin } = await startLibrary({ implementation, rest: REST, options: { interceptors: [passOn] } })
  return origin
}

async function startPlugin(implementation: Implementation, isOnePort: boolean): Promise<string> {
  const app = fastify(isOnePort ? onePort({ drainTimeoutMs: 0 }) : { forceCloseConnections: true })
  app.addHook('onRequest', async () => {})
  await app.register(portico, { routes: routesOf(implementation), rest: REST })
  return (await startFastify(app)).origin
}

function handlerOf(implementation: Implementation): ReturnType<typeof nodeHandler> {
  return nodeHandler({ routes: routesOf(implementation), protocols: restProtocols(REST) })
}

async function startNode(server: Server): Promise<string> {
  return `http://127.0.0.1:${await listenRaw(server)}`
}
