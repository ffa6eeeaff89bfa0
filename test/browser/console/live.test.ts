/** The live views of the console: health, channelz and metrics. */
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { DemoOptions } from '../../../server/demo.ts'
import { launchChromium } from '../../support/chromium.ts'
import { faultsInLooks } from '../../support/console/faults-of.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'
import { startCuttableProxy } from '../../support/cuttable-proxy.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 90_000 }
const NETWORK_ERROR = /Failed to load resource: net::ERR_/
const SERVICE = 'greeter.v1.GreeterService'
const EVERYTHING: DemoOptions = { metrics: true, admin: { authorize: () => true } }

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

function greeter(origin: string) {
  return createClient(GreeterService, createConnectTransport({ baseUrl: origin, httpVersion: '1.1' }))
}

/** The text of the row of a service. */
function rowOf(page: Page, service: string) {
  const row = page.locator(`tr[data-service="${service}"]`)
  return expect.poll(() => row.textContent(), SOON)
}

describe('health', PATIENCE, () => {
  it('shows each service, and changes of its status as the server makes them', async () => {
    const { page, server } = await openConsole(browser, { route: '/health' })
    await rowOf(page, '').toMatch(/The whole server.*SERVING.*Live/)
    await rowOf(page, SERVICE).toMatch(/SERVING/)
    server.health.setStatus(SERVICE, 'NOT_SERVING')
    await rowOf(page, SERVICE).toMatch(/NOT_SERVING/)
    const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem')
    await expect.poll(() => changes.first().textContent(), SOON).toMatch(/GreeterServiceNOT_SERVINGwas SERVING$/)
    server.health.setStatus('', 'NOT_SERVING')
    await rowOf(page, '').toMatch(/NOT_SERVING/)
    server.health.setStatus('shop.v1.NewService', 'SERVING')
    await rowOf(page, 'shop.v1.NewService').toMatch(/SERVING/)
  })

  it('says when the server is gone, counts down, and goes on when it is back', async () => {
    const server = await startConsole()
    const proxy = await startCuttableProxy(server.port)
    const page = await openPage(browser, proxy.origin, {
      path: '/console/',
      view: '/health',
      expectedComplaints: NETWORK_ERROR,
    })
    await rowOf(page, '').toMatch(/Live/)
    proxy.cut()
    await rowOf(page, '').toMatch(/Connection lost/)
    const notice = page.getByRole('main').getByRole('alert')
    await expect.poll(() => notice.textContent(), SOON).toMatch(/cannot be reached.*Next try in \d+ s/)
    server.health.setStatus(SERVICE, 'NOT_SERVING')
    proxy.mend()
    await notice.getByRole('button', { name: 'Try now' }).click()
    await rowOf(page, '').toMatch(/Live/)
    await rowOf(page, SERVICE).toMatch(/NOT_SERVING/)
    const changes = page.getByRole('region', { name: 'Changes' })
    await expect.poll(() => changes.textContent(), SOON).toMatch(/The serverREACHABLE.*The serverUNREACHABLE/)
    expect(await notice.count()).toBe(0)
  })

  it('holds no stream while the page is in the background', async () => {
    const { page } = await openConsole(browser, { route: '/health', demo: { webSocket: false } })
    await rowOf(page, '').toMatch(/Live/)
    const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/Watch'))
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await ended
  })

  it('watches all services by WebSockets, and a few where there are none', async () => {
    const counts = { true: 0, false: 0 }
    for (const webSocket of [true, false]) {
      const { page, server } = await openConsole(browser, { route: '/health', demo: { webSocket } })
      const rows = page.getByRole('region', { name: 'Health of services' }).getByRole('row')
      const names = server.health.listStatuses().size
      await expect.poll(() => rows.count(), SOON).toBe(names + 1)
      const live = page.getByRole('cell', { name: 'Live', exact: true })
      await expect.poll(() => live.count(), SOON).toBe(webSocket ? names : 2)
      counts[`${webSocket}`] = await live.count()
    }
    expect(counts.true).toBeGreaterThan(counts.false)
  })

  it('says so where health is not served', async () => {
    const { page } = await openConsole(browser, { route: '/health', demo: { servesHealth: false } })
    await page.getByRole('heading', { name: 'This server does not serve health' }).waitFor(SOON)
  })
})

