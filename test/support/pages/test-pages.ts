/** Creates tests for pages: their programs and commands do what the pages say. */
import { expect, test } from 'vitest'
import { type Ground, PageRun } from './page-run.ts'
import { readPage } from './read-page.ts'

const PAGE_TIMEOUT_MS = 180_000

/** Runs each page in its own environment; a page without programs and commands has no test. */
export function testPages(pages: readonly string[], createGround: () => Promise<Ground>): void {
  const running = pages.filter((page) => readPage(page).some(({ kind }) => kind === 'program' || kind === 'commands'))
  test.each(running)('%s does what it says', { timeout: PAGE_TIMEOUT_MS }, async (page) => {
    await using run = new PageRun(await createGround())
    for (const block of readPage(page)) {
      for (const { name, actual, expected } of await run.run(block)) expect.soft(actual, name).toBe(expected)
    }
  })
}
