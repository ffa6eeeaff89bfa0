/** `portico/web/websocket` in a real browser: all four modes, and what goes wrong with streams. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { testCertificates } from '../support/certificates.ts'
import { launchChromium } from '../support/chromium.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { startRoutes } from '../support/demo-server.ts'
import { oneOfEach } from '../support/depth.ts'
import { ServerProcess } from '../support/server-process.ts'
import { steadyValue } from '../support/steady-value.ts'
import { LARGE_BYTES, streamingGreeter } from './streaming/greeter.ts'
import { openCaller } from './streaming/open-caller.ts'

const SOON = { timeout: 15_000 }
const MIB = 1024 * 1024
/** What sockets and the browser hold of messages that the page does not read. */
const MOST_IN_TRANSIT_BYTES = 32 * MIB
const BUFFERED_BYTES = 16 * MIB
const WAYS = ['WebSocketStream', 'WebSocket', 'withStreaming'] as const
const PORTS = ['cleartext', 'TLS'] as const
/** The browser complains about each WebSocket that fails. */
const FAILED = /WebSocket connection to|ERR_/

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

async function startGreeter(options: Omit<AppOptions, 'routes'> = {}) {
  const greeter = streamingGreeter()
  const { origin, fastify } = await startRoutes({
    ...options,
    routes: (router) => router.service(GreeterService, greeter.routes),
  })
  let connections = 0
  fastify.server.on('connection', () => {
    connections += 1
  })
  return { greeter, origin, connections: () => connections }
}

async function openOn(port: (typeof PORTS)[number], expectedComplaints = /^$/) {
  const listen = port === 'TLS' ? { tls: (await testCertificates()).server } : {}
  const { greeter, origin, connections } = await startGreeter({ listen })
  return {
    greeter,
    connections,
    page: await openCaller(browser, origin, { ignoreHTTPSErrors: true, expectedComplaints }),
  }
}

describe.each(PORTS.map((port, turn) => ({ port, turn })))('over $port', ({ port, turn }) => {
  const someWays = oneOfEach(WAYS, () => 'way', turn)

  it.each(WAYS)('all four modes, metadata and errors by %s', async (way) => {
    // The error of a call by fetch.
    const { page } = await openOn(port, /status of 429/)
    expect(await page.evaluate(`calls.callAllModes('${way}')`)).toEqual([
      'Hello Zoë',
      ['y', 'z'],
      'abc',
      3,
      { code: 'ResourceExhausted', message: 'no ä' },
      'ghi',
    ])
  })

  it('100 streams at once', async () => {
    const { greeter, connections, page } = await openOn(port)
    expect(await page.evaluate('calls.openMany(100)')).toBe(100)
    expect(greeter.begun).toBe(100)
    // A connection for each WebSocket; over HTTP/2 the page's own, and one that the browser may open ahead (RFC 8441).
    if (port === 'TLS') expect(connections()).toBeLessThanOrEqual(2)
    else expect(connections()).toBeGreaterThanOrEqual(100)
    await expect.poll(() => greeter.ended, SOON).toBe(100)
  })

  it.each(someWays)('a stream that the page leaves ends its handler, by %s', async (way) => {
    const { greeter, page } = await openOn(port)
    await page.evaluate(`calls.leave('${way}')`)
    await expect.poll(() => greeter.ended, SOON).toBe(1)
  })

  // Fewer and more than what fits into the buffers of the browser.
  const cases = WAYS.flatMap((way) => [1, 3, 100].map((count) => [count, way] as const))
  it.each(oneOfEach(cases, ([count]) => `${count} messages`, turn))(
    'a page that is busy when the server ends gets all of %i messages, by %s',
    async (count, way) => {
      const { page } = await openOn(port)
      expect(await page.evaluate(`calls.readWithPauses('${way}', ${count})`)).toEqual([
        count,
        { code: 'none', message: '' },
      ])
    },
  )

  it('a page that reads slowly slows the handler down, and misses nothing, by WebSocketStream', async () => {
    const { greeter, page } = await openOn(port)
    await page.evaluate(`calls.beginSlowly('WebSocketStream')`)
    const given = await steadyValue(() => greeter.given)
    expect(given * LARGE_BYTES).toBeLessThan(MOST_IN_TRANSIT_BYTES)
    // Other calls are not held up, even on the same connection.
    expect(await page.evaluate(`calls.greet('WebSocketStream')`)).toBe('Hello page')
    expect(await page.evaluate('calls.readMore(2000)')).toBe(2000)
  })

  it('a page that reads slowly fails with RESOURCE_EXHAUSTED, by WebSocket', async () => {
    const { greeter, page } = await openOn(port)
    await page.evaluate(`calls.beginSlowly('WebSocket')`)
    await expect.poll(() => greeter.ended, SOON).toBe(1)
    expect(await page.evaluate('calls.readToFailure()')).toMatchObject({
      code: 'ResourceExhausted',
      message: expect.stringContaining('the page reads too slowly'),
    })
    expect(greeter.given * LARGE_BYTES).toBeLessThan(BUFFERED_BYTES + MOST_IN_TRANSIT_BYTES)
  })
})

