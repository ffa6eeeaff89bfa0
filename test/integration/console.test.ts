/** The console as its readers get it: where the page is, its files, its facts, and its options. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { ConnectRouter } from '@connectrpc/connect'
import helmet from '@fastify/helmet'
import { fastify } from 'fastify'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Greeter as CompatGreeter } from '../../gen/compat/greeter_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { nodeHandler } from '../../server/node-handler.ts'
import { portico } from '../../server/plugin.ts'
import type { ConsoleFacts } from '../../wire/console/console-facts.ts'
import { testCertificates } from '../support/certificates.ts'
import { builtConsole } from '../support/console-app.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchanges } from '../support/exchange.ts'
import { serveHere } from '../support/serve-here.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: string

beforeAll(async () => {
  folder = await builtConsole()
}, 60_000)

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: () => ({ message: 'Hello' }) })
}

function start(options: Partial<AppOptions> = {}) {
  return startRoutes({ routes, console: { folder }, ...options })
}

async function factsOf(url: string): Promise<ConsoleFacts> {
  return (await (await fetch(url)).json()) as ConsoleFacts
}

/** What a path is that no file of the page has. */
const STRANGE_PATHS = [
  '/console/assets/missing.js',
  '/console/index.html/',
  '/console/../package.json',
  '/console/%2e%2e/package.json',
  '/console/%2e%2e%2fpackage.json',
  '/console/..%5cpackage.json',
  '/console/assets%2f..%2findex.html',
  '/console//',
  '/console/assets',
  '/console/assets/',
  '/console%2f',
  '/console/%00',
  '/consoles',
  '/console/facts.json/x',
]

