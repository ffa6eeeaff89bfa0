import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { launchChromium } from '../support/chromium.ts'
import { startConsole } from '../support/console/open-console.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { startDemo } from '../support/demo-server.ts'
import { openPage } from './open-page.ts'

const SOON = { timeout: 15_000 }
const NETWORK_ERROR = /Failed to load resource: net::ERR_/
const WEBSOCKET_ERROR = /WebSocket connection to .* failed/
/** The page then asks whether the server answers HTTP. */
const REFUSED_WEBSOCKET = /WebSocket connection to .* failed|status of (?:405|505)/

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

/** An element of the visible demo. */
function part(page: Page, name: string): Locator {
  return page.locator(`section:not([hidden]) [data-part="${name}"]`)
}

/** A field of the visible demo. */
function field(page: Page, label: string): Locator {
  return page.locator('section:not([hidden])').getByLabel(label, { exact: true })
}

/** Waits until an element of the visible demo has the text: the whole of it, or a match. */
async function expectText(page: Page, name: string, expected: string | RegExp): Promise<void> {
  const text = expect.poll(() => part(page, name).textContent(), SOON)
  await (typeof expected === 'string' ? text.toBe(expected) : text.toMatch(expected))
}

/** Collects what the page adds to a list, in order. */
async function collectAdded(page: Page, listPart: string): Promise<string[]> {
  const added: string[] = []
  await page.exposeFunction('onAdded', (text: string) => added.push(text))
  await part(page, listPart).evaluate((list) => {
    const onAdded: unknown = Reflect.get(globalThis, 'onAdded')
    if (typeof onAdded !== 'function') throw new Error('nobody listens')
    const report = (row: Node) => onAdded(row.firstChild?.textContent ?? '')
    for (const row of [...list.childNodes].reverse()) report(row)
    new MutationObserver((records) => {
      for (const { addedNodes } of records) for (const row of addedNodes) report(row)
    }).observe(list, { childList: true })
  })
  return added
}

function numbersUpTo(last: number): string[] {
  return Array.from({ length: last }, (_, index) => String(index + 1))
}

describe('hello', () => {
  it.each([
    ['Connect', 'Connect, JSON'],
    ['gRPC-Web', 'gRPC-Web, binary'],
  ])('responds over %s', async (protocol, shown) => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'hello' })
    await field(page, 'Name').fill('Zoë <b>')
    await page.getByText(protocol, { exact: true }).click()
    await page.getByRole('button', { name: 'Say hello' }).click()
    await expectText(page, 'answer', 'Hello Zoë <b>')
    await expectText(page, 'code', 'OK')
    await expectText(page, 'duration', /^[\d.]+ m?s$/)
    await expectText(page, 'protocol', shown)
  })

  it('shows the equivalent command', async () => {
    const { origin } = await startDemo()
    const page = await openPage(browser, origin, { view: 'hello' })
    await field(page, 'Name').fill('Ada')
    await expectText(page, 'curl', /-d '\{"name":"Ada"\}'/)
    expect(await part(page, 'curl').textContent()).toContain(`'${origin}/greeter.v1.GreeterService/SayHello'`)
    await page.getByText('gRPC-Web', { exact: true }).click()
    await expectText(page, 'curl', /application\/grpc-web\+proto/)
  })

  it('can be operated by keyboard alone', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'hello' })
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('name') ?? '')
    for (let presses = 0; presses < 12 && (await focused()) !== 'who'; presses++) await page.keyboard.press('Tab')
    await page.keyboard.type('Grace')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await expectText(page, 'answer', 'Hello Grace')
    await expectText(page, 'protocol', 'gRPC-Web, binary')
  })

  it('shows the code and message of an error', async () => {
    const demo = await startDemo()
    const proxy = await startCuttableProxy(demo.port)
    const page = await openPage(browser, proxy.origin, { view: 'hello', expectedComplaints: NETWORK_ERROR })
    proxy.cut()
    await page.getByRole('button', { name: 'Say hello' }).click()
    await expectText(page, 'answer', 'UNAVAILABLE: the server cannot be reached: Failed to fetch')
    await expectText(page, 'code', 'UNAVAILABLE')
  })

  it('works over TLS and HTTP/2', async () => {
    const { server } = await testCertificates()
    const demo = await startDemo({ listen: { tls: server }, quoteIntervalMs: 20 })
    const page = await openPage(browser, demo.origin, { view: 'hello', ignoreHTTPSErrors: true })
    await expect.poll(() => page.locator('footer').textContent(), SOON).toContain('over HTTP/2')
    await field(page, 'Name').fill('Ada')
    await page.getByRole('button', { name: 'Say hello' }).click()
    await expectText(page, 'answer', 'Hello Ada')
    await page.getByRole('link', { name: 'Ticker' }).click()
    await expectText(page, 'badge', /^Live/)
  })
})

