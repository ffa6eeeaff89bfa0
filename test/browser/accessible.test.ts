/** The page with assistive technology and display settings, and after a lost connection. */
import { toJson } from '@bufbuild/protobuf'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GetStreamResponse, GetStreamResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { launchChromium } from '../support/chromium.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { startDemo } from '../support/demo-server.ts'
import { oneOfEach } from '../support/depth.ts'
import { openPage } from './open-page.ts'

const SOON = { timeout: 15_000 }
const NETWORK_ERROR = /Failed to load resource: net::ERR_|WebSocket connection to .* failed/
/** Several attempts with growing waits take a while. */
const OUTAGE = { timeout: 60_000 }
const VIEWS = ['ticker', 'sensor', 'chat', 'hello']

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

/** The faults that axe finds, each with where it is. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { run } = Reflect.get(globalThis, 'axe') as typeof axe
    const { violations } = await run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}

/** Fills the demo shown with the content that it has in use. */
async function use(page: Page, view: string): Promise<void> {
  const section = page.locator(`#${view}`)
  const part = (name: string) => section.locator(`[data-part="${name}"]`)
  switch (view) {
    case 'hello':
      await page.getByRole('button', { name: 'Say hello' }).click()
      return expect.poll(() => part('code').textContent(), SOON).toBe('OK')
    case 'ticker':
      return expect.poll(() => part('price').textContent(), SOON).toMatch(/\d/)
    case 'sensor':
      await page.getByRole('button', { name: 'Publish a reading' }).click()
      return expect.poll(() => part('value').textContent(), SOON).toMatch(/\d/)
    default:
      await section.getByLabel('Name', { exact: true }).fill('Ada')
      await section.getByLabel('Message', { exact: true }).fill('Hello?')
      await page.keyboard.press('Enter')
      return expect.poll(() => part('messages').textContent(), SOON).toContain('Hello?')
  }
}

describe.each(VIEWS.map((view, turn) => ({ view, turn })))('$view', ({ view, turn }) => {
  it.each(oneOfEach(['light', 'dark'] as const, () => 'colour scheme', turn))(
    'has no accessibility violation in %s colours',
    async (colorScheme) => {
      const page = await openPage(browser, (await startDemo({ quoteIntervalMs: 50 })).origin, { view, colorScheme })
      expect(await faultsOf(page)).toEqual([])
      await use(page, view)
      expect(await faultsOf(page)).toEqual([])
    },
  )

  it('keeps the masthead visible when the URL fragment names it', async () => {
    const { origin } = await startDemo({ quoteIntervalMs: 50 })
    const page = await openPage(browser, origin, { view, viewport: { width: 800, height: 300 } })
    await use(page, view)
    const link = page.locator(`nav a[href="#${view}"]`)
    await page.locator(`nav a[href="#${view === 'hello' ? 'ticker' : 'hello'}"]`).click()
    await link.click()
    await page.reload()
    await use(page, view)
    await page.evaluate(() => scrollTo(0, 0))
    await link.click()
    expect(await page.evaluate(() => scrollY)).toBe(0)
  })
})

it('shows a fresh page from its top, whichever demo the URL names', async () => {
  const { origin } = await startDemo({ quoteIntervalMs: 50 })
  for (const view of VIEWS) {
    const page = await openPage(browser, origin, { view, viewport: { width: 800, height: 300 } })
    await page.locator(`#${view}`).waitFor()
    await page.waitForLoadState('load')
    await page.evaluate(() => new Promise(requestAnimationFrame))
    expect([view, await page.evaluate(() => scrollY)]).toEqual([view, 0])
  }
})

