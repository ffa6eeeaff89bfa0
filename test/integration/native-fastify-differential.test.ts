/** Ordinary requests over our own HTTP/2 look the same to Fastify, and get the same responses, as on node:http2. */
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { headOf, OTHER_REQUESTS, SAME_REQUESTS } from '../support/differential/fastify-requests.ts'
import { OTHER_RESPONSES, SAME_RESPONSES } from '../support/differential/fastify-responses.ts'
import { askRaw, type RawAnswer, type RawRequest } from '../support/http2-answer.ts'

const apps: FastifyInstance[] = []
let plainPort = 0
let ourPort = 0

beforeAll(async () => {
  plainPort = await start(fastify({ http2: true }) as unknown as FastifyInstance)
  const ours = fastify(onePort({ drainTimeoutMs: 0 }))
  await ours.register(portico, { routes: (router) => router.service(GreeterService, {}) })
  ourPort = await start(ours)
})

afterAll(() => Promise.all(apps.map((app) => app.close())))

async function start(app: FastifyInstance): Promise<number> {
  apps.push(app)
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.all('/answers/:name', (request, reply) => {
    const { name } = request.params as { name: string }
    const other = OTHER_RESPONSES.find(([candidate]) => candidate === name)
    return (SAME_RESPONSES[name] ?? other?.[1])?.(reply)
  })
  app.all('/*', async (request) => describeRequest(request))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Everything that a handler sees of a request. The authority is a pseudo-header on node:http2, and the Host here. */
function describeRequest(request: FastifyRequest) {
  const { raw, host, hostname, port, protocol, ip, query, body } = request
  const isShared = (name: string) => !name.startsWith(':') && name !== 'host'
  const fields = raw.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, raw.rawHeaders[at + 1]]] : []))
  return {
    method: raw.method,
    url: raw.url,
    httpVersion: [raw.httpVersion, raw.httpVersionMajor, raw.httpVersionMinor],
    headers: Object.fromEntries(Object.entries(raw.headers).filter(([name]) => isShared(name))),
    rawHeaders: fields.filter(([name = '']) => isShared(name)),
    trailers: raw.trailers,
    ...{ host, hostname, port, protocol, ip, query },
    body: (body as Buffer | undefined)?.toString('latin1'),
  }
}

/** The order of fields, and the second of the date, are free. */
function comparable({ fields, ...answer }: RawAnswer) {
  const sorted = fields.map(([name, value]) => `${name}: ${name === 'date' ? value.length : value}`).sort()
  return { ...answer, fields: sorted }
}

function askBoth(request: RawRequest): Promise<[plain: RawAnswer, ours: RawAnswer]> {
  return Promise.all([askRaw(plainPort, request), askRaw(ourPort, request)])
}

function answerTo(method: string, name: string): RawRequest {
  return { fields: headOf({ ':method': method, ':path': `/answers/${encodeURIComponent(name)}` }) }
}

describe('a request looks as on node:http2', () => {
  test.each(SAME_REQUESTS)('%s', async (_name, request) => {
    const [plain, ours] = await askBoth(request)
    expect(comparable(ours)).toEqual(comparable(plain))
  })

  test.each(OTHER_REQUESTS)('but %s', async (_name, request, why) => {
    const [plain, ours] = await askBoth(request)
    expect(comparable(ours), why).not.toEqual(comparable(plain))
    expect([200, 400, 501].includes(ours.status) || ours.end === 'S PROTOCOL_ERROR', why).toBe(true)
  })
})

describe('a response is sent as by node:http2', () => {
  test.each(Object.keys(SAME_RESPONSES))('%s', async (name) => {
    for (const method of ['GET', 'HEAD']) {
      const [plain, ours] = await askBoth(answerTo(method, name))
      expect(plain.end, 'the oracle answers').toBe('fine')
      expect(comparable(ours), method).toEqual(comparable(plain))
    }
  })

  test.each(OTHER_RESPONSES)('but %s', async (name, _answer, expected, why) => {
    const { status, end } = await askRaw(ourPort, answerTo('GET', name))
    expect({ status, end }, why).toEqual(expected)
    // The server goes on.
    expect((await askRaw(ourPort, answerTo('GET', 'text'))).status).toBe(200)
  })
})
