/** User pages that bundle one entrance each, in a real browser. */
import path from 'node:path'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDemo } from '../../server/demo.ts'
import { launchChromium } from '../support/chromium.ts'
import { startFastify } from '../support/demo-server.ts'
import { openPage } from './open-page.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
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
  const { outputFiles } = await build({
    stdin: { contents: script(entrance, transport), resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'chrome123',
    write: false,
  })
  const { fastify } = await createDemo({ servesPage: false, quoteIntervalMs: 20 })
  fastify.get('/', (_request, reply) => reply.type('text/html').send(MARKUP))
  fastify.get('/page.js', (_request, reply) => reply.type('text/javascript').send(outputFiles[0]?.text))
  const { origin } = await startFastify(fastify)
  const page = await openPage(browser, origin)
  const left = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/GetStream'))
  await expect
    .poll(() => page.locator('body').textContent(), SOON)
    .toContain('Hello page connecting live stocks/ACME stocks/ACME stocks/ACME left')
  await left
})
