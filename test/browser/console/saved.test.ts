/** History, collections and links in a browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeCall } from '../../../console/app/saved/call-link.ts'
import { launchChromium } from '../../support/chromium.ts'
import { faultsInLooks, faultsOf } from '../../support/console/faults-of.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 120_000 }
const SAY_HELLO = 'greeter.v1.GreeterService/SayHello'
const PUBLISH = 'greeter.v1.GreeterService/Publish'
const MARKUP = '<img src=x onerror="throw 1"> & שלום 👩‍👧'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

function callOf(method: string, message: unknown, others: object = {}) {
  return { method, protocol: 'connect', headers: [], messages: [JSON.stringify(message)], ...others }
}

const FILE = {
  format: 'portico-console',
  version: 1,
  history: [
    { startedAtMs: 3e12, code: 'OK', durationMs: 1, isPinned: true, call: callOf(SAY_HELLO, { name: MARKUP }) },
    { startedAtMs: 2e12, code: 'NOT_FOUND', durationMs: 70, call: callOf(PUBLISH, { topic: 'a' }), isCut: true },
    { startedAtMs: 1e12, code: 'OK', durationMs: 9e6, call: callOf('gone.v1.Service/Method', {}) },
  ],
  collections: [
    {
      name: MARKUP,
      calls: ['One', 'Two', 'Three'].map((name) => ({ name, call: callOf(SAY_HELLO, { name }) })),
    },
    { name: 'Second', calls: [] },
  ],
}

/** Imports a file by the page's own form. */
async function importFile(page: Page, file: unknown = FILE): Promise<void> {
  await page.getByRole('button', { name: 'Import' }).click()
  const dialog = page.getByRole('dialog')
  const buffer = Buffer.from(typeof file === 'string' ? file : JSON.stringify(file))
  await dialog.locator('input[type="file"]').setInputFiles({ name: 'file.json', mimeType: 'application/json', buffer })
  if (typeof file === 'string') return
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function openHistory(tab: 'History' | 'Collections' = 'History', options: object = {}) {
  const opened = await openConsole(browser, { route: '/history', ...options })
  await importFile(opened.page)
  if (tab === 'Collections') await opened.page.getByRole('tab', { name: tab }).click()
  return opened
}

/** The names of the calls of the history. */
function rows(page: Page) {
  const names = page.getByRole('list', { name: 'Calls', exact: true }).locator('.saved-open')
  return expect.poll(() => names.allTextContents(), SOON)
}

/** The calls of the first collection. */
function collected(page: Page) {
  return expect.poll(() => page.locator('[data-collection]').first().locator('.saved-open').allTextContents(), SOON)
}

function collectionNames(page: Page) {
  return expect.poll(() => page.locator('[data-collection] h2').allTextContents(), SOON)
}

describe('history', PATIENCE, () => {
  it('has each call that is made, and survives a reload', async () => {
    const { page } = await openConsole(browser, { route: `/method/${SAY_HELLO}` })
    await page.getByRole('button', { name: /^(Send|Call)/ }).click()
    await page.getByText('Hello ').first().waitFor()
    const history = page.getByRole('link', { name: 'History and collections' })
    await history.click()
    await rows(page).toEqual(['SayHello'])
    await page.reload()
    await rows(page).toEqual(['SayHello'])
    await page.getByRole('button', { name: 'SayHello', exact: true }).click()
    await expect.poll(() => page.url(), SOON).toContain(`#/method/${SAY_HELLO}?call=1.`)
  })

  it('is searched, pinned, deleted and cleared', async () => {
    const { page } = await openHistory()
    await rows(page).toEqual(['SayHello', 'Publish', 'Method'])
    const search = page.getByRole('searchbox', { name: 'Search the history' })
    await search.fill('not_found')
    await rows(page).toEqual(['Publish'])
    await search.fill('onerror')
    await rows(page).toEqual(['SayHello'])
    await search.fill('')
    const second = page.getByRole('listitem').filter({ hasText: 'NOT_FOUND' })
    await second.getByRole('button', { name: 'Pin' }).click()
    await page.getByLabel('Pinned only').check()
    await rows(page).toEqual(['SayHello', 'Publish'])
    await second.getByRole('button', { name: 'Delete' }).press('Enter')
    await rows(page).toEqual(['SayHello'])
    // The focus stays in the list.
    await expect.poll(() => page.evaluate(() => document.activeElement?.className), SOON).toContain('saved-delete')
    await page.getByLabel('Pinned only').uncheck()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Clear the history' }).click()
    await rows(page).toEqual(['SayHello'])
  })

  it('says so where the browser blocks storage, and works as long as the page', async () => {
    const { page } = await openConsole(browser, { route: '/history' })
    await page.context().addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        get: () => {
          throw new DOMException('blocked', 'SecurityError')
        },
      })
    })
    await page.reload()
    await expect
      .poll(() => page.getByRole('main').getByRole('status').first().textContent(), SOON)
      .toContain('blocks storage')
    await importFile(page)
    await rows(page).toEqual(['SayHello', 'Publish', 'Method'])
  })
})

