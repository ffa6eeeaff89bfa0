/** Plugins that rewrite bodies do not change the bytes of calls. Connect's unary responses stay readable. */
import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { create, type DescMessage, type MessageInitShape, toBinary, toJsonString } from '@bufbuild/protobuf'
import caching from '@fastify/caching'
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GetStreamRequestSchema, SayHelloRequestSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { envelope, SAY_HELLO } from '../../support/calls.ts'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchangeHttp2 } from '../../support/exchange.ts'
import { type PluginApp, startPluginApp } from '../../support/plugin-app.ts'

const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
/** Long enough to be compressed. */
const LONG = 'a message that is worth its compression. '.repeat(200)
const ACCEPTS = { 'accept-encoding': 'gzip, deflate, br, zstd' }

const PLUGINS: readonly (readonly [name: string, (app: FastifyInstance) => unknown])[] = [
  ['@fastify/compress', (app) => app.register(compress)],
  ['@fastify/compress of every type', (app) => app.register(compress, { threshold: 0, customTypes: () => true })],
  ['@fastify/etag', (app) => app.register(etag)],
  ['@fastify/etag, weak', (app) => app.register(etag, { weak: true })],
  ['@fastify/caching', (app) => app.register(caching, { privacy: 'public', expiresIn: 60, serverExpiresIn: 60 })],
  [
    'all of them',
    async (app) => {
      await app.register(caching, { privacy: 'private' })
      await app.register(etag)
      await app.register(compress, { threshold: 0, customTypes: () => true })
    },
  ],
]

interface Wire {
  readonly name: string
  readonly needsHttp2?: boolean
  /** A unary Connect response is an ordinary HTTP body. */
  readonly isPlainBody?: boolean
  readonly init: ExchangeInit
}

const WIRES: readonly Wire[] = [
  ...[{}, { 'grpc-accept-encoding': 'gzip' }].flatMap((more) => [
    ...enveloped('gRPC', 'application/grpc', { te: 'trailers', ...more }),
    ...enveloped('gRPC-Web', 'application/grpc-web+proto', more),
    ...enveloped('gRPC-Web as text', 'application/grpc-web-text+proto', more),
  ]),
  stream('Connect', 'application/connect+proto', { 'connect-protocol-version': '1' }),
  stream('Connect, gzip', 'application/connect+proto', { 'connect-accept-encoding': 'gzip' }),
  stream('Connect, JSON', 'application/connect+json', { 'connect-protocol-version': '1' }),
  plain('Connect', 'application/proto', { 'connect-protocol-version': '1' }),
  plain('Connect, JSON', 'application/json', {}),
  {
    name: 'Connect, GET',
    isPlainBody: true,
    init: { method: 'GET', path: `${SAY_HELLO}?connect=v1&encoding=json&message=%7B%7D`, headers: ACCEPTS },
  },
]

const WAYS = [
  { version: 'HTTP/1.1', isHttp2: false, scheme: 'http' },
  { version: 'HTTP/2', isHttp2: true, scheme: 'http' },
  { version: 'HTTP/1.1 over TLS', isHttp2: false, scheme: 'https' },
  { version: 'HTTP/2 over TLS', isHttp2: true, scheme: 'https' },
] as const

