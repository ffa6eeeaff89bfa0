/** Server-sent events of REST in a browser. */
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { createGreeterService } from '../../server/demo/greeter/greeter-service.ts'
import { createMemoryTopicHub, type MemoryTopicHub } from '../../server/demo/topics/memory-topic-hub.ts'
import { launchChromium } from '../support/chromium.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { openPage } from './open-page.ts'

/** Chromium waits three seconds before it connects again. */
const SOON = { timeout: 20_000 }
const TOPIC = 'browser/events'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

/** Starts a server of the topics in a hub, with an empty page. Open streams end when it drains. */
async function start(hub: MemoryTopicHub): Promise<{ readonly port: number; drain(): Promise<unknown> }> {
  const closing = new AbortController()
  const { fastify, drain } = await createApp({
    routes: (router) => router.service(GreeterService, createGreeterService(hub, { closing: closing.signal })),
    listen: { drainTimeoutMs: 5_000 },
    logger: false,
  })
  fastify.addHook('preClose', async () => closing.abort())
  fastify.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><title>Events</title>'))
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    await drain()
  })
  return { port: (fastify.server.address() as AddressInfo).port, drain }
}

/** Reads a topic with an EventSource. Returns the data that arrives, and what happens to the connection. */
async function listen(page: Page): Promise<{ readonly data: string[]; readonly states: string[] }> {
  const data: string[] = []
  const states: string[] = []
  await page.exposeFunction('onData', (text: string) => data.push(JSON.parse(text).data))
  await page.exposeFunction('onState', (state: string) => states.push(state))
  await page.evaluate((url) => {
    const tell = (name: string, text: string) => Reflect.get(globalThis, name)(text)
    const source = new EventSource(url)
    source.onmessage = (event) => tell('onData', event.data)
    source.onopen = () => tell('onState', 'open')
    source.onerror = () => tell('onState', source.readyState === EventSource.CLOSED ? 'closed' : 'connecting')
  }, `/v1/topics/${TOPIC}?after_sequence=0`)
  return { data, states }
}

it('T3 EventSource loses and repeats nothing when its connection is cut, and when its server restarts', async () => {
  const hub = createMemoryTopicHub()
  onTestFinished(() => hub.close())
  const expected: string[] = []
  const publish = async (text: string) => {
    expected.push(text)
    await hub.publish(TOPIC, text)
  }
  const first = await start(hub)
  const proxy = await startCuttableProxy(first.port)
  const page = await openPage(browser, proxy.origin, { expectedComplaints: /net::ERR_/ })
  await publish('before')
  const { data, states } = await listen(page)
  await publish('live')
  await expect.poll(() => data, SOON).toEqual(expected)

  proxy.cut()
  await publish('while the network is down')
  await expect.poll(() => states, SOON).toContain('connecting')
  proxy.mend()
  await expect.poll(() => data, SOON).toEqual(expected)

  const second = await start(hub)
  proxy.aim(second.port)
  await first.drain()
  await publish('while the server restarts')
  await expect.poll(() => data, SOON).toEqual(expected)
  await publish('after')
  await expect.poll(() => data, SOON).toEqual(expected)
  expect(states).not.toContain('closed')
}, 60_000)