describe.each(exchanges)('over %s', (_version, exchange) => {
  const read = async (origin: string, path: string, headers = {}, method = 'GET') => {
    const { status, headers: sent, body } = await exchange(origin, { path, method, headers })
    return { status, headers: sent, body: Buffer.from(body), text: body.toString() }
  }

  test('the page is at the path with a slash, to which the one without leads', async () => {
    const { origin } = await start()
    const expected = { status: 307, headers: { location: 'console/?a=1', 'cache-control': 'no-cache' } }
    expect(await read(origin, '/console?a=1')).toMatchObject(expected)
    expect(await read(origin, '/console/')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
      text: expect.stringMatching(/^<!doctype html>/),
    })
  })

  test('scripts and styles stay in caches, and are sent in the encoding that the reader prefers', async () => {
    const { origin } = await start()
    const { text } = await read(origin, '/console/')
    const names = Array.from(text.matchAll(/assets\/[^"]+\.(?:js|css)/g), ([name]) => name)
    expect(names.map((name) => path.extname(name)).sort()).toEqual(expect.arrayContaining(['.css', '.js']))
    for (const name of names) {
      const plain = await read(origin, `/console/${name}`)
      expect(plain.headers).toMatchObject({
        'content-type': `text/${name.endsWith('.js') ? 'javascript' : 'css'}; charset=utf-8`,
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
      })
      const gzip = await read(origin, `/console/${name}`, { 'accept-encoding': 'gzip, br;q=0' })
      const brotli = await read(origin, `/console/${name}`, { 'accept-encoding': 'gzip, deflate, br' })
      expect([gzip.headers['content-encoding'], brotli.headers['content-encoding']]).toEqual(['gzip', 'br'])
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
      expect(new Set([plain, gzip, brotli].map(({ headers }) => headers.etag)).size).toBe(3)
    }
  })

  test('a reader that has a file is answered 304, and HEAD has the headers of GET', async () => {
    const { origin } = await start()
    for (const name of ['', 'facts.json', 'descriptors.binpb', 'licenses.txt']) {
      const get = await read(origin, `/console/${name}`, { 'accept-encoding': 'gzip' })
      const again = { 'accept-encoding': 'gzip', 'if-none-match': get.headers.etag }
      expect([name, get.status]).toEqual([name, 200])
      expect(await read(origin, `/console/${name}`, again)).toMatchObject({ status: 304, text: '' })
      const head = await read(origin, `/console/${name}`, { 'accept-encoding': 'gzip' }, 'HEAD')
      expect([head.status, head.headers.etag, head.text]).toEqual([200, get.headers.etag, ''])
      expect(head.headers['content-encoding']).toBe('gzip')
    }
  })

  test('all files forbid what the page does not need, and set no cookies', async () => {
    const { origin } = await start()
    for (const name of ['', 'facts.json', 'descriptors.binpb', 'licenses.txt']) {
      const { headers } = await read(origin, `/console/${name}`)
      const policy = headers['content-security-policy'] ?? ''
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/)
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
      for (const name of ['base-uri', 'form-action', 'frame-ancestors']) expect(policy).toContain(`${name} 'none'`)
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      expect(headers).not.toHaveProperty('set-cookie')
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
  })

  test('other paths stay free: each file is a route of its own', async () => {
    const { origin } = await start()
    for (const path of STRANGE_PATHS) expect([path, (await read(origin, path)).status]).toEqual([path, 404])
    expect((await read(origin, '/console/', {}, 'POST')).status).toBe(404)
  })

  test('without the option there are no routes', async () => {
    const { origin } = await startRoutes({ routes })
    for (const path of ['/console', '/console/', '/console/facts.json']) {
      expect((await read(origin, path)).status).toBe(404)
    }
  })
})

describe('the facts', () => {
  test('say what the server answers, and where its other pages are', async () => {
    const { origin } = await start({ metrics: true })
    expect(await factsOf(`${origin}/console/facts.json`)).toEqual({
      title: 'API',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      prefix: '',
      protocols: ['connect', 'grpc-web', 'websocket', 'rest', 'grpc'],
      needsCredentials: false,
      schemes: {},
      descriptorsPath: '/console/descriptors.binpb',
      metricsPath: '/metrics',
      docsPath: null,
      isDemo: false,
    })
  })

  test.each<[string, Partial<AppOptions>, string[]]>([
    ['gRPC-Web off', { grpcWeb: false }, ['connect', 'rest', 'grpc']],
    ['Connect and gRPC off', { connect: false, grpc: false }, ['grpc-web', 'websocket', 'rest']],
    ['REST off', { rest: false }, ['connect', 'grpc-web', 'websocket', 'grpc']],
    ['WebSockets off', { webSocket: false }, ['connect', 'grpc-web', 'rest', 'grpc']],
    ['the reference lane', { lane: 'reference' }, ['connect', 'grpc-web', 'grpc']],
    [
      'no method with a binding',
      { routes: (router) => router.service(CompatGreeter, {}) },
      ['connect', 'grpc-web', 'websocket', 'grpc'],
    ],
  ])('name the protocols that are on: %s', async (_what, options, expected) => {
    const { origin } = await start(options)
    expect((await factsOf(`${origin}/console/facts.json`)).protocols).toEqual(expected)
  })

  test('have a metrics page only where it is on this port', async () => {
    const { origin } = await start({ metrics: { port: 0 } })
    expect((await factsOf(`${origin}/console/facts.json`)).metricsPath).toBeNull()
  })
})

describe('the page works', () => {
  test('over TLS', async () => {
    const { ca, server } = await testCertificates()
    const { origin } = await start({ listen: { tls: server } })
    for (const [, exchange] of exchanges) {
      const { status } = await exchange(origin, { path: '/console/', method: 'GET' }, ca)
      expect(status).toBe(200)
    }
  })

  test('under the prefix of a scope, with its hooks', async () => {
    const app = fastify(onePort())
    await app.register(
      async (scope) => {
        scope.addHook('onRequest', async (_, reply) => void reply.header('x-hook', 'ran'))
        await scope.register(portico, { routes, prefix: '/v2', reflection: true, console: { folder } })
      },
      { prefix: '/api' },
    )
    const { origin } = await startFastify(app)
    const redirect = await exchangeHttp1(origin, { path: '/api/console', method: 'GET' })
    expect([redirect.status, redirect.headers.location]).toEqual([307, 'console/'])
    const page = await fetch(`${origin}/api/console`)
    expect([page.status, page.url, page.headers.get('x-hook')]).toEqual([200, `${origin}/api/console/`, 'ran'])
    const { prefix, descriptorsPath } = await factsOf(`${origin}/api/console/facts.json`)
    expect([prefix, descriptorsPath]).toEqual(['/api/v2', '/api/console/descriptors.binpb'])
    expect((await fetch(`${origin}${descriptorsPath}`)).status).toBe(200)
    const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    expect((await fetch(`${origin}${prefix}/greeter.v1.GreeterService/SayHello`, call)).status).toBe(200)
  })

  test.each([true, false])('where Fastify ignores slashes at the end: %s', async (ignoreTrailingSlash) => {
    const { origin } = await start({ fastifyOptions: { routerOptions: { ignoreTrailingSlash } } })
    const page = await fetch(`${origin}/console`)
    expect([page.status, page.url]).toEqual([200, `${origin}/console/`])
  })

  test('on a Fastify without onePort, and beside helmet', async () => {
    const app = fastify()
    await app.register(helmet)
    await app.register(portico, { routes, console: { folder } })
    const { origin } = await startFastify(app)
    const { status, headers } = await fetch(`${origin}/console/`)
    expect([status, headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringMatching(/^default-src 'none'/),
    ])
    expect((await factsOf(`${origin}/console/facts.json`)).protocols).not.toContain('websocket')
  })

  test('on a loopback address, for its own names only', async () => {
    const { origin } = await start()
    const read = (host: string) => exchangeHttp1(origin, { path: '/console/', method: 'GET', headers: { host } })
    expect((await read('localhost')).status).toBe(200)
    expect((await read('rebound.example')).status).toBe(403)
  })

  test('in each worker, and with the package that users install', async () => {
    const packages = await temporaryFolder()
    const installed = path.join(packages, 'portico-console')
    await mkdir(installed)
    await cp('console/package.json', path.join(installed, 'package.json'))
    await cp(folder, path.join(installed, 'dist/app'), { recursive: true })
    await writeFile(path.join(installed, 'dist/scalar.js'), '')
    const flags = ['--console', '--workers=2', '--openapi-docs=/docs']
    const { origin } = await ServerProcess.listen(flags, { NODE_PATH: packages })
    expect((await factsOf(`${origin}/console/facts.json`)).docsPath).toBe('/docs')
    const tags = new Set<string | null>()
    for (let i = 0; i < 8; i++) {
      const { status, headers } = await fetch(`${origin}/console/`, { headers: { connection: 'close' } })
      expect(status).toBe(200)
      tags.add(headers.get('etag'))
    }
    expect(tags.size).toBe(1)
  })
})

describe('several plugins', () => {
  const compat = (router: ConnectRouter) => void router.service(CompatGreeter, {})

  test('with one prefix share a page, whose descriptors have the services of all', async () => {
    const app = fastify(onePort())
    await app.register(portico, { routes, console: { folder }, reflection: true })
    await app.register(portico, { routes: compat, console: { folder }, reflection: true })
    const { origin } = await startFastify(app)
    const octets = await (await fetch(`${origin}/console/descriptors.binpb`)).text()
    for (const name of ['GreeterService', 'StreamReqData']) expect(octets).toContain(name)
  })

  test('are described where they have a console, and only there', async () => {
    const app = fastify(onePort())
    await app.register(portico, { routes, console: { folder } })
    await app.register(portico, { routes: compat })
    const { origin } = await startFastify(app)
    const octets = await (await fetch(`${origin}/console/descriptors.binpb`)).text()
    expect([octets.includes('GreeterService'), octets.includes('StreamReqData')]).toEqual([true, false])
  })

  test('that share a page agree on who may read it', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    await app.register(portico, { routes, console: { folder } })
    const second = app.register(portico, { routes: compat, console: { folder, authorize: () => false } })
    await expect(second).rejects.toThrow('console: plugins that share /console need the same console.authorize')
  })

  test('with different prefixes need different paths', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    await app.register(portico, { routes, console: { folder } })
    const second = { routes: compat, prefix: '/old' }
    await expect(app.register(portico, { ...second, console: { folder } })).rejects.toThrow(
      'console: /console is the console for calls under "": set console.path for "/old"',
    )
    const other = fastify(onePort())
    await other.register(portico, { routes, console: { folder } })
    await other.register(portico, { ...second, console: { folder, path: '/old/console' } })
    const { origin } = await startFastify(other)
    expect((await factsOf(`${origin}/old/console/facts.json`)).prefix).toBe('/old')
  })
})

