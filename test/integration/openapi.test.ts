/** The routes of the OpenAPI document: formats, caching, and who may read them. */
import type { ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { Greeter as CompatGreeter } from '../../gen/compat/greeter_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../server/app.ts'
import { authenticate } from '../../server/auth/authenticate.ts'
import { clientCertificate } from '../../server/auth/client-certificate.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import { openapi } from '../../server/openapi/openapi.ts'
import { portico } from '../../server/plugin.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { buildImage } from '../support/proto-schema.ts'
import { serveHere } from '../support/serve-here.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const INFO = { title: 'Greetings', version: '1.2.3' }
const IMAGE = 'gen/descriptors.binpb'

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: () => ({ message: 'Hello' }) })
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  const read = async (origin: string, path: string, headers = {}) => {
    const { status, headers: sent, body } = await exchange(origin, { path, method: 'GET', headers })
    return { status, headers: sent, text: body.toString() }
  }

  test('JSON and YAML have the same document, and it does not change', async () => {
    const { origin } = await startRoutes({ routes, openapi: { info: INFO, image: IMAGE } })
    const json = await read(origin, '/openapi.json')
    const yaml = await read(origin, '/openapi.yaml')
    expect(json).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
    expect(yaml).toMatchObject({ status: 200, headers: { 'content-type': 'application/yaml' } })
    expect(JSON.parse(json.text)).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./), info: INFO })
    expect(parse(yaml.text)).toEqual(JSON.parse(json.text))
    expect((await read(origin, '/openapi.json')).text).toBe(json.text)
    const other = await startRoutes({ routes, openapi: { info: INFO, image: IMAGE } })
    expect((await read(other.origin, '/openapi.json')).headers.etag).toBe(json.headers.etag)
  })

  test('a client that has the document is answered 304', async () => {
    const { origin } = await startRoutes({ routes, openapi: true })
    for (const path of ['/openapi.json', '/openapi.yaml']) {
      const { headers } = await read(origin, path)
      expect(headers['cache-control']).toBe('no-cache')
      for (const tag of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*'])
        expect(await read(origin, path, { 'if-none-match': tag })).toMatchObject({ status: 304, text: '' })
      expect((await read(origin, path, { 'if-none-match': '"other"' })).status).toBe(200)
    }
  })

  test('HEAD has the headers of GET, and other verbs have no route', async () => {
    const { origin } = await startRoutes({ routes, openapi: true })
    const get = await read(origin, '/openapi.json')
    const head = await exchange(origin, { path: '/openapi.json', method: 'HEAD' })
    expect([head.status, head.headers.etag, head.body.length]).toEqual([200, get.headers.etag, 0])
    expect((await exchange(origin, { path: '/openapi.json', method: 'POST', body: '' })).status).toBe(404)
  })

  test('without the option there are no routes', async () => {
    const { origin } = await startRoutes({ routes })
    for (const path of ['/openapi.json', '/openapi.yaml', '/docs']) expect((await read(origin, path)).status).toBe(404)
  })

  test('authorize decides by address and headers, and caches of others must not keep the answer', async () => {
    const log = new LogCapture()
    const { origin } = await startRoutes({
      routes,
      logger: log.logger,
      openapi: {
        authorize: async ({ address, headers }) => {
          if (headers.authorization === 'broken') throw new Error('a secret')
          return address === '127.0.0.1' && headers.authorization === 'Bearer swordfish'
        },
      },
    })
    expect(await read(origin, '/openapi.json')).toMatchObject({ status: 403, text: 'not for this caller\n' })
    const failed = await read(origin, '/openapi.yaml', { authorization: 'broken' })
    expect([failed.status, failed.text, failed.headers.etag]).toEqual([500, 'the file could not be made\n', undefined])
    expect(log.withMessage('openapi document could not be served')).toHaveLength(1)
    const read200 = await read(origin, '/openapi.json', { authorization: 'Bearer swordfish' })
    expect([read200.status, read200.headers['cache-control']]).toEqual([200, 'private, no-cache'])
  })

  test('pages of other origins may read it only if that is asked for', async () => {
    const origin = { origin: 'https://tools.example' }
    const closed = await startRoutes({ routes, openapi: true })
    expect((await read(closed.origin, '/openapi.json', origin)).headers).not.toHaveProperty(
      'access-control-allow-origin',
    )
    const open = await startRoutes({ routes, openapi: { cors: true } })
    expect((await read(open.origin, '/openapi.json', origin)).headers['access-control-allow-origin']).toBe('*')
  })
})

/** The document of a server, as far as tests look at it. */
interface Document {
  readonly servers: unknown
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: unknown }>>>>
  readonly components: { readonly schemas: unknown; readonly securitySchemes?: unknown }
}

async function documentOf(options: Partial<AppOptions>): Promise<Document> {
  const { origin } = await startRoutes({ routes, openapi: true, ...options })
  return (await (await fetch(`${origin}/openapi.json`)).json()) as Document
}

