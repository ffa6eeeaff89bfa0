/** Opens the page in a browser, and reports what it does wrong there. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

/** What a page is opened with. */
export interface OpenPageOptions extends BrowserContextOptions {
  /** The path of the page. Default: `/`. */
  readonly path?: string
  /** Where the demo is, as in `ticker`. Default: the page's first. */
  readonly view?: string
  /** Complaints in the browser's console that the test provokes. Default: none. */
  readonly expectedComplaints?: RegExp
  /** Other origins that the page may send requests to. Default: none. */
  readonly otherOrigins?: readonly string[]
}

/**
 * Opens the page in a profile of its own. When the test ends, the page must have sent requests to its own and the other origins only, and the
 * browser must not have complained: about scripts, blocked content, or anything else.
 */
export async function openPage(browser: Browser, origin: string, options: OpenPageOptions = {}): Promise<Page> {
  const { path = '/', view = '', expectedComplaints, otherOrigins = [], ...contextOptions } = options
  const context = await browser.newContext({ locale: 'en-GB', ...contextOptions })
  const page = await context.newPage()
  const complaints: string[] = []
  const strangers: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (![origin, ...otherOrigins].includes(url.origin) && url.protocol !== 'data:') strangers.push(request.url())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints.filter((text) => expectedComplaints?.test(text) !== true)).toEqual([])
    expect(strangers).toEqual([])
  })
  await page.goto(`${origin}${path}#${view}`)
  return page
}
