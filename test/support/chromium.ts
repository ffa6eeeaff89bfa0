/** A real browser for tests: Chromium from an npm package. */
import packagedChromium from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

const FLAGS = [
  // Containers provide neither.
  '--no-sandbox',
  '--disable-gpu',
  // The page may contact only its own server.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
]

/** Starts a browser. The caller closes it. */
export async function launchChromium(): Promise<Browser> {
  packagedChromium.setGraphicsMode = false
  return await chromium.launch({ executablePath: await packagedChromium.executablePath(), args: FLAGS, headless: true })
}