describe('export and import', PATIENCE, () => {
  it('bring everything to another browser', async () => {
    const { page, server } = await openHistory()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    const stream = await (await downloading).createReadStream()
    const text = Buffer.concat(await stream.toArray()).toString()
    const other = await openPage(browser, server.origin, { path: '/console/', view: '/history' })
    await importFile(other, JSON.parse(text))
    await rows(other).toEqual(['SayHello', 'Publish', 'Method'])
    await other.getByRole('tab', { name: 'Collections' }).click()
    await collectionNames(other).toEqual([MARKUP, 'Second'])
    await collected(other).toEqual(['One', 'Two', 'Three'])
  })

  it('lose nothing where the browser has no space left', async () => {
    const { page } = await openHistory()
    await page.evaluate(() => {
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = function (...record) {
        const request = put.apply(this, record)
        this.transaction.abort()
        return request
      }
    })
    await page.getByRole('button', { name: 'Save to a collection' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('the browser could not store this').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Import' }).click()
    const buffer = Buffer.from(JSON.stringify({ ...FILE, history: FILE.history.slice(1) }))
    await dialog.locator('input[type="file"]').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer })
    await dialog.getByLabel(/is deleted/).check()
    await dialog.getByRole('button', { name: 'Replace' }).click()
    await dialog.getByText('the browser could not store this').waitFor()
    await page.reload()
    await rows(page).toEqual(['SayHello', 'Publish', 'Method'])
    await page.getByRole('tab', { name: 'Collections' }).click()
    await collectionNames(page).toEqual([MARKUP, 'Second'])
  })

  it('name the part of a file that is wrong', async () => {
    const { page } = await openConsole(browser, { route: '/history' })
    await importFile(page, JSON.stringify({ ...FILE, history: [{ ...FILE.history[0], code: 1 }] }))
    const alert = page.getByRole('dialog').getByRole('alert')
    await expect.poll(() => alert.textContent(), SOON).toContain('history[0].code must be a text')
  })
})

describe('collections', PATIENCE, () => {
  it('are made, ordered and changed by keyboard alone', async () => {
    const { page } = await openHistory('Collections')
    await collected(page).toEqual(['One', 'Two', 'Three'])
    await page.locator('[data-call]').first().getByRole('button', { name: 'Move down' }).focus()
    await page.keyboard.press('Enter')
    await collected(page).toEqual(['Two', 'One', 'Three'])
    // The focus has moved along.
    await page.keyboard.press('Enter')
    await collected(page).toEqual(['Two', 'Three', 'One'])
    await page.keyboard.press('Enter')
    await collected(page).toEqual(['Two', 'One', 'Three'])
    await page.locator('[data-call]').first().getByRole('button', { name: 'Duplicate' }).press('Enter')
    await collected(page).toEqual(['Two', 'Two copy', 'One', 'Three'])
    await page.locator('[data-call]').nth(1).getByRole('button', { name: 'Rename' }).press('Enter')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('<i>Zwei</i>')
    await page.keyboard.press('Enter')
    await collected(page).toEqual(['Two', '<i>Zwei</i>', 'One', 'Three'])
    await page.locator('[data-call]').nth(1).getByRole('button', { name: 'Delete' }).press('Enter')
    await collected(page).toEqual(['Two', 'One', 'Three'])
    await page.getByRole('button', { name: 'New collection' }).press('Enter')
    await page.keyboard.type('Third')
    await page.keyboard.press('Enter')
    await collectionNames(page).toEqual([MARKUP, 'Second', 'Third'])
    await page.getByRole('region', { name: 'Third' }).getByRole('button', { name: 'Move collection up' }).press('Enter')
    await collectionNames(page).toEqual([MARKUP, 'Third', 'Second'])
  })

  it('say so when a call is too large to open', async () => {
    const { page } = await openHistory()
    const large = {
      name: 'Large',
      calls: [{ name: 'Large', call: callOf(SAY_HELLO, { name: 'x'.repeat(1_100_000) }) }],
    }
    await importFile(page, { ...FILE, history: [], collections: [large] })
    await page.getByRole('tab', { name: 'Collections' }).click()
    const region = page.getByRole('region', { name: 'Large' })
    await region.getByRole('button', { name: 'Large' }).click()
    await region.locator('.saved-call').getByText('too large for a link').waitFor()
  })

  it('take a call of the history', async () => {
    const { page } = await openHistory()
    await page.getByRole('button', { name: 'Save to a collection' }).nth(1).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name of the call').fill('Fails')
    await dialog.getByLabel('Collection', { exact: true }).selectOption({ label: 'New collection' })
    await dialog.getByLabel('Name of the new collection').fill('Saved')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('tab', { name: 'Collections' }).click()
    await collectionNames(page).toEqual([MARKUP, 'Second', 'Saved'])
  })

  it('are the same in two tabs, and neither loses what the other has written', async () => {
    const { page } = await openHistory('Collections')
    const other = await page.context().newPage()
    await other.goto(page.url())
    await other.getByRole('tab', { name: 'Collections' }).click()
    await collected(other).toEqual(['One', 'Two', 'Three'])
    const duplicate = (tab: Page, index: number) =>
      tab.locator('[data-call]').nth(index).getByRole('button', { name: 'Duplicate' }).click()
    await Promise.all([duplicate(page, 0), duplicate(other, 2)])
    for (const tab of [page, other]) await collected(tab).toEqual(['One', 'One copy', 'Two', 'Three', 'Three copy'])
  })
})

