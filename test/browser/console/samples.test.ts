/** The samples of the console, on the demo. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { faultsInLooks } from '../../support/console/faults-of.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 90_000 }

/** Colours on their way to others have no contrast that counts. */
const STILL = { reducedMotion: 'reduce' } as const

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

function sample(page: Page, name: string) {
  return page.getByRole('region', { name: new RegExp(`^${name}`) })
}

it('shows the ticker live', PATIENCE, async () => {
  const { page } = await openConsole(browser, { route: '/samples', demo: { quoteIntervalMs: 20 } })
  const ticker = sample(page, 'Ticker')
  await expect.poll(() => ticker.textContent(), SOON).toMatch(/Live/)
  await expect
    .poll(() => ticker.getByRole('img').getAttribute('aria-label'), SOON)
    .toMatch(/^Price\. ACME: \d{2,} values/)
})

it('publishes readings by a client stream, by hand and by a timer, and shows the summary', PATIENCE, async () => {
  const { page } = await openConsole(browser, { route: '/samples' })
  const sensor = sample(page, 'Sensor')
  await sensor.getByRole('button', { name: 'Start the stream' }).click(SOON)
  await sensor.getByLabel(/^Temperature/).fill('30')
  await sensor.getByRole('button', { name: 'Send reading' }).click()
  await sensor.getByRole('button', { name: 'Send reading' }).click()
  await sensor.getByLabel('Send every second').check()
  const sent = async () =>
    Number(/(\d+) values?/.exec((await sensor.getByRole('img').getAttribute('aria-label')) ?? '')?.[1])
  await expect.poll(sent, SOON).toBeGreaterThanOrEqual(4)
  await sensor.getByLabel('Send every second').uncheck()
  const count = await sent()
  await sensor.getByRole('button', { name: 'End the stream' }).click()
  await expect
    .poll(() => sensor.textContent(), SOON)
    .toContain(`The server accepted ${count}; the last one has sequence ${count}.`)
})

it('carries lines between two bidirectional streams, as text', PATIENCE, async () => {
  const { page } = await openConsole(browser, { route: '/samples' })
  const pane = (name: string) => sample(page, 'Chat').getByRole('region', { name })
  for (const name of ['Ada', 'Grace']) await pane(name).getByRole('button', { name: 'Join' }).click(SOON)
  const say = async (name: string, text: string) => {
    await pane(name).getByLabel(`Message of ${name}`).fill(text)
    await page.keyboard.press('Enter')
    for (const reader of ['Ada', 'Grace']) {
      await expect.poll(() => pane(reader).getByRole('log').textContent(), SOON).toContain(text)
    }
  }
  await say('Ada', '<img src=x onerror=alert(1)>')
  await say('Grace', 'مرحبا 日本語 🎉')
  expect(await page.getByRole('main').locator('img').count()).toBe(0)
  await pane('Ada').getByRole('button', { name: 'Leave' }).click()
  await expect.poll(() => pane('Ada').textContent(), SOON).toMatch(/Ended2 received/)
})

it('leads from each sample to its call', PATIENCE, async () => {
  const { page } = await openConsole(browser, { route: '/samples' })
  for (const [name, method] of [
    ['Ticker', 'GetStream'],
    ['Sensor', 'PutStream'],
    ['Chat', 'AllStream'],
  ]) {
    const link = sample(page, name ?? '').getByRole('link', { name: /^Open in the call view/ })
    await expect.poll(() => link.getAttribute('href'), SOON).toMatch(/call=1\./)
    await link.click()
    await page.getByRole('heading', { name: method ?? '', level: 1 }).waitFor(SOON)
    await page.goBack()
  }
})

it('says so where there are no samples', PATIENCE, async () => {
  const { origin } = await startConsole()
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.route('**/facts.json', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), isDemo: false } })
  })
  await page.goto(`${origin}/console/#/samples`)
  await page.getByRole('heading', { name: 'This server has no samples' }).waitFor(SOON)
  await context.close()
})

it('is accessible in light, dark and forced colours, and fits a screen of 320 px', PATIENCE, async () => {
  const { page } = await openConsole(browser, { route: '/samples', demo: { quoteIntervalMs: 50 }, ...STILL })
  await sample(page, 'Sensor').getByRole('button', { name: 'Start the stream' }).click(SOON)
  await sample(page, 'Sensor').getByRole('button', { name: 'Send reading' }).click()
  await sample(page, 'Chat').getByRole('button', { name: 'Join' }).first().click()
  await page.getByRole('img', { name: /^Sent/ }).waitFor(SOON)
  expect(await faultsInLooks(page, 1)).toEqual([])
  await page.setViewportSize({ width: 320, height: 640 })
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), SOON).toBe(320)
})
