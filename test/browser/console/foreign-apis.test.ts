/** The console on APIs that it was not made for: the form of every method, how soon the page is there, and the memory that it takes. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { startConformanceApi } from '../../support/console/conformance-api.ts'
import type { ForeignApi } from '../../support/console/foreign-api.ts'
import { startGoogleApis } from '../../support/console/googleapis.ts'
import { startHostileApi } from '../../support/console/hostile-api.ts'
import { isDeep, oneOfEach } from '../../support/depth.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 60_000 }
/** `npm run deep` draws 12,000 forms. */
const TIMEOUT_MS = isDeep ? 3_600_000 : 240_000
/** Forms that are drawn in one go. */
const BATCH = 50
const MEBIBYTE = 1_048_576

/** The name of an API, how to start it, and the most memory that its page may take once every form was drawn. */
type ApiRow = readonly [name: string, start: () => Promise<ForeignApi>, maxHeapBytes: number]

const APIS: readonly ApiRow[] = [
  ['the conformance service', startConformanceApi, 16 * MEBIBYTE],
  ...(isDeep ? [['the APIs of Google', startGoogleApis, 160 * MEBIBYTE] satisfies ApiRow] : []),
  ['the hostile API', startHostileApi, 96 * MEBIBYTE],
]

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

describe.each(APIS)('%s', (name, start, maxHeapBytes) => {
  it(
    'has a form for every method',
    async () => {
      const { origin, services } = await start()
      const methods = services.flatMap((service) => service.methods)
      const page = await openPage(browser, origin, { path: '/console/' })
      await page.locator('main h1').waitFor(SOON)
      const firstMs = await page.evaluate(untilIdle)
      await page.reload()
      await page.locator('main h1').waitFor(SOON)
      const laterMs = await page.evaluate(untilIdle)
      const atStart = await heapBytes(page)
      const drawn = chosen(methods)
      const missing: string[] = []
      for (let at = 0; at < drawn.length; at += BATCH) {
        const paths = drawn.slice(at, at + BATCH).map(pathOf)
        missing.push(...(await page.evaluate(drawForms, paths)))
      }
      expect(missing).toEqual([])
      const atEnd = await heapBytes(page)
      state(name, { methods: methods.length, drawn: drawn.length, firstMs, laterMs, atStart, atEnd })
      expect(atEnd).toBeLessThan(maxHeapBytes)
      // What markup in names and comments would have done.
      expect(await page.title()).not.toBe('owned')
    },
    TIMEOUT_MS,
  )
})

/** In `npm test`, a method of each kind for each type of request; the conformance service has few enough to draw all. */
function chosen(methods: readonly DescMethod[]): readonly DescMethod[] {
  if (isDeep || methods.length < 50) return methods
  const byType = oneOfEach(methods, ({ input, methodKind }) => `${input.typeName} ${methodKind}`)
  const every = Math.ceil(byType.length / 100)
  return byType.filter((_, index) => index % every === 0)
}

function pathOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`
}

/** Returns the time since the navigation at which the page can answer its user. Runs in the page. */
async function untilIdle(): Promise<number> {
  await new Promise((resolve) => requestIdleCallback(resolve))
  return Math.round(performance.now())
}

/** Opens the view of each method, and returns those without a form. Runs in the page. */
async function drawForms(paths: readonly string[]): Promise<string[]> {
  const PATIENCE_MS = 20_000
  const isDrawn = (path: string) => {
    const [service, method] = path.split('/')
    const heading = document.querySelector('main .page-head')
    return (
      heading?.querySelector('h1')?.textContent === method &&
      heading?.querySelector('a')?.textContent === service &&
      document.querySelector('.call-request .draft-form')?.firstElementChild !== undefined
    )
  }
  const missing: string[] = []
  for (const path of paths) {
    location.hash = `#/method/${path}`
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!isDrawn(path) && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 4))
    if (!isDrawn(path)) missing.push(path)
  }
  return missing
}

/** After a garbage collection. */
async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

/** What was measured. */
interface Figures {
  readonly methods: number
  readonly drawn: number
  /** Until the page can be used, by the first reader, for whom the server makes the descriptors. */
  readonly firstMs: number
  /** The same for one who has them. */
  readonly laterMs: number
  readonly atStart: number
  readonly atEnd: number
}

function state(name: string, { methods, drawn, firstMs, laterMs, atStart, atEnd }: Figures): void {
  const mebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`
  process.stdout.write(
    `${name}: ${methods} methods, interactive after ${firstMs} ms, then ${laterMs} ms, with ${mebibytes(atStart)}; ` +
      `${mebibytes(atEnd)} once ${drawn} forms were drawn\n`,
  )
}
