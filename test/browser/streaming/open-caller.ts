/** Pages that make the calls of calls.ts. */
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { bundleCalls } from '../../support/browser-bundle.ts'
import { type OpenPageOptions, openPage } from '../open-page.ts'

let bundled: Promise<string> | undefined

/** Opens a document of the origin, in which `calls` is known. */
export async function openCaller(browser: Browser, origin: string, options: OpenPageOptions = {}): Promise<Page> {
  bundled ??= bundleCalls(path.join(import.meta.dirname, 'calls.ts'))
  const page = await openPage(browser, origin, { path: '/livez', ...options })
  await page.addScriptTag({ content: await bundled })
  return page
}
