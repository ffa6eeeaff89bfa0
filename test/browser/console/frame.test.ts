/** The frame of the console in Chromium: where the focus goes, small screens, keys of other scripts, and views that fail. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { startHostileApi } from '../../support/console/hostile-api.ts'
import { openConsole } from '../../support/console/open-console.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 90_000 }
const PHONE = { viewport: { width: 390, height: 844 } }
const SERVICE = 'greeter.v1.GreeterService'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

async function open(options: BrowserContextOptions & { route?: string } = {}): Promise<Page> {
  const { page } = await openConsole(browser, { ...options, expectedComplaints: /Failed to load resource: net::ERR_/ })
  await page.getByRole('heading', { level: 1 }).waitFor(SOON)
  return page
}

async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((text) => {
    location.hash = text
  }, hash)
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`)
}

/** Opens the drawer over the page of the service. */
async function openDrawer(): Promise<Page> {
  const page = await open(PHONE)
  await show(page, `#/service/${SERVICE}`)
  await expect.poll(() => focused(page), SOON).toBe(`H1 ${SERVICE}`)
  await page.getByRole('button', { name: 'Navigation' }).click()
  await page.getByRole('tree').waitFor(SOON)
  return page
}

describe('the focus', PATIENCE, () => {
  it('goes to the heading of what is chosen in the drawer', async () => {
    const page = await open(PHONE)
    await page.getByRole('button', { name: 'Navigation' }).click()
    await page.getByRole('treeitem', { name: 'GreeterService' }).click()
    await expect.poll(() => focused(page), SOON).toBe(`H1 ${SERVICE}`)
    await page.getByRole('button', { name: 'Navigation' }).click()
    await page.getByRole('tree').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page), SOON).toMatch(/^H1 SayHello/)
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('goes to the heading of what is found', async () => {
    const page = await open()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('GreeterService')
    await page.getByRole('option').first().waitFor(SOON)
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page), SOON).toBe(`H1 ${SERVICE}`)
  })

  it('goes back to the button of a dialog that is left', async () => {
    const page = await openDrawer()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count(), SOON).toBe(0)
    const label = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await expect.poll(label, SOON).toBe('Navigation')
  })

  it('goes to the heading of the place that the back button leads to, also from a dialog', async () => {
    const page = await openDrawer()
    await page.goBack()
    await expect.poll(() => focused(page), SOON).toBe('H1 Greeter')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('stays in the tree while the keyboard leads on from a row that was clicked', async () => {
    const page = await open({ viewport: { width: 1_200, height: 400 } })
    await page.getByRole('button', { name: 'Open all services' }).click()
    await page
      .locator('.tree-row.is-package')
      .first()
      .click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('ArrowRight')
    for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('tree')
  })
})

it('puts the focus on the first of the elements that a long list adds', PATIENCE, async () => {
  const server = await startHostileApi()
  const page = await openPage(browser, server.origin, { path: '/console/', view: '/message/hostile.v1.Wide' })
  await page.getByRole('button', { name: /^Show/ }).click()
  await expect.poll(() => focused(page), SOON).toMatch(/^LI field_number_201/)
})

describe('the tree', PATIENCE, () => {
  it('stays where it is when a service above the current one opens', async () => {
    const page = await open({ viewport: { width: 1_200, height: 400 }, route: `/service/${SERVICE}` })
    await page.getByRole('button', { name: 'Open all services' }).click()
    const list = page.getByRole('tree')
    await list.focus()
    await page.keyboard.press('End')
    const topPx = () => list.evaluate((element) => element.scrollTop)
    await expect.poll(topPx, SOON).toBeGreaterThan(100)
    await list.evaluate((element) => {
      element.scrollTop = 0
    })
    await page.locator('.tree-row.is-service .tree-toggle').first().click()
    await expect.poll(() => page.locator('.tree-row.is-service[aria-expanded="false"]').count(), SOON).toBe(1)
    expect(await topPx()).toBe(0)
  })

  it('can be reached on a screen that is only 180 px high, as at a zoom of 400%', async () => {
    const page = await open({ viewport: { width: 320, height: 180 } })
    await page.getByRole('button', { name: 'Navigation' }).click()
    await page.getByRole('treeitem', { name: 'GreeterService' }).click()
    await expect.poll(() => focused(page), SOON).toBe(`H1 ${SERVICE}`)
  })
})

describe('a dialog', PATIENCE, () => {
  it('stays when a selection in it ends beside it, and closes when the click is beside it', async () => {
    const page = await open()
    await page.keyboard.press('Control+k')
    const input = page.getByRole('combobox')
    await input.fill('hello')
    const box = await input.boundingBox()
    await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 5)
    await page.mouse.down()
    await page.mouse.move(2, 400)
    await page.mouse.up()
    expect(await input.inputValue()).toBe('hello')
    await page.mouse.click(2, 400)
    await expect.poll(() => input.count(), SOON).toBe(0)
  })
})

it.each([
  ['k', 'KeyK', 1],
  ['K', 'KeyK', 1],
  ['л', 'KeyK', 1],
  ['ن', 'KeyK', 1],
  ['t', 'KeyK', 0],
])('Ctrl and %s at %s opens the search %i times', PATIENCE, async (key, code, count) => {
  const page = await open()
  await page.evaluate((init) => dispatchEvent(new KeyboardEvent('keydown', init)), { key, code, ctrlKey: true })
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
  await expect.poll(() => page.getByRole('combobox').count(), SOON).toBe(count)
})

it('is still for users who prefer that', PATIENCE, async () => {
  const page = await open({ reducedMotion: 'reduce' })
  await page.route('**/facts.json', (route) => route.abort())
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.locator('.badge.is-moving').waitFor(SOON)
  const counts = await page.evaluate(() =>
    document.getAnimations().map(({ effect }) => effect?.getComputedTiming().iterations),
  )
  expect(counts.filter((count) => count !== 1)).toEqual([])
})

it('shows a view again after one with another name has failed', PATIENCE, async () => {
  const page = await open()
  await page.evaluate(() => {
    Element.prototype.scrollIntoView = () => {
      throw new Error('no view')
    }
  })
  await show(page, '#/message/greeter.v1.SayHelloRequest?field=name')
  await page.getByRole('heading', { level: 1, name: 'This view failed' }).waitFor(SOON)
  await page.getByText('no view').waitFor(SOON)
  await show(page, '#/message/greeter.v1.SayHelloResponse')
  await page.getByRole('heading', { level: 1, name: 'greeter.v1.SayHelloResponse' }).waitFor(SOON)
})
