/** The page of the console stays small: what it loads first, and what each view adds. */
import { beforeAll, expect, it } from 'vitest'
import { type PageWeights, weighPage } from '../../support/console/page-weights.ts'

const KB = 1_000
const FIRST_BYTES = 45 * KB

let weights: PageWeights

beforeAll(async () => {
  weights = await weighPage()
}, 60_000)

it('loads at most 45 KB first', () => {
  expect(weights.firstBytes).toBeLessThanOrEqual(FIRST_BYTES)
})

it('loads neither clients nor editors nor charts first', () => {
  const heavy = /@connectrpc|codemirror|uplot|idb-keyval|(?:to|from)-json|client\/web/
  expect(weights.firstModules.filter((module) => heavy.test(module))).toEqual([])
})

it.each([
  ['browse/overview.tsx', 8],
  ['browse/service.tsx', 17],
  ['browse/message.tsx', 18],
  ['browse/enum.tsx', 16],
  ['call/call-view.tsx', 76],
  ['live/channelz-view.tsx', 47],
  ['live/chart/chart-plot.ts', 26],
  ['live/health-view.tsx', 42],
  ['live/metrics-view.tsx', 13],
  ['message/code/code-editor.ts', 135],
  ['saved/history-view.tsx', 15],
  ['samples/samples-view.tsx', 50],
  ['shell/search/search-dialog.tsx', 5],
  ['shell/sign-in-form.tsx', 3],
])('adds to that for %s at most %i KB', (module, kilobytes) => {
  expect(weights.laterBytes.get(module)).toBeGreaterThan(100)
  expect(weights.laterBytes.get(module)).toBeLessThanOrEqual(kilobytes * KB)
})
