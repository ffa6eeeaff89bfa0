/** The page at `/docs`, with the package that users install. */
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildReference, SCALAR_VERSION } from '../../console/build.ts'
import { launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { openPage } from './open-page.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const MODULES = path.join(ROOT, `.cache/console-${SCALAR_VERSION}`)
const PACKAGE = path.join(MODULES, 'portico-console')
const SOON = { timeout: 30_000 }

let browser: Browser
let packages: string

/** Builds the package once per version of Scalar, and returns a folder of packages that has it, for `NODE_PATH`. */
async function consolePackages(): Promise<string> {
  const built = path.join(PACKAGE, 'dist')
  if (!existsSync(built)) await buildReference(built)
  await cp(path.join(ROOT, 'console/package.json'), path.join(PACKAGE, 'package.json'))
  return MODULES
}

// The first run of a machine downloads the package.
beforeAll(async () => {
  packages = await consolePackages()
  browser = await launchChromium()
}, 120_000)

afterAll(async () => {
  await browser.close()
})

it('shows the operations and calls them, and sends requests to its own origin only', async () => {
  const { origin } = await ServerProcess.listen(['--openapi-docs=/docs'], { NODE_PATH: packages })
  const page = await openPage(browser, origin, { path: '/docs' })
  await page.getByRole('heading', { name: 'Greeter', level: 1 }).waitFor(SOON)
  await page.getByText('/v1/hello/{name}').first().waitFor(SOON)
  // From the comments of the proto.
  await page.getByText('greets by name').first().waitFor(SOON)
  expect(await page.title()).toBe('Greeter')
  await page
    .getByRole('button', { name: /Test Request.*hello\/\{name\}/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Send' }).first().click()
  await page.getByText('"Hello name"').waitFor(SOON)
})

it('has a policy that allows nothing from elsewhere, and a script that caches can keep', async () => {
  const { origin } = await ServerProcess.listen(['--openapi-docs=/reference'], { NODE_PATH: packages })
  const { headers } = await fetch(`${origin}/reference`)
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/)
  const script = await fetch(`${origin}/reference/scalar.js`)
  const etag = script.headers.get('etag') ?? ''
  expect([script.status, (await script.text()).length]).toEqual([200, expect.any(Number)])
  const again = await fetch(`${origin}/reference/scalar.js`, { headers: { 'if-none-match': etag } })
  expect(again.status).toBe(304)
})