describe('options', () => {
  test('path, title and samples', async () => {
    const { origin } = await start({ console: { folder, path: '/internal/api', title: 'Shop', samples: true } })
    expect((await fetch(`${origin}/internal/api/`)).status).toBe(200)
    expect(await factsOf(`${origin}/internal/api/facts.json`)).toMatchObject({ title: 'Shop', isDemo: true })
    expect((await fetch(`${origin}/console/`)).status).toBe(404)
  })

  test('that are invalid are named', async () => {
    const app = (console: object) => createApp({ routes, logger: false, console })
    await expect(app({ folder, path: 'console/', image: {} })).rejects.toThrow(
      'console: path is "console/": it must begin with / and have no parameters; image must be a path or a Uint8Array',
    )
    await expect(app({ titel: 'x' })).rejects.toThrow('console.titel is unknown: did you mean console.title?')
    const other = app({ folder, image: await temporaryFile('other.binpb', Buffer.of()) })
    await expect(other).rejects.toThrow('other.binpb has no comments')
  })

  test('a page that is not there ends the start-up, and the error says what to install', async () => {
    await expect(createApp({ routes, logger: false, console: true })).rejects.toThrow(
      'console needs the package portico-console: npm install portico-console',
    )
    const empty = await temporaryFolder()
    const app = (folder: string) => createApp({ routes, logger: false, console: { folder } })
    await expect(app(empty)).rejects.toThrow(`console: ${empty} has no index.html`)
    await expect(app(path.join(empty, 'missing'))).rejects.toThrow('missing cannot be read')
  })

  test('nodeHandler has no routes for it', () => {
    expect(() => nodeHandler({ routes, console: true } as object as Parameters<typeof nodeHandler>[0])).toThrow(
      'nodeHandler: console is unknown: no counterpart: the console needs the routes of Fastify',
    )
  })

  test('flags turn it on and off, and the program names the API', async () => {
    const named = await serveHere({ routes, name: 'greeter', argv: ['--console'], console: { folder } })
    expect(await factsOf(`${named.address}/console/facts.json`)).toMatchObject({ title: 'greeter' })
    const off = await serveHere({ routes, argv: ['--no-console'], console: { folder } })
    expect((await fetch(`${off.address}/console/`)).status).toBe(404)
    const image = await serveHere({ routes, argv: ['--console-image=gen/descriptors.binpb'], console: { folder } })
    expect((await fetch(`${image.address}/console/descriptors.binpb`)).status).toBe(200)
  })
})

