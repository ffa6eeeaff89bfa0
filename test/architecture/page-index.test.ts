/** The index of the documentation, or a page that it leads to, leads to every page. */
import path from 'node:path'
import { expect, test } from 'vitest'
import { allPages, readText } from '../support/pages/read-page.ts'

const INDEX = 'docs/README.md'

test('every page is linked from the index', () => {
  const found = new Set([INDEX])
  for (const page of found) for (const target of pagesLinkedFrom(page)) found.add(target)
  expect(allPages().filter((page) => page.startsWith('docs/') && !found.has(page))).toEqual([])
})

function pagesLinkedFrom(page: string): string[] {
  const links = readText(page).matchAll(/\]\(([^)#:]+\.md)/g)
  const targets = Array.from(links, ([, target = '']) => path.join(path.dirname(page), target))
  return targets.filter((target) => target.startsWith('docs/') && allPages().includes(target))
}
