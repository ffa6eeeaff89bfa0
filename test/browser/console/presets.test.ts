/** A call as code, and the credentials and variables that calls use, in a browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeCall } from '../../../console/app/saved/call-link.ts'
import { launchChromium } from '../../support/chromium.ts'
import { faultsOf } from '../../support/console/faults-of.ts'
import { type OpenConsoleOptions, openConsole } from '../../support/console/open-console.ts'

const SOON = { timeout: 20_000 }
/** The first test builds the page. */
const PATIENCE = { timeout: 120_000 }
const SAY_HELLO = 'greeter.v1.GreeterService/SayHello'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

async function openCall(message: object, options: OpenConsoleOptions = {}) {
  const headers = [{ name: 'x-who', value: '{{who}}' }]
  const call = { method: SAY_HELLO, protocol: 'connect', headers, messages: [JSON.stringify(message)] } as const
  return openConsole(browser, { route: `/method/${SAY_HELLO}?call=${await encodeCall(call)}`, ...options })
}

function codeOf(page: Page, kind: string) {
  return expect.poll(() => page.getByRole('region', { name: kind, exact: true }).locator('code').textContent(), SOON)
}

/** Sends, and returns the request headers. */
async function send(page: Page): Promise<Record<string, string>> {
  const requested = page.waitForRequest((request) => request.url().includes(SAY_HELLO))
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  return (await requested).allHeaders()
}

async function addVariable(page: Page, place: number, name: string, value: string, isSecret = false) {
  await page.getByLabel(`Name of variable ${place}`).fill(name)
  await page.getByLabel(`Value of variable ${place}`).fill(value)
  if (isSecret)
    await page
      .getByRole('checkbox', { name: 'Secret' })
      .nth(place - 1)
      .check()
}

describe('code', PATIENCE, () => {
  it('shows the call in the kind that the user chose before', async () => {
    const { page, server } = await openCall({ name: "it's" })
    await page.getByRole('tab', { name: 'Code' }).click()
    await codeOf(page, 'curl').toContain(`curl ${server.origin}/${SAY_HELLO}`)
    await codeOf(page, 'curl').toContain(`'{"name":"it'\\''s"}'`)
    await page.getByRole('tab', { name: 'curl', exact: true }).press('ArrowRight')
    await codeOf(page, 'curl (REST)').toContain('/v1/hello/')
    await page.reload()
    await page.getByRole('tab', { name: 'Code' }).click()
    await codeOf(page, 'curl (REST)').toContain('/v1/hello/')
    expect(await faultsOf(page)).toEqual([])
  })
})

describe('headers', PATIENCE, () => {
  it('can be marked as secrets, whose values are kept nowhere', async () => {
    const { page } = await openCall({ name: 'a' })
    await page.getByLabel('Value of header 1').fill('hunter2')
    const mark = page.getByRole('button', { name: 'Header 1 is a secret' })
    await mark.press('Enter')
    await expect.poll(() => mark.getAttribute('aria-pressed'), SOON).toBe('true')
    expect(await send(page)).toMatchObject({ 'x-who': 'hunter2' })
    await page.getByRole('tab', { name: 'Code' }).click()
    await codeOf(page, 'curl').toContain('"x-who: $HEADER_X_WHO"')
    await page.getByRole('link', { name: 'History and collections' }).click()
    await page.getByRole('button', { name: 'SayHello', exact: true }).click()
    await expect.poll(() => page.getByLabel('Value of header 1').inputValue(), SOON).toBe('')
    expect(await faultsOf(page)).toEqual([])
  })
})

describe('credentials', PATIENCE, () => {
  it('go with calls while they are chosen, and into nothing that is kept', async () => {
    const { page } = await openCall({ name: 'a' })
    await page.getByRole('button', { name: 'Edit credentials' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill('Ada')
    await dialog.getByLabel('Token', { exact: true }).fill('hunter2')
    expect(await faultsOf(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Add' }).click()
    await dialog.getByRole('list', { name: 'Presets' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await send(page)).toMatchObject({ authorization: 'Bearer hunter2' })
    await page.getByRole('tab', { name: 'Code' }).click()
    await codeOf(page, 'curl').toContain('"authorization: $AUTHORIZATION"')
    expect(await page.getByRole('main').textContent()).not.toContain('hunter2')
    const kept = () => page.evaluate(() => JSON.stringify(localStorage))
    expect(await kept()).not.toContain('hunter2')
    await page.reload()
    await page.getByLabel('Credentials', { exact: true }).selectOption('None')
    expect(await send(page)).not.toHaveProperty('authorization')
  })
})

describe('variables', PATIENCE, () => {
  it('fill messages and headers as they are sent, and stay names in what is kept', async () => {
    const { page } = await openCall({ name: '{{who}} {{unknown}}' })
    await page.getByRole('button', { name: 'Edit variables' }).click()
    await page.getByLabel('New environment').fill('Staging')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await addVariable(page, 1, 'who', 'Ada "x"')
    await addVariable(page, 2, 'token', 'hunter2', true)
    expect(await faultsOf(page)).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').getByText('Saved.').waitFor()
    await page.keyboard.press('Escape')
    expect(await send(page)).toMatchObject({ 'x-who': 'Ada "x"' })
    await expect.poll(() => page.getByRole('main').textContent(), SOON).toMatch(/Hello Ada \\?"x\\?" \{\{unknown\}\}/)
    await page.getByRole('tab', { name: 'Code' }).click()
    await codeOf(page, 'curl').toContain(`'{"name":"Ada \\"x\\" {{unknown}}"}'`)
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('hunter2')
    await page.getByRole('link', { name: 'History and collections' }).click()
    await expect.poll(() => page.locator('.saved-preview').textContent(), SOON).toBe('{"name":"{{who}} {{unknown}}"}')
  })
})

describe('two tabs', PATIENCE, () => {
  it('keep the variables and the marks of each other', async () => {
    const { page } = await openCall({ name: 'a' })
    const other = await page.context().newPage()
    await other.goto(page.url())
    const add = async (tab: Page, name: string) => {
      await tab.getByRole('button', { name: 'Edit variables' }).click()
      await tab.getByLabel('New environment').fill(name)
      await tab.getByRole('button', { name: 'Add', exact: true }).click()
      await tab.keyboard.press('Escape')
    }
    await add(page, 'One')
    await add(other, 'Two')
    const mark = (tab: Page) => tab.getByRole('button', { name: 'Header 1 is a secret' })
    await mark(page).press('Enter')
    await expect.poll(() => mark(other).getAttribute('aria-pressed'), SOON).toBe('true')
    for (const tab of [page, other]) {
      await tab.reload()
      const options = tab.getByLabel('Variables', { exact: true }).locator('option')
      await expect.poll(() => options.allTextContents(), SOON).toEqual(['None', 'One', 'Two'])
    }
  })
})
