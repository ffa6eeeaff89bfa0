/** The call view of the console in a browser, as tests use it. */
import type { Locator, Page } from 'playwright-core'

/** Shows a method, as in `greeter.v1.GreeterService/SayHello`. */
export async function showMethod(page: Page, path: string): Promise<void> {
  await page.goto(`${page.url().replace(/#.*/, '')}#/method/${path}`)
  await page.getByRole('heading', { level: 1, name: path.split('/')[1] ?? '', exact: true }).waitFor()
}

/** Puts a JSON text into the request editor. */
export async function fillRequest(page: Page, json: unknown): Promise<void> {
  await page.locator('.draft-editor').getByRole('tab', { name: 'JSON' }).click()
  const editor = page.locator('.draft-json .cm-content')
  await editor.fill(typeof json === 'string' ? json : JSON.stringify(json))
}

/** Chooses a protocol by its name on the page. */
export async function chooseProtocol(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name, exact: true }).check({ force: true })
}

/** The main button of the request: `Send`, `Start and send` or `Send message`. */
export function sendButton(page: Page): Locator {
  return page.locator('.call-request .button.is-main')
}

/** The badge with the status or the state of the call. */
export function statusOf(page: Page): Locator {
  return page.locator('.call-status .badge').first()
}

/** The rows of the time line that are in sight. */
export function timelineRows(page: Page): Locator {
  return page.locator('.timeline-row')
}