describe('metrics', PATIENCE, () => {
  it('charts real traffic by status, with its durations', async () => {
    const { page, server } = await openConsole(browser, { route: '/metrics', demo: EVERYTHING })
    const legend = (chart: string) => page.locator('figure', { hasText: chart }).locator('.line-chart-legend')
    await page.getByRole('img', { name: /^In flight/ }).waitFor(SOON)
    await page.getByLabel('Every').selectOption('1 s')
    const client = greeter(server.origin)
    await expect
      .poll(async () => {
        await Promise.all(Array.from({ length: 20 }, () => client.sayHello({ name: 'Ada' })))
        await client.publish({ topic: 'not a topic!' }).catch(() => undefined)
        return legend('Calls by status').textContent()
      }, SOON)
      .toMatch(/OK [\d.,]+\/s.*INVALID_ARGUMENT [\d.,]+\/s/)
    await expect.poll(() => legend('Duration of calls').textContent(), SOON).toMatch(/p50 [\d.]+ ms.*p99 [\d.]+ ms/)
    const canvas = page.locator('figure', { hasText: 'Calls by status' }).locator('canvas')
    expect(await canvas.evaluate((node) => node instanceof HTMLCanvasElement && node.width > 100)).toBe(true)
  })

  it('has a table of each chart, and of all metrics, with a search', async () => {
    const { page } = await openConsole(browser, { route: '/metrics', demo: EVERYTHING })
    const memory = page.locator('figure', { hasText: 'Memory' })
    await memory.getByText('Table').click(SOON)
    await expect.poll(() => memory.getByRole('row').nth(1).textContent(), SOON).toMatch(/\d\d:\d\d:\d\d.*MiB/)
    const rows = page.getByRole('region', { name: 'Samples' }).getByRole('row')
    const before = await rows.count()
    await page.getByLabel('Search', { exact: true }).fill('connection OPEN')
    await expect.poll(() => rows.count(), SOON).toBeLessThan(before)
    expect(await rows.nth(1).textContent()).toMatch(/portico_server_connection_open.*gauge/)
  })

  it('stops while paused, and refreshes on request', async () => {
    const { page } = await openConsole(browser, { route: '/metrics', demo: EVERYTHING })
    await page.getByRole('heading', { name: 'All metrics' }).waitFor(SOON)
    await page.getByRole('button', { name: 'Pause' }).click()
    let requests = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/metrics')) requests += 1
    })
    await page.waitForTimeout(2_500)
    expect(requests).toBe(0)
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await expect.poll(() => requests, SOON).toBe(1)
  })

  it.each([
    [403, { authorize: () => false }, /refuses to show its metrics.*403/],
    [null, undefined, /serves no metrics/],
  ])('explains why there are none: %s', async (_status, metrics, text) => {
    const { page } = await openConsole(browser, {
      route: '/metrics',
      demo: metrics === undefined ? {} : { metrics },
      expectedComplaints: /403/,
    })
    await expect.poll(() => page.getByRole('main').textContent(), SOON).toMatch(text)
  })

  it('goes on after an outage', async () => {
    const server = await startConsole(EVERYTHING)
    const proxy = await startCuttableProxy(server.port)
    const page = await openPage(browser, proxy.origin, {
      path: '/console/',
      view: '/metrics',
      expectedComplaints: NETWORK_ERROR,
    })
    await page.locator('.uplot canvas').first().waitFor(SOON)
    proxy.cut()
    const notice = page.getByRole('main').getByRole('alert')
    await expect.poll(() => notice.textContent(), SOON).toMatch(/cannot be reached/)
    proxy.mend()
    await expect.poll(() => notice.count(), SOON).toBe(0)
  })

  it('has tables, and says why charts are missing, when their code cannot be loaded', async () => {
    const server = await startConsole(EVERYTHING)
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.route('**/assets/chart-plot-*', (route) => route.abort())
    await page.goto(`${server.origin}/console/#/metrics`)
    const memory = page.locator('figure', { hasText: 'Memory' })
    await memory.getByText('could not be loaded').waitFor(SOON)
    await memory.locator('summary').click()
    await expect.poll(() => memory.getByRole('row').count(), SOON).toBeGreaterThan(1)
    await context.close()
  })
})

describe('channelz', PATIENCE, () => {
  it('leads from the server to its sockets, with what they carry', async () => {
    const { page, server } = await openConsole(browser, { route: '/channelz', demo: EVERYTHING })
    const main = page.getByRole('main')
    await page.getByLabel('Every').selectOption('1 s')
    await greeter(server.origin).sayHello({ name: 'Ada' })
    const perSecond = main
      .getByRole('region', { name: 'Table of servers' })
      .getByRole('row')
      .nth(1)
      .getByRole('cell')
      .nth(3)
    await expect.poll(() => perSecond.textContent(), SOON).toMatch(/^[\d.]+\/s$/)
    await main.getByRole('region', { name: 'Table of servers' }).getByRole('link').first().click()
    await page.getByRole('heading', { name: /^Server \d+$/ }).waitFor(SOON)
    const socket = main.getByRole('region', { name: 'Table of sockets' }).getByRole('link').first()
    await socket.click(SOON)
    await page.getByRole('heading', { name: /^Socket \d+$/ }).waitFor(SOON)
    await expect.poll(() => main.textContent(), SOON).toMatch(/Remote address127\.0\.0\.1:\d+/)
    await page.reload()
    await expect.poll(() => main.textContent(), SOON).toMatch(/Remote address127\.0\.0\.1:\d+/)
    await main.getByRole('link', { name: 'Channelz' }).click()
    await page.getByRole('heading', { name: 'Channelz', level: 1 }).waitFor(SOON)
  })

  it('says that an entity is gone', async () => {
    const { page } = await openConsole(browser, {
      route: '/channelz/socket/999999',
      demo: EVERYTHING,
      expectedComplaints: /404/,
    })
    await expect.poll(() => page.getByRole('main').textContent(), SOON).toMatch(/This is gone/)
  })

  it('explains that the server refuses its admin services', async () => {
    let allows = true
    const admin = { authorize: () => allows }
    const { page } = await openConsole(browser, { route: '/channelz', demo: { admin }, expectedComplaints: /403/ })
    await page.getByRole('region', { name: 'Table of servers' }).waitFor(SOON)
    allows = false
    await expect.poll(() => page.getByRole('alert').textContent(), SOON).toMatch(/refuses you its admin services/)
    await page.reload()
    await page.getByRole('heading', { name: 'This server does not show you channelz' }).waitFor(SOON)
  })
})

/** Colours on their way to others have no contrast that counts. */
const STILL = { reducedMotion: 'reduce' } as const
describe.each([
  ['health', 0],
  ['metrics', 1],
  ['channelz', 2],
] as const)('%s', PATIENCE, (view, turn) => {
  it('is accessible in light, dark and forced colours, and fits a screen of 320 px', async () => {
    const { page } = await openConsole(browser, { route: `/${view}`, demo: EVERYTHING, ...STILL })
    await page.getByRole('main').getByRole('table').first().waitFor(SOON)
    expect(await faultsInLooks(page, turn)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), SOON).toBe(320)
  })
})
