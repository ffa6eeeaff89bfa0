/** The frame of the console in Chromium: navigation, pages of declarations, search, sign-in, and servers that are away. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticate } from '../../../server/auth/authenticate.ts'
import { apiKeys, hashApiKey } from '../../../server/auth/schemes/api-keys.ts'
import { launchChromium } from '../../support/chromium.ts'
import { faultsOf } from '../../support/console/faults-of.ts'
import { startHostileApi } from '../../support/console/hostile-api.ts'
import { MARKUP } from '../../support/console/hostile-texts.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'
import { startCuttableProxy } from '../../support/cuttable-proxy.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 90_000 }
const NETWORK_ERROR = /Failed to load resource: net::ERR_/

const LOOKS = {
  'light, wide': { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  'dark, phone': { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true },
  'forced colours, 320 px': { forcedColors: 'active', viewport: { width: 320, height: 640 } },
} as const

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

async function headingOf(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text }).waitFor(SOON)
}

async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((text) => {
    location.hash = text
  }, hash)
}

/** How far the page is wider than the screen. */
function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

const PAGES = [
  ['/', 'Greeter'],
  ['/service/greeter.v1.GreeterService', /GreeterService/],
  ['/message/greeter.v1.SayHelloRequest', /SayHelloRequest/],
  ['/enum/google.protobuf.FieldDescriptorProto.Type', /Type/],
  ['/message/greeter.v1.Nothing', 'No such message'],
] as const

describe.each(Object.keys(LOOKS) as (keyof typeof LOOKS)[])('in %s', PATIENCE, (look) => {
  it('every page is accessible and fits the screen', async () => {
    const { page } = await openConsole(browser, LOOKS[look])
    for (const [hash, heading] of PAGES) {
      await show(page, `#${hash}`)
      await headingOf(page, heading)
      expect([hash, await faultsOf(page), await overflowOf(page)]).toEqual([hash, [], 0])
    }
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('hello')
    await page.getByRole('option').first().waitFor(SOON)
    expect([await faultsOf(page), await overflowOf(page)]).toEqual([[], 0])
    await page.keyboard.press('Escape')
    if (LOOKS[look].viewport.width > 900) return
    await page.getByRole('button', { name: 'Navigation' }).click()
    await page.getByRole('tree').waitFor(SOON)
    expect(await faultsOf(page)).toEqual([])
    await page.getByRole('treeitem', { name: 'GreeterService' }).click()
    await headingOf(page, /GreeterService/)
    expect(await page.getByRole('tree').count()).toBe(0)
  })
})

describe('by keyboard alone', PATIENCE, () => {
  it('leads from the top to a method, and the focus follows to its heading', async () => {
    const { page } = await openConsole(browser)
    await headingOf(page, 'Greeter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
    await page.getByRole('tree').focus()
    await page.keyboard.press('Home')
    const active = () =>
      page.evaluate(() => {
        const id = document.activeElement?.getAttribute('aria-activedescendant') ?? ''
        return document.getElementById(id)?.textContent ?? ''
      })
    // The letter leads to the next name that starts with it.
    for (let presses = 0; presses < 20 && (await active()) !== 'GreeterService'; presses += 1)
      await page.keyboard.type('g')
    expect(await active()).toBe('GreeterService')
    await page.keyboard.press('ArrowRight')
    await expect.poll(active, SOON).toMatch(/^SayHello/)
    await page.keyboard.press('ArrowLeft')
    await expect.poll(active, SOON).toBe('GreeterService')
    await page.keyboard.press('Enter')
    await headingOf(page, /GreeterService/)
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName), SOON).toBe('H1')
    expect(await page.title()).toBe('greeter.v1.GreeterService · Greeter')
  })

  it('searches, and goes where the arrow keys lead', async () => {
    const { page } = await openConsole(browser)
    await headingOf(page, 'Greeter')
    await page.keyboard.press('Control+k')
    const input = page.getByRole('combobox')
    await input.waitFor(SOON)
    await page.keyboard.type('shrequest')
    await page.getByRole('option').first().waitFor(SOON)
    const first = await page.locator('[role="option"][aria-selected="true"]').textContent()
    expect(first).toContain('SayHelloRequest')
    await input.fill('request')
    await page.keyboard.press('ArrowDown')
    const second = page.getByRole('option').nth(1)
    await expect.poll(() => second.getAttribute('aria-selected'), SOON).toBe('true')
    const href = await second.getAttribute('href')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => location.hash), SOON).toBe(href)
    expect(await input.count()).toBe(0)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('nothing-has-this-name')
    await page.getByText('Nothing has a name like that.').waitFor(SOON)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('combobox').count(), SOON).toBe(0)
  })
})