describe('ticker', () => {
  it('shows quotes, and switches to another symbol', async () => {
    const page = await openPage(browser, (await startDemo({ quoteIntervalMs: 20 })).origin, { view: 'ticker' })
    await expectText(page, 'badge', /^Live/)
    await expectText(page, 'price', /^[\d,]+\.\d\d$/)
    await expectText(page, 'change', /^[+−]\d+\.\d\d \([+−]\d+\.\d\d %\)$/)
    await expect.poll(() => part(page, 'chart').locator('path.chart-line').count(), SOON).toBe(1)
    await field(page, 'Symbol').fill('GLOBEX')
    await page.getByRole('button', { name: 'Show' }).click()
    await expectText(page, 'symbol', 'GLOBEX')
    await expectText(page, 'price', /^[\d,]+\.\d\d$/)
    await expectText(page, 'missed', '0')
  })

  it('shows every sequence number once, even when connections are cut mid-stream', async () => {
    const demo = await startDemo({ quoteIntervalMs: 20 })
    const proxy = await startCuttableProxy(demo.port)
    const other = createClient(GreeterService, createConnectTransport({ baseUrl: demo.origin, httpVersion: '1.1' }))
    const page = await openPage(browser, proxy.origin, { view: 'ticker', expectedComplaints: NETWORK_ERROR })
    const sequences = await collectAdded(page, 'rows')
    for (const more of [10, 30]) {
      const before = sequences.length
      await expect.poll(() => sequences.length, SOON).toBeGreaterThan(before + more)
      proxy.cut()
      await expectText(page, 'badge', /^Not reachable, next try in/)
      // Quotes go on while another client listens. The page must fetch these after it reconnects.
      for await (const { sequence } of other.getStream({ topic: 'stocks/ACME', limit: 10 })) void sequence
      proxy.mend()
    }
    const before = sequences.length
    await expect.poll(() => sequences.length, SOON).toBeGreaterThan(before + 10)
    await expectText(page, 'badge', /^Live/)
    expect(sequences).toEqual(numbersUpTo(sequences.length))
    await expectText(page, 'missed', '0')
  })

  it('closes its stream while another demo is shown, and resumes where it was', async () => {
    const page = await openPage(browser, (await startDemo({ quoteIntervalMs: 20 })).origin, { view: 'ticker' })
    const sequences = await collectAdded(page, 'rows')
    await expect.poll(() => sequences.length, SOON).toBeGreaterThan(3)
    const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/GetStream'))
    await page.getByRole('link', { name: 'Hello' }).click()
    await ended
    const before = sequences.length
    await page.getByRole('link', { name: 'Ticker' }).click()
    await expect.poll(() => sequences.length, SOON).toBeGreaterThan(before + 3)
    expect(sequences).toEqual(numbersUpTo(sequences.length))
  })

  it('stops retrying an invalid call, says why, and offers to try again', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'ticker' })
    await field(page, 'Symbol').evaluate((input) => {
      input.removeAttribute('pattern')
    })
    await field(page, 'Symbol').fill('NO SUCH')
    await page.getByRole('button', { name: 'Show' }).click()
    await expectText(page, 'badge', /^INVALID_ARGUMENT: .*topic/)
    const again = page.waitForRequest(/GetStream$/)
    await page.getByRole('button', { name: 'Try now' }).click()
    await again
    await expectText(page, 'badge', /^INVALID_ARGUMENT: .*topic/)
  })

  it('retries immediately on request', async () => {
    const demo = await startDemo({ quoteIntervalMs: 20 })
    const proxy = await startCuttableProxy(demo.port)
    const page = await openPage(browser, proxy.origin, { view: 'ticker', expectedComplaints: NETWORK_ERROR })
    await expectText(page, 'badge', /^Live/)
    proxy.cut()
    await expectText(page, 'badge', /^Not reachable, next try in \d+ s/)
    proxy.mend()
    await page.getByRole('button', { name: 'Try now' }).click()
    await expectText(page, 'badge', /^Live/)
  })
})

