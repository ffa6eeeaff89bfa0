/** What the user has typed in the call view stays, and is sent when and as the user means it. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeCall } from '../../../console/app/saved/call-link.ts'
import { launchChromium } from '../../support/chromium.ts'
import { fillRequest, showMethod, statusOf } from '../../support/console/call-page.ts'
import { openConsole } from '../../support/console/open-console.ts'
import { builtConsole } from '../../support/console-app.ts'

const SOON = { timeout: 15_000 }
const METHOD = 'greeter.v1.GreeterService/SayHello'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
  await builtConsole()
}, 120_000)

afterAll(async () => {
  await browser.close()
})

async function open(query = ''): Promise<Page> {
  const { page } = await openConsole(browser, { route: `/method/${METHOD}${query}` })
  await page.getByRole('heading', { level: 1, name: 'SayHello' }).waitFor()
  return page
}

async function requestText(page: Page): Promise<string | null> {
  await page.locator('.draft-editor').getByRole('tab', { name: 'JSON' }).click()
  return page.locator('.draft-json .cm-content').textContent()
}

it('what was typed after a link had been opened is there when the user comes back', async () => {
  const link = await encodeCall({ method: METHOD, protocol: 'connect', headers: [], messages: ['{"name":"linked"}'] })
  const page = await open(`?call=${link}`)
  await expect.poll(() => requestText(page), SOON).toContain('linked')
  await fillRequest(page, { name: 'typed' })
  await showMethod(page, 'greeter.v1.GreeterService/Publish')
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'SayHello' }).waitFor()
  await page.waitForTimeout(200)
  expect(await requestText(page)).toContain('typed')
  // A click on the link opens it anew.
  await showMethod(page, 'greeter.v1.GreeterService/Publish')
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/method/${METHOD}?call=${link}`)
  await expect.poll(() => requestText(page), SOON).toContain('linked')
})

it('a fault of a link goes when another one is opened', async () => {
  const page = await open('?call=1.damaged')
  await page.getByText('damaged or cut off').waitFor()
  const link = await encodeCall({ method: METHOD, protocol: 'connect', headers: [], messages: ['{"name":"linked"}'] })
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/method/${METHOD}?call=${link}`)
  await expect.poll(() => page.getByText('damaged or cut off').count(), SOON).toBe(0)
})

it('Ctrl+Enter in a dialog of the form does not send the call', async () => {
  const page = await open()
  await page.locator('.call-request').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByRole('textbox').first().focus()
  await page.keyboard.press('Control+Enter')
  await page.waitForTimeout(300)
  expect(await statusOf(page).count()).toBe(0)
})

it('Ctrl+Enter sends what has just been typed into the form of a long message', async () => {
  const page = await open()
  await fillRequest(page, { name: 'x'.repeat(60_000) })
  await page.locator('.draft-editor').getByRole('tab', { name: 'Form' }).click()
  await page.getByRole('textbox', { name: /^name\b/ }).fill('short')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => page.locator('.message-body pre').textContent(), SOON).toContain('Hello short')
})
