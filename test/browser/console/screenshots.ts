/**
 * Takes the pictures of the docs: `node test/browser/console/screenshots.ts [FOLDER]`, after `npm run generate`. Look at each before you
 * commit it.
 */
import path from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { createDemo } from '../../../server/demo.ts'
import { launchChromium } from '../../support/chromium.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const FOLDER = process.argv[2] ?? path.join(ROOT, 'docs/images')
const DESKTOP: BrowserContextOptions = { viewport: { width: 1_280, height: 860 }, colorScheme: 'light' }
const DARK: BrowserContextOptions = { ...DESKTOP, colorScheme: 'dark' }
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, colorScheme: 'light' }

const app = await createDemo({
  console: {
    title: 'Greeter',
    image: path.join(ROOT, 'gen/descriptors.binpb'),
    samples: true,
    folder: path.join(ROOT, 'console/app/dist'),
  },
})
const origin = await app.fastify.listen({ port: 0, host: '127.0.0.1' })
const browser = await launchChromium()

/** Opens a route, does something there, and takes the picture. */
async function take(
  name: string,
  route: string,
  {
    options = DESKTOP,
    use = async () => {},
  }: { options?: BrowserContextOptions; use?: (page: Page) => Promise<unknown> },
): Promise<void> {
  const page = await (await browser.newContext(options)).newPage()
  await page.goto(`${origin}/console/#${route}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await use(page)
  await page.waitForTimeout(500)
  await page.screenshot({ path: path.join(FOLDER, `console-${name}.png`) })
  await page.context().close()
}

async function chat(page: Page): Promise<void> {
  await page.getByLabel('topic').fill('chat/lobby')
  for (const [index, text] of ['Hello', 'Is anybody here?', 'Yes, مرحبا', 'Bye'].entries()) {
    await page.getByLabel('data').fill(text)
    await page.getByRole('button', { name: index === 0 ? 'Start and send' : 'Send message' }).click()
    await page.getByText(`Received ${index + 1}`, { exact: true }).waitFor()
  }
}

async function greet(page: Page): Promise<void> {
  await page.getByLabel('name', { exact: true }).fill('Ada')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('Hello Ada').waitFor()
}

async function fail(page: Page): Promise<void> {
  await page.getByLabel('topic').fill('not a topic')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('INVALID_ARGUMENT').first().waitFor()
}

const BIDI = '/method/greeter.v1.GreeterService/AllStream'
const UNARY = '/method/greeter.v1.GreeterService/SayHello'
const FAILING = '/method/greeter.v1.GreeterService/Publish'

await take('overview-dark', '/', { options: DARK })
await take('unary', UNARY, { use: greet })
await take('unary-phone', UNARY, { options: PHONE, use: greet })
await take('bidi', BIDI, { use: chat })
await take('error', FAILING, { use: fail })
await take('empty', '/history', {})
await take('down', UNARY, {
  use: async (page) => {
    await page.route('**/SayHello', (route) => route.abort())
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('UNAVAILABLE').first().waitFor()
  },
})
await browser.close()
await app.drain()