describe('sensor', () => {
  it('publishes by one client stream, which the server sums up when it ends', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'sensor' })
    const unary: string[] = []
    page.on('request', (request) => {
      if (request.url().endsWith('/Publish')) unary.push(request.url())
    })
    for (const turn of ['1', '2', '3']) {
      await page.getByRole('button', { name: 'Publish a reading' }).click()
      await expectText(page, 'sequence', turn)
      await expectText(page, 'stream', `The call is open: ${turn} sent`)
    }
    await page.getByRole('link', { name: 'Ticker' }).click()
    await page.getByRole('link', { name: 'Sensor' }).click()
    await expectText(page, 'stream', 'The call has ended: the server accepted 3')
    await page.getByRole('button', { name: 'Publish a reading' }).click()
    await expectText(page, 'sequence', '4')
    expect(unary).toEqual([])
  })

  it('publishes by unary calls where WebSockets do not get through', async () => {
    const page = await openPage(browser, (await startDemo({ webSocket: false })).origin, {
      view: 'sensor',
      expectedComplaints: REFUSED_WEBSOCKET,
    })
    for (const turn of ['1', '2']) {
      await page.getByRole('button', { name: 'Publish a reading' }).click()
      await expectText(page, 'sequence', turn)
    }
  })

  it('publishes readings and receives them back', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'sensor' })
    await field(page, 'Temperature').fill('30')
    await expectText(page, 'value', /^(29\.[789]|30\.[0123]) °C$/)
    await page.getByRole('button', { name: 'Publish a reading' }).click()
    await expectText(page, 'sequence', '2')
    await expectText(page, 'round-trip', /^[\d.]+ m?s$/)
    await expectText(page, 'badge', /^Live/)
  })

  it('publishes automatically while switched on, and stops when switched off', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'sensor' })
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(60_000)
    await field(page, 'Publish every second').check()
    for (const expected of ['1', '2', '3']) {
      await page.clock.runFor(1_000)
      await expectText(page, 'sequence', expected)
    }
    await field(page, 'Publish every second').uncheck()
    await page.clock.runFor(5_000)
    await field(page, 'Temperature').fill('40')
    await expectText(page, 'value', /^(39\.[789]|40\.[0123]) °C$/)
    expect(await part(page, 'sequence').textContent()).toBe('4')
  })

  it('shows messages of other publishers', async () => {
    const demo = await startDemo()
    const client = createClient(GreeterService, createConnectTransport({ baseUrl: demo.origin, httpVersion: '1.1' }))
    const page = await openPage(browser, demo.origin, { view: 'sensor' })
    await client.publish({ topic: 'sensors/kitchen', data: 'not a number' })
    await client.publish({ topic: 'sensors/kitchen', data: '-4.5' })
    await expectText(page, 'value', /^−4\.5 °C$/)
    await expectText(page, 'sequence', '2')
  })
})

