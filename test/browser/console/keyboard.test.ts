/** A bidirectional call by keyboard alone: to the method, to its form, through the call, and to what comes back. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { openConsole } from '../../support/console/open-console.ts'
import { builtConsole } from '../../support/console-app.ts'

const SOON = { timeout: 15_000 }
const MOST_TABS = 80
/** The method in the tree. */
const METHOD = '[href$="greeter.v1.GreeterService/AllStream"]'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
  await builtConsole()
}, 120_000)

afterAll(async () => {
  await browser.close()
})

/** What assistive technology would call the element that has the focus. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (element === null) return ''
    const labels = 'labels' in element ? [...((element.labels as NodeList | null) ?? [])] : []
    const label = labels.map((each) => each.textContent ?? '').join(' ')
    return (element.getAttribute('aria-label') || label || element.textContent || '').trim()
  })
}

/** Presses Tab until the focus is on what has the name. */
async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < MOST_TABS; presses++) {
    const now = await focused(page)
    if (typeof name === 'string' ? now === name : name.test(now)) return
    seen.push(now)
    await page.keyboard.press(key)
  }
  throw new Error(`Tab does not lead to ${name}, but to: ${seen.map((each) => each.slice(0, 30)).join(' | ')}`)
}

/** Whether the focus, or the active row of the tree that has it, is what the selector names. */
async function isOn(page: Page, selector: string): Promise<boolean> {
  return page.evaluate((text) => {
    const element = document.activeElement
    const active = document.getElementById(element?.getAttribute('aria-activedescendant') ?? '')
    return element?.matches(text) === true || active?.matches(text) === true
  }, selector)
}

async function rows(page: Page): Promise<string[]> {
  return page.locator('.timeline-row').allTextContents()
}

it('walks through a bidirectional call by keyboard alone', async () => {
  const { page } = await openConsole(browser, { viewport: { width: 1400, height: 1000 } })
  await page.getByRole('heading', { level: 1 }).waitFor()

  // The tree of the API leads to the method.
  for (let presses = 0; presses < MOST_TABS && !(await isOn(page, '[role="tree"]')); presses++) {
    await page.keyboard.press('Tab')
  }
  for (let presses = 0; presses < MOST_TABS && !(await isOn(page, METHOD)); presses++) {
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'AllStream' }).waitFor()

  // The form, and a first message that joins the room.
  await tabTo(page, /^topic\b/)
  await page.keyboard.type('rooms/keyboard')
  await tabTo(page, 'Start and send')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await rows(page)).join('\n'), SOON).toContain('rooms/keyboard')

  // A second one, sent from within the form.
  await tabTo(page, /^data\b/, 'Shift+Tab')
  await page.keyboard.type('typed by hand')
  await page.keyboard.press('Control+Enter')
  await expect.poll(async () => (await rows(page)).filter((row) => row.includes('typed by hand')).length, SOON).toBe(2)

  await tabTo(page, 'Half-close')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await rows(page)).at(-1), SOON).toMatch(/OK/)

  // The time line: the last entry, then the message before it, whole.
  await tabTo(page, 'Time line')
  await page.keyboard.press('End')
  for (let presses = 0; presses < 10 && !(await focused(page)).includes('Received 1'); presses++) {
    await page.keyboard.press('ArrowUp')
    await page.waitForTimeout(50)
  }
  const details = page.getByRole('region', { name: 'Selected entry' })
  await expect.poll(() => details.textContent(), SOON).toContain('typed by hand')
  await tabTo(page, 'Close the details')
  await page.keyboard.press('Enter')
  await expect.poll(() => details.count(), SOON).toBe(0)
})
