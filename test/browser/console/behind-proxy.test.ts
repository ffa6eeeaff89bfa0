/** The console behind a proxy that has the server below a prefix. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { chooseProtocol, fillRequest, sendButton, showMethod, statusOf } from '../../support/console/call-page.ts'
import { startConsole } from '../../support/console/open-console.ts'
import { startPrefixProxy } from '../../support/prefix-proxy.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 30_000 }

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
}, 60_000)

afterAll(async () => {
  await browser.close()
})

it('reads the API and calls it below the prefix', { timeout: 90_000 }, async () => {
  const { origin } = await startConsole()
  const proxy = await startPrefixProxy(origin, '/team/greeter')
  const page = await openPage(browser, proxy, {
    path: '/team/greeter/console/',
    viewport: { width: 1400, height: 1000 },
  })
  await showMethod(page, 'greeter.v1.GreeterService/SayHello')
  for (const protocol of ['Connect', 'gRPC-Web', 'WebSocket', 'REST']) {
    await chooseProtocol(page, protocol)
    await fillRequest(page, { name: protocol })
    await sendButton(page).click()
    await expect.poll(() => page.locator('.message-body pre').textContent(), SOON).toContain(`Hello ${protocol}`)
    expect(await statusOf(page).textContent()).toBe('OK')
  }
})