it('shows the selection in forced-colors mode', async () => {
  const { origin } = await startDemo()
  const page = await openPage(browser, origin, { view: 'hello', forcedColors: 'active', colorScheme: 'dark' })
  const look = (selector: string, property: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((node, name) => getComputedStyle(node).getPropertyValue(name), property)
  expect(await look('.segment:has(:checked)', 'background-color')).not.toBe(
    await look('.segment:not(:has(:checked))', 'background-color'),
  )
  expect(await look('.tab[aria-current]', 'border-bottom-color')).not.toBe(
    await look('.tab:not([aria-current])', 'border-bottom-color'),
  )
  expect(await look('#theme[aria-pressed="true"]', 'background-color')).not.toBe(
    await look('.button[type="submit"]', 'background-color'),
  )
})

describe('a lost connection', OUTAGE, () => {
  it.each(['ticker', 'sensor', 'chat'])('counts down to the next retry, and is announced once: %s', async (view) => {
    const demo = await startDemo({ quoteIntervalMs: 50 })
    const proxy = await startCuttableProxy(demo.port)
    const page = await openPage(browser, proxy.origin, { view, expectedComplaints: NETWORK_ERROR })
    const section = page.locator(`#${view}`)
    const badge = section.locator('.badge')
    await use(page, view)
    await expect.poll(() => badge.textContent(), SOON).toBe('Live')
    const announced: string[] = []
    await page.exposeFunction('onAnnounced', (text: string) => announced.push(text))
    await section.locator('.badge-slot [role="status"]').evaluate((status) => {
      const onAnnounced = Reflect.get(globalThis, 'onAnnounced') as (text: string) => void
      new MutationObserver(() => onAnnounced(status.textContent ?? '')).observe(status, { childList: true })
    })
    const attempts: string[] = []
    page.on('request', (request) => attempts.push(request.url()))
    proxy.cut()
    const seen = new Set<string>()
    while (attempts.length < 3 || !seen.has('Not reachable, next try in 2 s')) {
      seen.add((await badge.textContent()) ?? '')
      await page.waitForTimeout(50)
    }
    expect(seen).toContain('Not reachable, next try in 1 s')
    proxy.mend()
    await section.getByRole('button', { name: 'Try now' }).click()
    // A topic without news answers with its first message only.
    if (view !== 'ticker') await use(page, view)
    await expect.poll(() => badge.textContent(), SOON).toBe('Live')
    expect(announced).toEqual(['Not reachable, trying again', 'Live'])
  })

  it('is retried automatically: hello', async () => {
    const demo = await startDemo()
    const proxy = await startCuttableProxy(demo.port)
    const page = await openPage(browser, proxy.origin, { view: 'hello', expectedComplaints: NETWORK_ERROR })
    const badge = page.locator('#hello .badge')
    expect(await badge.isVisible()).toBe(false)
    proxy.cut()
    await page.getByRole('button', { name: 'Say hello' }).click()
    await expect.poll(() => badge.textContent(), SOON).toMatch(/^Not reachable, next try in \d+ s$/)
    proxy.mend()
    await expect.poll(() => page.locator('#hello [data-part="answer"]').textContent(), SOON).toBe('Hello Ada')
    expect(await badge.isVisible()).toBe(false)
  })

  it('dims the values, breaks the line at missing messages, and marks restarts', async () => {
    const { origin } = await startDemo()
    const page = await openPage(browser, origin, { view: 'hello', expectedComplaints: NETWORK_ERROR })
    const quote = (sequence: bigint, more: Partial<GetStreamResponse> = {}) =>
      ({
        sequence,
        data: '{"price":100}',
        topic: 'stocks/ACME',
        epoch: 'a',
        missed: 0n,
        reset: false,
        ...more,
      }) as const
    const quotes = [
      quote(1n, { missed: 5n }),
      quote(2n),
      quote(6n, { missed: 3n }),
      quote(7n),
      quote(8n),
      quote(1n, { epoch: 'b', reset: true }),
      quote(2n, { epoch: 'b' }),
    ]
    let calls = 0
    await page.route('**/GetStream', (route) => {
      calls += 1
      if (calls > 1) return route.abort()
      return route.fulfill({ contentType: 'application/connect+json', body: streamOf(quotes) })
    })
    await page.locator('nav a[href="#ticker"]').click()
    const section = page.locator('#ticker')
    await expect.poll(() => section.locator('.chart-restart').count(), SOON).toBe(1)
    expect(await section.locator('.chart-line').count()).toBe(3)
    expect(await section.locator('svg').getAttribute('aria-label')).toMatch(/^Price: 7 values, 1 restart between them/)
    expect(await section.locator('[data-part="missed"]').textContent()).toBe('3')
    await expect.poll(() => section.getAttribute('class'), SOON).toContain('is-stale')
    expect(await faultsOf(page)).toEqual([])
  })

  /** The body of a Connect stream that ends well. */
  function streamOf(messages: readonly object[]): Buffer {
    const envelope = (flags: number, text: string) => {
      const data = Buffer.from(text)
      const prefix = Buffer.alloc(5, flags)
      prefix.writeUInt32BE(data.byteLength, 1)
      return Buffer.concat([prefix, data])
    }
    const written = messages.map((message) => {
      const complete = { $typeName: GetStreamResponseSchema.typeName, ...message } as GetStreamResponse
      return envelope(0, JSON.stringify(toJson(GetStreamResponseSchema, complete)))
    })
    return Buffer.concat([...written, envelope(2, '{}')])
  }
})

it('names the room being read and written, in chat and sensor', async () => {
  const { origin } = await startDemo()
  const chat = await openPage(browser, origin, { view: 'chat' })
  const part = (page: Page, name: string) => page.locator(`section:not([hidden]) [data-part="${name}"]`)
  expect(await part(chat, 'joined').textContent()).toBe('chat/lobby')
  await chat.locator('#chat').getByLabel('Name', { exact: true }).fill('Ada')
  await chat.locator('#chat').getByLabel('Room', { exact: true }).fill('garden')
  expect(await part(chat, 'joined').textContent()).toBe('chat/lobby')
  await chat.getByRole('button', { name: 'Join' }).click()
  expect(await part(chat, 'joined').textContent()).toBe('chat/garden')
  await chat.getByRole('log', { name: 'Messages in chat/garden' }).waitFor()
  const sensor = await openPage(browser, origin, { view: 'sensor' })
  await sensor.locator('#sensor').getByLabel('Sensor', { exact: true }).fill('attic')
  expect(await part(sensor, 'target').textContent()).toBe('sensors/kitchen')
  await sensor.getByRole('button', { name: 'Watch' }).click()
  expect(await part(sensor, 'target').textContent()).toBe('sensors/attic')
  expect(await part(sensor, 'watched').textContent()).toBe('sensors/attic')
})

it('starts with a name to greet', async () => {
  const page = await openPage(browser, (await startDemo()).origin, { view: 'hello' })
  await page.getByRole('button', { name: 'Say hello' }).click()
  await expect.poll(() => page.locator('#hello [data-part="answer"]').textContent(), SOON).toBe('Hello Ada')
})