describe('links', PATIENCE, () => {
  it('open a call in another profile, without its secrets, and send nothing', async () => {
    const server = await startConsole()
    const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] }
    const page = await openPage(browser, server.origin, { path: '/console/', view: '/history', ...clipboard })
    const headers = [
      { name: 'authorization', value: 'Bearer hunter2' },
      { name: 'x-open', value: 'shown' },
    ]
    const call = callOf(SAY_HELLO, { name: MARKUP }, { headers, timeoutMs: 1500 })
    await importFile(page, { ...FILE, collections: [{ name: 'A', calls: [{ name: 'Linked', call }] }] })
    await page.getByRole('tab', { name: 'Collections' }).click()
    await page.getByRole('button', { name: 'Copy link' }).click()
    const link = await page.evaluate(() => navigator.clipboard.readText())
    expect(new URL(link).search).toBe('')
    const other = await openPage(browser, server.origin, { path: '/console/', view: new URL(link).hash.slice(1) })
    const sent: string[] = []
    other.on('request', (request) => sent.push(new URL(request.url()).pathname))
    const text = () =>
      other.getByRole('main').evaluate((main) => {
        const inputs = [...main.querySelectorAll('input, textarea')]
        return [main.textContent, ...inputs.map((input) => Reflect.get(input, 'value'))].join('\n')
      })
    await expect.poll(text, SOON).toContain('onerror')
    await expect.poll(text, SOON).toContain('shown')
    expect(await text()).toContain('authorization')
    expect(await text()).not.toContain('hunter2')
    expect(sent.filter((path) => path.includes('GreeterService'))).toEqual([])
  })

  it('bring all messages of a stream, which can be sent again', async () => {
    const names = ['one', 'two', 'three']
    const method = 'greeter.v1.GreeterService/PutStream'
    const messages = names.map((data) => JSON.stringify({ topic: 'links', data }))
    const link = await encodeCall({ method, protocol: 'websocket', headers: [], messages })
    const { page } = await openConsole(browser, { route: `/method/${method}?call=${link}` })
    await page.getByRole('button', { name: 'Send all' }).click()
    await page.getByText('Sent all: 3 of 3').waitFor()
    await page.getByRole('button', { name: 'Half-close' }).click()
    await expect.poll(() => page.getByRole('main').textContent(), SOON).toMatch(/"accepted": ?"3"/)
    expect(await faultsOf(page)).toEqual([])
  })

  it('say what is wrong with them', async () => {
    const { page } = await openConsole(browser, { route: `/method/${SAY_HELLO}?call=1.AAAA` })
    await expect
      .poll(() => page.getByRole('main').getByRole('alert').textContent(), SOON)
      .toContain('damaged or cut off')
  })
})

describe('accessible in light, dark and forced colours', PATIENCE, () => {
  it('history, collections and dialogs', async () => {
    const { page } = await openHistory('History')
    await rows(page).toHaveLength(3)
    expect(await faultsInLooks(page)).toEqual([])
    await page.getByRole('button', { name: 'Save to a collection' }).first().click()
    expect(await faultsInLooks(page, 1)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('tab', { name: 'Collections' }).click()
    await collected(page).toHaveLength(3)
    expect(await faultsInLooks(page, 2)).toEqual([])
    await page.setViewportSize({ width: 320, height: 700 })
    expect(await faultsOf(page)).toEqual([])
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth), SOON).toBe(0)
  })
})