describe('chat', () => {
  it('sends and receives by one bidirectional stream', async () => {
    const { origin } = await startDemo()
    const [ada, grace] = [
      await openPage(browser, origin, { view: 'chat' }),
      await openPage(browser, origin, { view: 'chat' }),
    ]
    const requests: string[] = []
    ada.on('request', (request) => requests.push(request.url()))
    const resting = ada.waitForEvent('requestfailed', (request) => request.url().endsWith('/GetStream'))
    await say(ada, 'Ada', 'one')
    await expectText(ada, 'messages', /one/)
    // The call has brought the line, so the stream that brings older ones is not needed.
    await resting
    await say(grace, 'Grace', 'two')
    await expectText(ada, 'messages', /one.*two/)
    await say(ada, 'Ada', 'three')
    await expectText(ada, 'messages', /one.*two.*three/)
    expect(await part(ada, 'messages').locator('.message').count()).toBe(3)
    expect(requests).toEqual([])
    await expectText(ada, 'badge', /^Live/)
  })

  it('loses and repeats nothing when its connection is cut', async () => {
    const demo = await startDemo()
    const proxy = await startCuttableProxy(demo.port)
    const ada = await openPage(browser, proxy.origin, {
      view: 'chat',
      expectedComplaints: new RegExp(`${NETWORK_ERROR.source}|${WEBSOCKET_ERROR.source}`),
    })
    const grace = await openPage(browser, demo.origin, { view: 'chat' })
    await say(ada, 'Ada', 'line 1')
    await expectText(grace, 'messages', /line 1/)
    proxy.cut()
    await expectText(ada, 'badge', /^Not reachable, next try in/)
    await say(grace, 'Grace', 'line 2')
    await expectText(grace, 'messages', /line 2/)
    await say(ada, 'Ada', 'lost')
    await expectText(ada, 'error', /UNAVAILABLE/)
    expect(await field(ada, 'Message').inputValue()).toBe('lost')
    proxy.mend()
    await ada.getByRole('button', { name: 'Try now' }).click()
    await expectText(ada, 'messages', /line 1.*line 2/)
    await say(grace, 'Grace', 'line 3')
    await expectText(ada, 'messages', /line 1.*line 2.*line 3/)
    await say(ada, 'Ada', 'line 4')
    await expectText(grace, 'messages', /line 1.*line 2.*line 3.*line 4/)
    await expectText(ada, 'messages', /line 1.*line 2.*line 3.*line 4/)
    for (const page of [ada, grace]) expect(await part(page, 'messages').locator('.message').count()).toBe(4)
  })

  it('works without WebSockets', async () => {
    const page = await openPage(browser, (await startDemo({ webSocket: false })).origin, {
      view: 'chat',
      expectedComplaints: REFUSED_WEBSOCKET,
    })
    await say(page, 'Ada', 'one')
    await expectText(page, 'messages', /one/)
    await say(page, 'Ada', 'two')
    await expectText(page, 'messages', /one.*two/)
  })

  it('carries messages between two users, as text', async () => {
    const { origin } = await startDemo()
    const [ada, grace] = [
      await openPage(browser, origin, { view: 'chat' }),
      await openPage(browser, origin, { view: 'chat' }),
    ]
    await say(ada, 'Ada', '<img src=x onerror=alert(1)>')
    await expectText(grace, 'messages', /Ada.*<img src=x onerror=alert\(1\)>/)
    await say(grace, 'Grace', 'Good morning!')
    await expectText(ada, 'messages', /Grace.*Good morning!/)
    expect(await part(ada, 'messages').locator('.message.is-own').allTextContents()).toEqual([
      expect.stringContaining('onerror'),
    ])
    expect(await part(grace, 'messages').locator('img').count()).toBe(0)
  })

  it('shows earlier messages, and keeps rooms separate', async () => {
    const { origin } = await startDemo()
    const ada = await openPage(browser, origin, { view: 'chat' })
    await say(ada, 'Ada', 'in the lobby')
    await expectText(ada, 'messages', /in the lobby/)
    const grace = await openPage(browser, origin, { view: 'chat' })
    await expectText(grace, 'messages', /in the lobby/)
    await field(grace, 'Name').fill('Grace')
    await field(grace, 'Room').fill('garden')
    await grace.getByRole('button', { name: 'Join' }).click()
    await say(grace, 'Grace', 'in the garden')
    await expectText(grace, 'messages', /^(?!.*lobby).*in the garden/)
    expect(await part(ada, 'messages').textContent()).not.toContain('garden')
  })

  it('asks for a name first', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { view: 'chat' })
    await field(page, 'Message').fill('hello?')
    await page.getByRole('button', { name: 'Send' }).click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('chat-name')
    expect(await field(page, 'Message').inputValue()).toBe('hello?')
  })

  async function say(page: Page, name: string, text: string): Promise<void> {
    await field(page, 'Name').fill(name)
    await field(page, 'Message').fill(text)
    await page.keyboard.press('Enter')
  }
})

describe('the page', () => {
  it('lands on the live ticker', async () => {
    const page = await openPage(browser, (await startDemo({ quoteIntervalMs: 20 })).origin)
    await expectText(page, 'badge', /^Live/)
    await expectText(page, 'price', /^[\d,]+\.\d\d$/)
    expect(await page.title()).toBe('Stock ticker · Portico')
  })

  it('leads to the same calls in the console, where the server has one', { timeout: 90_000 }, async () => {
    const { origin } = await startConsole({ quoteIntervalMs: 20 })
    for (const [view, method] of [
      ['ticker', 'GetStream'],
      ['sensor', 'PutStream'],
      ['chat', 'AllStream'],
      ['hello', 'SayHello'],
    ]) {
      const page = await openPage(browser, origin, { view: view ?? '' })
      await page.getByRole('link', { name: 'Open this call in the console' }).click()
      await page.getByRole('heading', { name: method ?? '', level: 1 }).waitFor(SOON)
    }
    const without = await openPage(browser, (await startDemo()).origin)
    await expectText(without, 'badge', /^Live/)
    expect(await without.getByRole('link', { name: 'Open this call in the console' }).count()).toBe(0)
  })

  it('follows the theme of the system, and its own toggle', async () => {
    const page = await openPage(browser, (await startDemo()).origin, { colorScheme: 'dark' })
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const button = page.getByRole('button', { name: 'Dark' })
    const dark = await ground()
    expect(await button.getAttribute('aria-pressed')).toBe('true')
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await ground()
    expect(light).not.toBe(dark)
    await button.click()
    expect(await ground()).toBe(dark)
    await page.reload()
    expect(await ground()).toBe(dark)
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await ground()).toBe(light)
  })

  it.each(['hello', 'ticker', 'sensor', 'chat'])('fits a phone screen: %s', async (view) => {
    const { origin } = await startDemo({ quoteIntervalMs: 20 })
    const page = await openPage(browser, origin, { view, viewport: { width: 360, height: 740 } })
    await page.locator(`#${view}`).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  })

  it('has a content security policy that forbids loading from other origins', async () => {
    const response = await fetch(`${(await startDemo()).origin}/`)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(await response.text()).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/)
  })
})