test.each(oneOfEach(WAYS, () => 'way'))('a page sends no more than a handler reads, by %s', async (way) => {
  const { page } = await openOn('cleartext')
  page.evaluate(`calls.sendForever('${way}')`).catch(() => {})
  const sentBytes = await steadyValue(() => page.evaluate<number>('calls.sentBytes()'))
  expect(sentBytes).toBeLessThan(MOST_IN_TRANSIT_BYTES)
})

test.each(oneOfEach(WAYS, () => 'way', 1))('a page that goes away ends its handlers, by %s', async (way) => {
  const { greeter, page } = await openOn('cleartext')
  page.evaluate(`calls.holdUntilFailure('${way}')`).catch(() => {})
  await expect.poll(() => greeter.begun, SOON).toBe(1)
  await page.goto('about:blank')
  await expect.poll(() => greeter.ended, SOON).toBe(1)
})

describe('a page of another origin', () => {
  it('is refused', async () => {
    const { origin } = await startGreeter()
    const { origin: own } = await startGreeter()
    const page = await openCaller(browser, own, {
      expectedComplaints: /WebSocket connection to|ERR_|CORS policy/,
      otherOrigins: [origin],
    })
    expect(await page.evaluate(`calls.greet('WebSocket', '${origin}')`)).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('refuses this origin'),
    })
  })

  it.each(WAYS)('calls where its origin is allowed, by %s', async (way) => {
    const { origin: own } = await startGreeter()
    const { origin } = await startGreeter({ cors: { origins: [own] } })
    const page = await openCaller(browser, own, { otherOrigins: [origin] })
    expect(await page.evaluate(`calls.greet('${way}', '${origin}')`)).toBe('Hello page')
  })
})

it.each(WAYS)(
  'a server that is killed and comes back: a stream is UNAVAILABLE, and a watch resumes, by %s',
  async (way) => {
    const first = await ServerProcess.listen()
    const proxy = await startCuttableProxy(first.port)
    const page = await openCaller(browser, proxy.origin, { expectedComplaints: FAILED })
    const held = page.evaluate(`calls.holdUntilFailure('${way}')`)
    const watched = page.evaluate(`calls.watch('${way}', 2)`)
    await page.evaluate(`calls.publish('one')`)
    await expect.poll(() => page.title(), SOON).toContain('one')
    first.server.kill('SIGKILL')
    expect(await held).toMatchObject({ code: 'Unavailable' })
    expect(await page.evaluate(`calls.greet('${way}')`)).toMatchObject({ code: 'Unavailable' })
    const second = await ServerProcess.listen()
    proxy.aim(second.port)
    await expect.poll(() => page.evaluate(`calls.greet('${way}')`), SOON).toBe('Hello page')
    await page.evaluate(`calls.publish('two')`)
    await watched
    expect(await page.title()).toMatch(/one.*waiting.*two/)
  },
)
