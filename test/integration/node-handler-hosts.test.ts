/** `nodeHandler` serves calls on servers other than Fastify: node:http, node:http2, Express, and Next's API routes. */
import http from 'node:http'
import http2 from 'node:http2'
import { createRequire } from 'node:module'
import { type ConnectRouter, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { nodeHandler } from '../../server/node-handler.ts'
import { endOf, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { collect } from '../support/collect.ts'
import { echoRoutes } from '../support/echo-greeter.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { startListening } from '../support/start-listening.ts'

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** As much of Express as the example needs: it comes without types. */
interface ExpressApp extends Listener {
  use(middleware: unknown): void
  get(path: string, handler: (request: unknown, response: { json(body: unknown): void }) => void): void
}
const express = createRequire(import.meta.url)('express') as { (): ExpressApp; json(): unknown }

interface Host {
  readonly name: string
  readonly prefix?: string
  readonly reaches: (row: MatrixRow) => boolean
  create(tls: { cert: string; key: string }): http.Server | http2.Http2Server
}

const isHttp1 = ({ httpVersion, isSecure }: MatrixRow) => httpVersion === '1.1' && !isSecure
const routes = (router: ConnectRouter) => echoRoutes(router)

const HOSTS: readonly Host[] = [
  { name: 'node:http', reaches: isHttp1, create: () => http.createServer(nodeHandler({ routes })) },
  {
    name: 'node:http2',
    reaches: ({ httpVersion, isSecure }) => httpVersion === '2' && !isSecure,
    create: () => http2.createServer(nodeHandler({ routes })),
  },
  {
    name: 'node:http2 over TLS, with HTTP/1.1',
    reaches: ({ isSecure }) => isSecure,
    create: (tls) => http2.createSecureServer({ ...tls, allowHTTP1: true }, nodeHandler({ routes })),
  },
  { name: 'Express', reaches: isHttp1, create: () => http.createServer(expressApp(false)) },
  { name: 'Express with express.json()', reaches: isHttp1, create: () => http.createServer(expressApp(true)) },
  { name: "Next's API routes", prefix: '/api', reaches: isHttp1, create: () => http.createServer(nextServer()) },
]

/** Connect's example for Express, with a route beside the calls. */
function expressApp(parsesJson: boolean): ExpressApp {
  const app = express()
  if (parsesJson) app.use(express.json())
  app.use(nodeHandler({ routes }))
  app.get('/about', (_request, response) => response.json({ saw: 'express' }))
  return app
}

/** `pages/api/[[...connect]].ts` as Next runs it, where `bodyParser` is off. */
function nextServer(): Listener {
  const handler = nodeHandler({ routes, prefix: '/api' })
  return (request, response) => {
    Object.assign(request, { query: {}, cookies: {}, env: {}, preview: undefined })
    const end = response.end
    response.end = function endOfNext(this: http.ServerResponse, ...given: unknown[]) {
      return Reflect.apply(end, this, given)
    } as typeof end
    Object.assign(response, {
      status: (code: number) => Object.assign(response, { statusCode: code }),
      json: (body: unknown) => response.end(JSON.stringify(body)),
    })
    handler(request, response)
  }
}

describe.each(HOSTS)('on $name', ({ prefix = '', reaches, create }) => {
  async function start() {
    const { ca, server } = await testCertificates()
    const { port, close } = await startListening(create(server))
    onTestFinished(close)
    return { port, ca, prefix }
  }

  test.each(MATRIX.filter(reaches))('calls of every kind: $name', async (row) => {
    const { transport, close } = openTransport(row, await start())
    onTestFinished(close)
    const greeter = createClient(GreeterService, transport)
    const headers = { 'echo-name': 'value' }
    let echoed: string | null = null
    const onHeader = (fields: Headers) => {
      echoed = fields.get('echo-name')
    }
    expect((await greeter.sayHello({ name: 'Ada' }, { headers, onHeader })).message).toBe('Hello Ada')
    expect(echoed).toBe('value')
    await expect(greeter.sayHello({ name: 'fail' })).rejects.toMatchObject({ code: 15 })
    expect(await collect(greeter.getStream({ topic: 'news', limit: 3 }))).toHaveLength(3)
    async function* messages() {
      for (const data of ['one', 'two']) yield { topic: 'news', data }
    }
    expect((await greeter.putStream(messages())).accepted).toBe(2n)
    if (row.httpVersion === '2') expect(await collect(greeter.allStream(messages()))).toHaveLength(2)
  })
})

test('Express handles what is not a call', async () => {
  const { port, close } = await startListening(http.createServer(expressApp(true)))
  onTestFinished(close)
  const about = await exchangeHttp1(`http://127.0.0.1:${port}`, { method: 'GET', path: '/about' })
  expect(JSON.parse(about.body.toString())).toEqual({ saw: 'express' })
  expect((await exchangeHttp1(`http://127.0.0.1:${port}`, { method: 'GET', path: '/nowhere' })).status).toBe(404)
})

test('an unknown path is 404 on node:http and node:http2', async () => {
  for (const [create, exchange] of [
    [() => http.createServer(nodeHandler({ routes })), exchangeHttp1],
    [() => http2.createServer(nodeHandler({ routes })), exchangeHttp2],
  ] as const) {
    const { port, close } = await startListening(create())
    onTestFinished(close)
    const origin = `http://127.0.0.1:${port}`
    expect((await exchange(origin, { method: 'GET', path: '/nowhere' })).status).toBe(404)
    expect(endOf('connect', await exchange(origin, sayHello('connect'))).code).toBe('ok')
  }
})
