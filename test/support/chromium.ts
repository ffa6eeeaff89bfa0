/** A real browser for tests: Chromium as an npm package carries it. */
import packagedChromium from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

const FLAGS = [
  // Containers offer neither of these.
  '--no-sandbox',
  '--disable-gpu',
  // Nobody but the page's server is to be talked to.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
]

/** Starts a browser. Whoever does closes it. */
export async function launchChromium(): Promise<Browser> {
  packagedChromium.setGraphicsMode = false
  return await chromium.launch({ executablePath: await packagedChromium.executablePath(), args: FLAGS, headless: true })
}
