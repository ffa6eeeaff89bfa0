/** Credentials of the console that change while it is open, and servers whose facts lead elsewhere. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticate } from '../../../server/auth/authenticate.ts'
import { apiKeys, hashApiKey } from '../../../server/auth/schemes/api-keys.ts'
import { launchChromium } from '../../support/chromium.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 90_000 }
const COMPLAINTS = /Failed to load resource/
const KEY = 'rk_1234567890abcdef'
const METHOD = '/method/greeter.v1.GreeterService/SayHello'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

async function headingOf(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text }).waitFor(SOON)
}

/** Opens the console of a server that wants an API key. */
async function openGuarded(route = ''): Promise<Page> {
  const scheme = apiKeys({ keys: [{ name: 'reader', hash: hashApiKey(KEY) }] })
  const demo = { middleware: [authenticate({ schemes: [scheme] })] }
  const { page } = await openConsole(browser, { demo, route, expectedComplaints: COMPLAINTS })
  await headingOf(page, 'Sign in to see this API')
  return page
}

/** Fills in the form and sends it: that of the dialog, where one is open. */
async function signIn(page: Page, key: string): Promise<void> {
  const form = page.locator('main form, dialog form').last()
  await form.getByLabel('x-api-key').fill(key)
  await form.getByRole('button', { name: 'Sign in' }).click()
}

async function openDialog(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Credentials' }).click()
  await page.getByRole('dialog').getByLabel('x-api-key').waitFor(SOON)
}

describe('credentials', PATIENCE, () => {
  it('that are refused leave the view and what is typed there, and so do those that are accepted then', async () => {
    const page = await openGuarded(METHOD)
    await signIn(page, KEY)
    await headingOf(page, 'SayHello')
    const name = page.getByRole('textbox', { name: 'name', exact: true })
    await name.fill('Ada')
    await openDialog(page)
    await signIn(page, 'expired')
    await page.getByRole('dialog').getByText('does not accept these credentials').waitFor(SOON)
    expect(await name.inputValue()).toBe('Ada')
    await signIn(page, KEY)
    await expect.poll(() => page.getByRole('dialog').count(), SOON).toBe(0)
    expect(await name.inputValue()).toBe('Ada')
  })

  it('give no access after sign-out, also while the server is away', async () => {
    const page = await openGuarded(METHOD)
    await signIn(page, KEY)
    await headingOf(page, 'SayHello')
    await page.route('**/facts.json', (route) => route.abort())
    await openDialog(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await headingOf(page, 'The server cannot be reached')
    expect(await page.getByRole('treeitem').count()).toBe(0)
    expect(JSON.stringify(await page.evaluate(() => ({ ...sessionStorage })))).not.toContain(KEY)
    await page.unroute('**/facts.json')
    await headingOf(page, 'Sign in to see this API')
  })

  it('can be any header', async () => {
    const page = await openGuarded()
    await page.getByText('Other headers').click()
    const headers = page.getByLabel('Headers of each call')
    await headers.fill(`x-api-key ${KEY}`)
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/has no colon/).waitFor(SOON)
    await headers.fill(`x-tenant: blue\nX-Api-Key: ${KEY}`)
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await headingOf(page, 'Greeter')
  })

  it('that have been dropped do not come back with a late answer', async () => {
    const page = await openGuarded()
    const { promise: isReleased, resolve: release } = Promise.withResolvers<void>()
    let answered = 0
    await page.route('**/descriptors.binpb', async (route) => {
      if (route.request().headers()['x-api-key'] === undefined) return route.continue()
      await isReleased
      // The page may have given it up.
      await route.continue().catch(() => {})
      answered += 1
    })
    await signIn(page, KEY)
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await headingOf(page, 'Sign in to see this API')
    release()
    await expect.poll(() => answered, SOON).toBe(1)
    // Time for a page that takes the answer.
    await page.waitForTimeout(500)
    await headingOf(page, 'Sign in to see this API')
  })
})

describe('facts', PATIENCE, () => {
  const complete = { title: 'x', protocols: ['connect'], descriptorsPath: '/console/descriptors.binpb' }

  it.each([
    ['another object', {}, /descriptorsPath undefined, which is no path of this server/],
    ['no object', null, /is no object/],
    ['a link that runs a script', { ...complete, docsPath: 'javascript:alert(1)' }, /no path of this server/],
    ['calls to another origin', { ...complete, prefix: '//evil.example' }, /no path of this server/],
    ['descriptors of another origin', { ...complete, descriptorsPath: '/\\evil.example/d' }, /no path of this server/],
  ])('that are %s are not taken', async (_, facts, reason) => {
    const server = await startConsole()
    const page = await openPage(browser, server.origin, {
      path: '/licenses-of-nothing',
      expectedComplaints: COMPLAINTS,
    })
    await page.route('**/facts.json', (route) => route.fulfill({ json: facts }))
    await page.goto(`${server.origin}/console/`)
    await headingOf(page, 'The API cannot be shown')
    await page.getByText(reason).waitFor(SOON)
  })

  it('are not followed to another place, nor are the descriptors', async () => {
    const server = await startConsole()
    const page = await openPage(browser, server.origin, { path: '/console/', expectedComplaints: COMPLAINTS })
    await headingOf(page, 'Greeter')
    for (const file of ['facts.json', 'descriptors.binpb']) {
      const redirect = { status: 302, headers: { location: 'https://evil.example/' } }
      await page.route(`**/${file}`, (route) => route.fulfill(redirect))
      await page.reload()
      await page.getByText(`${file} is redirected`).waitFor(SOON)
      await page.unroute(`**/${file}`)
    }
  })
})