describe.each(PLUGINS)('%s', (_name, plugins) => {
  let bare: PluginApp
  let plugged: PluginApp

  beforeAll(async () => {
    bare = await startPluginApp({ plugins: () => {}, says: LONG })
    plugged = await startPluginApp({ plugins, says: LONG })
  })

  afterAll(async () => {
    await Promise.all([bare.app.close(), plugged.app.close()])
  })

  test.each(WAYS)('leaves the bytes of calls unchanged over $version', async (way) => {
    for (const wire of WIRES.filter(({ needsHttp2 }) => way.isHttp2 || needsHttp2 !== true)) {
      const expected = await ask(bare, wire, way)
      const answer = await ask(plugged, wire, way)
      expect(answer.status, wire.name).toBe(200)
      expect(answer.trailers, wire.name).toEqual(expected.trailers)
      expect(answer.body.length, wire.name).toBeGreaterThan(100)
      if (wire.isPlainBody === true) {
        expect(decoded(answer).equals(decoded(expected)), wire.name).toBe(true)
        continue
      }
      expect(answer.body.equals(expected.body), wire.name).toBe(true)
      expect(answer.headers['content-encoding'], wire.name).toBe(expected.headers['content-encoding'])
    }
  })

  test.each(WAYS)('reads compressed requests of Connect clients over $version', async (way) => {
    const body = gzipSync(toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: LONG })))
    const headers = { 'content-type': 'application/proto', 'content-encoding': 'gzip' }
    const answer = await ask(plugged, { name: 'gzip', init: { path: SAY_HELLO, headers, body } }, way)
    expect(answer.status, answer.body.toString()).toBe(200)
  })
})

test.each(WAYS)('responds 304 to a GET call whose response the caller has, over $version', async (way) => {
  const started = await startPluginApp({ plugins: (app) => app.register(etag), says: LONG })
  try {
    const get = WIRES.find(({ name }) => name === 'Connect, GET')
    if (get === undefined) throw new Error('no such call')
    const first = await ask(started, get, way)
    expect(first.headers.etag).toMatch(/^".+"$/)
    const headers = { ...ACCEPTS, 'if-none-match': String(first.headers.etag) }
    const again = await ask(started, { ...get, init: { ...get.init, headers } }, way)
    expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) })
    expect((await ask(started, get, way)).body.equals(first.body)).toBe(true)
  } finally {
    await started.app.close()
  }
})

function ask({ port, ca }: PluginApp, { init }: Wire, way: (typeof WAYS)[number]): Promise<Exchanged> {
  const exchange = way.isHttp2 ? exchangeHttp2 : exchangeHttp1
  return exchange(`${way.scheme}://127.0.0.1:${port}`, init, way.scheme === 'https' ? ca : undefined)
}

function enveloped(name: string, type: string, more: Record<string, string>): Wire[] {
  const hello = envelope(bytesOf(SayHelloRequestSchema, { name: 'Ada' }))
  const unary: Wire = {
    name: `${name}, unary`,
    needsHttp2: type === 'application/grpc',
    init: {
      path: SAY_HELLO,
      headers: { 'content-type': type, ...ACCEPTS, ...more },
      body: type.includes('text') ? hello.toString('base64') : hello,
    },
  }
  return [unary, stream(name, type, more)]
}

function stream(name: string, type: string, more: Record<string, string>): Wire {
  const message = { topic: 'news' }
  const body = envelope(
    type.endsWith('json')
      ? Buffer.from(toJsonString(GetStreamRequestSchema, create(GetStreamRequestSchema, message)))
      : bytesOf(GetStreamRequestSchema, message),
  )
  const headers = { 'content-type': type, ...ACCEPTS, ...more }
  return {
    name: `${name}, stream`,
    needsHttp2: type === 'application/grpc',
    init: { path: GET_STREAM, headers, body: type.includes('text') ? body.toString('base64') : body },
  }
}

function plain(name: string, type: string, more: Record<string, string>): Wire {
  const body = type.endsWith('json') ? '{"name":"Ada"}' : bytesOf(SayHelloRequestSchema, { name: 'Ada' })
  return {
    name: `${name}, unary`,
    isPlainBody: true,
    init: { path: SAY_HELLO, headers: { 'content-type': type, ...ACCEPTS, ...more }, body },
  }
}

function bytesOf<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Uint8Array {
  return toBinary(desc, create(desc, init))
}

function decoded({ headers, body }: Exchanged): Buffer {
  switch (headers['content-encoding']) {
    case 'gzip':
      return gunzipSync(body)
    case 'br':
      return brotliDecompressSync(body)
    case 'deflate':
      return inflateSync(body)
    case 'zstd':
      return zstdDecompressSync(body)
    default:
      return body
  }
}
