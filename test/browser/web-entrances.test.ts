/** User pages that bundle one entrance each, in a real browser. */
import { Code, ConnectError } from '@connectrpc/connect'
import { fastify } from 'fastify'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createDemo } from '../../server/demo.ts'
import { bundleModule } from '../support/browser-bundle.ts'
import { launchChromium } from '../support/chromium.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { openPage } from './open-page.ts'

const MARKUP = `<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
<body><script type="module" src="/page.js"></script>`
const SOON = { timeout: 15_000 }

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

/** Greets, reads three quotes, and leaves the stream. */
function script(entrance: string, transport: string): string {
  return `
    import { createClient, ${transport}, watchStream } from './client/web/${entrance}/public.ts'
    import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

    const client = createClient(GreeterService, ${transport}())
    const show = (text) => document.body.append(text + ' ')
    show((await client.sayHello({ name: 'page' })).message)
    let count = 0
    const watch = watchStream(client.getStream, {
      request: { topic: 'stocks/ACME' },
      resumeAfter: ({ epoch, sequence }) => ({ epoch, afterSequence: sequence }),
      onState: ({ name }) => show(name),
    })
    for await (const { topic } of watch) {
      show(topic)
      if (++count === 3) break
    }
    show('left')
  `
}

it.each([
  ['connect', 'createConnectTransport'],
  ['grpc-web', 'createGrpcWebTransport'],
])('portico/web/%s', async (entrance, transport) => {
  const source = await bundleModule(script(entrance, transport))
  const { fastify } = await createDemo({ servesPage: false, quoteIntervalMs: 20 })
  fastify.get('/', (_request, reply) => reply.type('text/html').send(MARKUP))
  fastify.get('/page.js', (_request, reply) => reply.type('text/javascript').send(source))
  const { origin } = await startFastify(fastify)
  const page = await openPage(browser, origin)
  const left = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/GetStream'))
  await expect
    .poll(() => page.locator('body').textContent(), SOON)
    .toContain('Hello page connecting live stocks/ACME stocks/ACME stocks/ACME left')
  await left
})

/** Calls another origin, and shows a header and a trailer of each kind of call. */
function trailersScript(entrance: string, transport: string, baseUrl: string): string {
  return `
    import { createClient, ${transport} } from './client/web/${entrance}/public.ts'
    import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

    const client = createClient(GreeterService, ${transport}({ baseUrl: '${baseUrl}' }))
    const show = (text) => document.body.append(text + ' ')
    const options = (kind) => ({
      onHeader: (headers) => show(kind + '-header=' + headers.get('x-region')),
      onTrailer: (trailers) => show(kind + '-trailer=' + trailers.get('x-rows')),
    })
    await client.sayHello({}, options('unary'))
    for await (const _ of client.getStream({}, options('stream'))) show('message')
    await client.sayHello({ name: 'nobody' }).catch((error) => show('error-trailer=' + error.metadata.get('x-rows')))
  `
}

it.each([
  ['connect', 'createConnectTransport'],
  ['grpc-web', 'createGrpcWebTransport'],
])('MD-9 a page of another origin reads trailers by portico/web/%s', async (entrance, transport) => {
  const site = fastify()
  let source: string | undefined
  site.get('/', (_request, reply) => reply.type('text/html').send(MARKUP))
  site.get('/page.js', (_request, reply) => reply.type('text/javascript').send(source))
  const { origin } = await startFastify(site)
  const { origin: baseUrl } = await startRoutes({
    cors: { origins: [origin], exposedHeaders: ['x-region', 'x-rows'] },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, { responseHeader, responseTrailer }) {
          responseHeader.set('x-region', 'north')
          responseTrailer.set('x-rows', '1')
          if (name === 'nobody') throw new ConnectError('no such person', Code.NotFound)
          return {}
        },
        async *getStream(_request, { responseHeader, responseTrailer }) {
          responseHeader.set('x-region', 'south')
          responseTrailer.set('x-rows', '2')
          yield {}
        },
      }),
  })
  source = await bundleModule(trailersScript(entrance, transport, baseUrl))
  const page = await openPage(browser, origin, {
    otherOrigins: [baseUrl],
    expectedComplaints: /404/,
  })
  await expect
    .poll(() => page.locator('body').textContent(), SOON)
    .toContain('unary-header=north unary-trailer=1 stream-header=south message stream-trailer=2 error-trailer=1')
})