describe('the document says what the server does', () => {
  const CONNECT = '/greeter.v1.GreeterService/SayHello'
  const REST = '/v1/hello/{name}'

  test('protocols that are off are not described', async () => {
    const pathsOf = async (options: Partial<AppOptions>) => Object.keys((await documentOf(options)).paths)
    expect(await pathsOf({})).toEqual(expect.arrayContaining([CONNECT, REST]))
    expect(await pathsOf({ rest: false })).not.toContain(REST)
    expect(await pathsOf({ connect: false })).not.toContain(CONNECT)
    expect(await pathsOf({ openapi: { includes: ['rest'] } })).not.toContain(CONNECT)
  })

  test('options of JSON and rules in code change it', async () => {
    const { components, paths } = await documentOf({
      rest: {
        jsonOptions: { useProtoFieldName: true },
        rules: [{ selector: 'greeter.v1.GreeterService.SayHello', get: '/v2/{name}' }],
      },
    })
    expect(JSON.stringify(components.schemas)).toContain('last_sequence')
    expect(paths).toHaveProperty('/v2/{name}')
    expect(paths).not.toHaveProperty(REST)
  })

  test('the schemes of authenticate are those of operations, under their names', async () => {
    const keys = [{ name: 'reader', hash: hashApiKey('reader') }]
    const schemes = [apiKeys({ keys, header: 'X-Shop-Key', name: 'shopKey' }), clientCertificate()]
    const rules = { 'greeter.v1.GreeterService/SayHello': { requirement: 'none' } } as const
    const { components, paths } = await documentOf({ middleware: [authenticate({ schemes, rules })] })
    expect(components.securitySchemes).toEqual({
      shopKey: { type: 'apiKey', in: 'header', name: 'x-shop-key' },
      mtls: { type: 'mutualTLS', description: expect.any(String) },
    })
    expect(paths['/greeter.v1.GreeterService/Publish']?.post?.security).toEqual([{ shopKey: [] }, { mtls: [] }])
    expect(paths[CONNECT]?.post?.security).toBeUndefined()
  })
})

test('the path and the choice of methods are options', async () => {
  const { origin } = await startRoutes({ routes, openapi: { path: '/api/v1', describes: () => false } })
  expect(await (await fetch(`${origin}/api/v1.json`)).json()).toMatchObject({ paths: {} })
  expect((await fetch(`${origin}/openapi.json`)).status).toBe(404)
})

test('plugins serve it under their prefix, with the hooks of their scope', async () => {
  const app = fastify()
  onTestFinished(() => app.close())
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', async (_, reply) => void reply.header('x-hook', 'ran'))
      await scope.register(portico, { routes, middleware: [openapi({ info: INFO })] })
    },
    { prefix: '/inner' },
  )
  const { statusCode, headers, body } = await app.inject('/inner/openapi.json')
  expect([statusCode, headers['x-hook'], JSON.parse(body).servers]).toEqual([200, 'ran', [{ url: '/inner' }]])
})

test('plugins of one server share a document, and one under a prefix has its own', async () => {
  const app = fastify()
  onTestFinished(() => app.close())
  const shared = openapi()
  const compat = (router: ConnectRouter) => void router.service(CompatGreeter, {})
  await app.register(portico, { routes, middleware: [shared] })
  await app.register(portico, { routes: compat, middleware: [shared] })
  await app.register(async (scope) => void (await scope.register(portico, { routes: compat, middleware: [shared] })), {
    prefix: '/inner',
  })
  const pathsOf = async (url: string) => Object.keys(JSON.parse((await app.inject(url)).body).paths)
  const all = await pathsOf('/openapi.json')
  expect(all).toEqual(expect.arrayContaining(['/greeter.v1.GreeterService/SayHello', '/Greeter/SayHello']))
  expect(await pathsOf('/inner/openapi.json')).toEqual(all.filter((path) => path.startsWith('/Greeter/')))
})

test('an image that is missing or of another API ends the start-up', async () => {
  const start = (image: string | Uint8Array) => createApp({ routes, logger: false, openapi: { image } })
  await expect(start('missing.binpb')).rejects.toThrow('missing.binpb cannot be read')
  const other = buildImage({ 'a.proto': 'syntax = "proto3"; package a; service B {}' })
  await expect(start(await temporaryFile('a.binpb', other))).rejects.toThrow(
    'a.binpb is of another API: it has none of greeter.v1.GreeterService',
  )
})

test('the page needs its package', async () => {
  await expect(createApp({ routes, logger: false, openapi: { docs: true } })).rejects.toThrow(
    'openapi.docs needs the package portico-console: npm install portico-console',
  )
})

test('invalid options are named', () => {
  const invalid = { path: 'openapi', docs: '/docs/*', includes: ['grpc'], version: '2.0', image: {} } as object
  expect(() => openapi(invalid)).toThrow(
    'openapi: path is "openapi": it must begin with / and have no parameters; ' +
      'docs is "/docs/*": it must begin with / and have no parameters; ' +
      'includes has "grpc": it can have rest and connect; version is "2.0": it must be 3.1 or 3.2; ' +
      'image must be a path or a Uint8Array',
  )
  expect(() => openapi({ titel: 'x' } as object)).toThrow('openapi: titel is unknown')
})

describe('serve', () => {
  const infoOf = async (address: string) => {
    const document = (await (await fetch(`${address}/openapi.json`)).json()) as { info: unknown }
    return document.info
  }

  test('flags turn it on and name the image, and the program names the API', async () => {
    const named = await serveHere({ routes, name: 'greeter', version: '4.5.6', argv: ['--openapi'] })
    expect(await infoOf(named.address)).toEqual({ title: 'greeter', version: '4.5.6' })
    const { address } = await serveHere({ routes, argv: [`--openapi-image=${IMAGE}`], openapi: { info: INFO } })
    expect(await infoOf(address)).toEqual(INFO)
  })

  test('--no-openapi turns off what code turns on', async () => {
    const { address } = await serveHere({ routes, argv: ['--no-openapi'], openapi: { info: INFO } })
    expect((await fetch(`${address}/openapi.json`)).status).toBe(404)
  })
})