it('marks the field that a link names, and brings it into sight', PATIENCE, async () => {
  const { page } = await openConsole(browser, { viewport: { width: 900, height: 400 } })
  await headingOf(page, 'Greeter')
  await show(page, '#/message/google.protobuf.FieldOptions?field=unverified_lazy')
  await headingOf(page, /FieldOptions/)
  const field = page.locator('.item.is-target')
  await expect.poll(() => field.textContent(), SOON).toContain('unverified_lazy')
  const isInSight = async () => {
    const box = await field.boundingBox()
    return box !== null && box.y > 0 && box.y < 400
  }
  await expect.poll(isInSight, SOON).toBe(true)
})

it('remembers the theme, and follows the system until there is one', PATIENCE, async () => {
  const { page } = await openConsole(browser, { colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await headingOf(page, 'Greeter')
  const dark = await ground()
  await page.getByRole('button', { name: 'Theme: system' }).click()
  await expect.poll(ground, SOON).not.toBe(dark)
  await page.reload()
  await page.getByRole('button', { name: 'Theme: light' }).click()
  await expect.poll(ground, SOON).toBe(dark)
})

describe('an API that pages do not expect', PATIENCE, () => {
  it('is text, whatever it holds', async () => {
    const server = await startHostileApi()
    const page = await openPage(browser, server.origin, { path: '/console/', viewport: { width: 390, height: 844 } })
    await page.getByRole('heading', { level: 1 }).waitFor(SOON)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(MARKUP)
    const types = [...server.registry].filter(({ kind }) => kind !== 'extension')
    // A service without methods is not served.
    const shown = types
      .filter((type) => !/Chain[1-9]|Level[1-9]|\.Bulk/.test(type.typeName))
      .filter((type) => type.kind !== 'service' || type.methods.length > 0)
      .slice(0, 60)
    for (const { kind, name, typeName } of shown) {
      await show(page, `#/${kind}/${typeName}`)
      await expect.poll(() => page.locator('h1').textContent(), SOON).toBe(typeName)
      expect([typeName, await overflowOf(page)]).toEqual([typeName, 0])
      expect(await page.title()).not.toBe('owned')
      expect(name).not.toBe('')
    }
    expect(await page.locator('main img, main script').count()).toBe(0)
  })

  it('is accessible, in pages of many kinds', async () => {
    const server = await startHostileApi()
    const page = await openPage(browser, server.origin, { path: '/console/', viewport: { width: 320, height: 640 } })
    await page.getByRole('heading', { level: 1 }).waitFor(SOON)
    const pages = [
      'message/hostile.v1.Names',
      'message/hostile.v1.Old',
      'message/hostile.old.Old',
      'enum/hostile.old.Closed',
    ]
    for (const each of ['', ...pages, 'service/hostile.v1.HostileService', 'message/hostile.edition.Edition']) {
      await show(page, `#/${each}`)
      await headingOf(page, each === '' ? /Hostile/ : (each.split('/')[1] ?? ''))
      expect([each, await faultsOf(page)]).toEqual([each, []])
    }
  })

  it('has ten thousand methods, and stays fast', async () => {
    const server = await startHostileApi()
    const methods = server.services.reduce((count, service) => count + service.methods.length, 0)
    expect(methods).toBeGreaterThanOrEqual(10_000)
    const page = await openPage(browser, server.origin, { path: '/console/' })
    await page.getByRole('heading', { level: 1 }).waitFor(SOON)
    await page.getByRole('button', { name: 'Open all services' }).click()
    await expect.poll(() => page.getByRole('treeitem').count(), SOON).toBeGreaterThan(20)
    expect(await page.getByRole('treeitem').count()).toBeLessThan(100)
    await page.getByRole('tree').focus()
    await page.keyboard.press('End')
    await expect.poll(() => page.locator('.tree-row.is-active').count(), SOON).toBe(1)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('method')
    await page.getByText(/^The best 50 of/).waitFor(SOON)
    expect(await page.getByRole('option').count()).toBe(50)
  })
})

describe('a server that wants credentials', PATIENCE, () => {
  const KEY = 'rk_1234567890abcdef'
  const demo = {
    middleware: [authenticate({ schemes: [apiKeys({ keys: [{ name: 'reader', hash: hashApiKey(KEY) }] })] })],
  }

  it('shows its API after sign-in, in this tab until sign-out, and never in the URL', async () => {
    const { page } = await openConsole(browser, { demo, expectedComplaints: /status of 401/ })
    await headingOf(page, 'Sign in to see this API')
    expect(await faultsOf(page)).toEqual([])
    const key = page.getByLabel('x-api-key')
    await key.fill('wrong')
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('does not accept these credentials').waitFor(SOON)
    await key.fill(KEY)
    await page.keyboard.press('Enter')
    await headingOf(page, 'Greeter')
    expect(page.url()).not.toContain(KEY)
    await page.reload()
    await headingOf(page, 'Greeter')
    const { origin } = new URL(page.url())
    const other = await page.context().newPage()
    await other.goto(`${origin}/console/`)
    await headingOf(other, 'Sign in to see this API')
    await other.close()
    await page.getByRole('button', { name: 'Credentials' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await headingOf(page, 'Sign in to see this API')
    await page.reload()
    await headingOf(page, 'Sign in to see this API')
  })
})

describe('a server that is away', PATIENCE, () => {
  it('says so, and goes on when it is back', async () => {
    const server = await startConsole()
    const proxy = await startCuttableProxy(server.port)
    const page = await openPage(browser, proxy.origin, { path: '/console/', expectedComplaints: NETWORK_ERROR })
    await headingOf(page, 'Greeter')
    await page.route('**/facts.json', (route) => route.abort())
    await page.reload()
    await headingOf(page, 'The server cannot be reached')
    expect(await faultsOf(page)).toEqual([])
    expect(await page.getByRole('banner').textContent()).toContain('Server unreachable')
    await page.unroute('**/facts.json')
    await page.getByRole('button', { name: 'Try again now' }).click()
    await headingOf(page, 'Greeter')
    await page.getByText('Connected').waitFor(SOON)
    proxy.cut()
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('Server unreachable').waitFor(SOON)
    proxy.mend()
    await page.getByText('Connected').waitFor(SOON)
  })

  it('offers to reload when it comes back with another API', async () => {
    const { page } = await openConsole(browser, { expectedComplaints: NETWORK_ERROR })
    await headingOf(page, 'Greeter')
    await page.route('**/facts.json', (route) => route.abort())
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('Server unreachable').waitFor(SOON)
    await page.route('**/descriptors.binpb', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, headers: { ...response.headers(), etag: '"another"' } })
    })
    await page.unroute('**/facts.json')
    await page.getByText('The server has another API by now').waitFor(SOON)
    await page.unroute('**/descriptors.binpb')
    await page.getByRole('button', { name: 'Reload' }).click()
    await headingOf(page, 'Greeter')
    await expect.poll(() => page.getByText('another API by now').count(), SOON).toBe(0)
  })

  it('offers to reload when the user comes back to the page, and the server had another API meanwhile', async () => {
    const { page } = await openConsole(browser)
    await headingOf(page, 'Greeter')
    await page.route('**/descriptors.binpb', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, headers: { ...response.headers(), etag: '"another"' } })
    })
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await page.getByText('The server has another API by now').waitFor(SOON)
  })

  it.each([
    ['that are no descriptors', Buffer.from('<!doctype html>'), 200],
    ['with an error', Buffer.from(''), 500],
  ])('says what is wrong when it answers %s', async (_, body, status) => {
    const server = await startConsole()
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.route('**/descriptors.binpb', (route) => route.fulfill({ status, body }))
    await page.goto(`${server.origin}/console/`)
    await headingOf(page, 'The API cannot be shown')
    await page.unroute('**/descriptors.binpb')
    await page.getByRole('button', { name: 'Try again' }).click()
    await headingOf(page, 'Greeter')
    await context.close()
  })
})