test('a server without it loads nothing of it', async () => {
  const urlOf = (file: string) => JSON.stringify(new URL(`../../${file}`, import.meta.url).href)
  const program = (options: string) => `
    import { registerHooks } from 'node:module'
    import { writeFileSync } from 'node:fs'
    const loaded = new Set()
    registerHooks({ load(url, context, next) {
      const [, name] = /server\\/((?:console|files)\\/[^/]+)/.exec(url) ?? []
      if (name !== undefined) loaded.add(name)
      return next(url, context)
    } })
    const { serve } = await import(${urlOf('server/public.ts')})
    const { GreeterService } = await import(${urlOf('gen/greeter/v1/greeter_pb.js')})
    await serve({ ${options} routes: (router) => router.service(GreeterService, {
      sayHello: () => ({ message: JSON.stringify([...loaded].sort()) }),
    }) })`
  const loadedBy = async (options: string) => {
    const { origin } = await ServerProcess.listen([], {}, await temporaryFile('program.mts', program(options)))
    const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    const answer = await fetch(`${origin}/greeter.v1.GreeterService/SayHello`, call)
    return JSON.parse(((await answer.json()) as { message: string }).message) as string[]
  }
  // What the options are.
  expect(await loadedBy('')).toEqual(['console/console-options.ts'])
  expect(await loadedBy(`console: { folder: ${JSON.stringify(folder)} },`)).toContain('console/mount-console.ts')
})

test('files of other kinds are served as what they are', async () => {
  const own = await temporaryFolder()
  await mkdir(path.join(own, 'assets'))
  for (const name of ['index.html', 'icon.svg', 'font.woff2', 'other.bin', 'assets/a-12345678.js', 'assets/plain.js'])
    await writeFile(path.join(own, name), 'content '.repeat(100))
  const { origin } = await start({ console: { folder: own } })
  const headersOf = async (name: string) => (await fetch(`${origin}/console/${name}`)).headers
  expect((await headersOf('icon.svg')).get('content-type')).toBe('image/svg+xml')
  expect((await headersOf('font.woff2')).get('content-encoding')).toBeNull()
  expect((await headersOf('other.bin')).get('content-type')).toBe('application/octet-stream')
  expect((await headersOf('assets/a-12345678.js')).get('cache-control')).toContain('immutable')
  expect((await headersOf('assets/plain.js')).get('cache-control')).toBe('no-cache')
})
