/**
 * Every link, every anchor and every path to a source on the repository's own pages resolves, and the index of the documentation leads
 * to every page.
 */
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { allPages, ROOT, readText } from '../support/pages/read-page.ts'
import { anchorOf } from '../support/pages/read-table.ts'

const PAGES = globSync(['*.md', 'docs/**/*.md', 'create/**/*.md', '.github/**/*.md'], {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
})

/** The pages about the sources. Paths on the other pages are those of a user's project. */
const SOURCE_PAGES = [
  'CONTRIBUTING.md',
  'docs/adding.md',
  'docs/architecture.md',
  'docs/performance.md',
  'docs/security.md',
]

const INDEX = 'docs/README.md'

test.each(PAGES)('all links of %s resolve', (page) => {
  expect(linksOf(page).filter((target) => !leadsSomewhere(page, target))).toEqual([])
})

test('finds links to missing pages and missing headings', () => {
  expect(leadsSomewhere('README.md', 'docs/nowhere.md')).toBe(false)
  expect(leadsSomewhere('README.md', 'docs/client.md#nowhere')).toBe(false)
  expect(leadsSomewhere('README.md', 'docs/client.md#options')).toBe(true)
})

test.each(SOURCE_PAGES)('all paths of %s exist', (page) => {
  expect(pathsOf(readText(page)).filter((pattern) => globSync(pattern, { cwd: ROOT }).length === 0)).toEqual([])
})

test('finds paths, but no placeholders', () => {
  const text = '`wire/` has `wire/{a,b}/`; `server/NAME/` and `server/x.ts` run `npm test -- test/unit/wire`'
  expect(pathsOf(text)).toEqual(['wire/', 'wire/{a,b}/', 'server/x.ts', 'test/unit/wire'])
})

test('every page is linked from the index', () => {
  const found = new Set([INDEX])
  for (const page of found) for (const target of pagesLinkedFrom(page)) found.add(target)
  expect(allPages().filter((page) => page.startsWith('docs/') && !found.has(page))).toEqual([])
})

/** Paths and patterns in code, without those that have a placeholder such as NAME. */
function pathsOf(text: string): string[] {
  const code = Array.from(text.matchAll(/`([^`\n]+)`/g), ([, words = '']) => words.split(' ')).flat()
  const paths = code.filter((word) =>
    /^(?:bench|bin|client|create|gen|proto|server|test|wire)\/[\w./*{},-]*$/.test(word),
  )
  return paths.filter((each) => !/NAME/.test(each))
}

/** Targets of Markdown's links and images, and of HTML's, that are not addresses of the web. */
function linksOf(page: string): string[] {
  const prose = withoutBlocks(readText(page)).replaceAll(/`[^`\n]*`/g, '')
  const links = prose.matchAll(/\]\(<?([^)>\s]+)>?(?: "[^"]*")?\)|(?:src|href)="([^"]+)"|^\[[^\]]+\]: (\S+)/gm)
  return Array.from(links, ([, inline, html, reference]) => inline ?? html ?? reference ?? '').filter(
    (target) => !/^(https?:|mailto:)/.test(target),
  )
}

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const place = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(path.join(ROOT, place))) return false
  return anchor === undefined || anchorsOf(place).has(anchor)
}

/** The anchors that GitHub makes of headings. The second of two equal ones ends with `-1`. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(readText(page)).matchAll(/^#+ (.*)$/gm)) {
    const slug = anchorOf(heading)
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

/** Removes blocks of code, in which lines may look like headings and links. */
function withoutBlocks(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '')
}

function pagesLinkedFrom(page: string): string[] {
  const targets = linksOf(page).map((target) => path.join(path.dirname(page), target.replace(/#.*/, '')))
  return targets.filter((target) => target.startsWith('docs/') && allPages().includes(target))
}
