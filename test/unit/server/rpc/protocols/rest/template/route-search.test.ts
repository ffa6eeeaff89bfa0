/** The search for a route against a slow one, and the number of its steps. */
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { captureVariables } from '../../../../../../../server/rpc/protocols/rest/template/capture-variables.ts'
import { parsePathTemplate } from '../../../../../../../server/rpc/protocols/rest/template/parse-path-template.ts'
import type {
  PathTemplate,
  TemplateSegment,
} from '../../../../../../../server/rpc/protocols/rest/template/path-template.ts'
import { RouteNode, type RouteQuery } from '../../../../../../../server/rpc/protocols/rest/template/route-node.ts'
import { RouteTable } from '../../../../../../../server/rpc/protocols/rest/template/route-table.ts'

/** A route of the slow search. */
interface Route {
  verb: string
  template: PathTemplate
}

/** Returns whether segments match decoded parts of a path. Tries every length for `**`. */
function matches([segment, ...segments]: readonly TemplateSegment[], parts: readonly string[]): boolean {
  if (segment === undefined) return parts.length === 0
  const [part, ...rest] = parts
  if (segment.kind === 'many')
    return matches(segments, parts) || (part !== undefined && matches([segment, ...segments], rest))
  if (part === undefined) return false
  return (segment.kind === 'one' ? part !== '' : part === segment.text) && matches(segments, rest)
}

function matchesPath({ segments, verb }: PathTemplate, path: string): boolean {
  const colon = path.lastIndexOf(':')
  const stem = verb === null ? path : path.slice(0, colon)
  if (verb !== null && (colon <= path.lastIndexOf('/') || decodeURIComponent(path.slice(colon + 1)) !== verb))
    return false
  if (verb !== null && stem.endsWith('/')) return false
  return matches(segments, stem === '/' ? [] : stem.slice(1).split('/').map(decodeURIComponent))
}

/** Returns a text that is less for a template that is preferred. The kinds decide at the first difference. */
function rank({ template: { segments, verb }, verb: method }: Route): string {
  const kinds = segments.map(({ kind }) => ({ literal: '1', one: '2', many: '3' })[kind]).join('')
  const [beforeMany = '', afterMany] = kinds.split('3')
  const end = afterMany === undefined ? '0' : `3${9 - afterMany.length}`
  return `${verb === null ? 'b' : 'a'}${beforeMany}${end}${method === '*' ? 'b' : 'a'}`
}

/** Returns the preferred route; the methods of the path if none has the method; undefined if none has the path. */
function slowFind(routes: readonly Route[], verb: string, path: string): Route | string[] | undefined {
  const onPath = routes.filter(({ template }) => matchesPath(template, path))
  const [best] = onPath
    .filter((route) => route.verb === verb || route.verb === '*')
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  if (best !== undefined || onPath.length === 0) return best
  return [...new Set(onPath.map((route) => route.verb))].sort()
}

const somePrefix = fc.array(fc.constantFrom('a', 'b', '*', '%61c', 'a%3Av'), { maxLength: 3 })
const someTail = fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }).map((tail) => ['**', ...tail])
const someTemplate = fc
  .tuple(somePrefix, fc.option(someTail, { nil: [] }), fc.constantFrom('', '', ':v', ':w'))
  .map(([prefix, tail, verb]) => [[...prefix, ...tail], verb] as const)
  .map(([segments, verb]) => parsePathTemplate(segments.length === 0 ? '/' : `/${segments.join('/')}${verb}`))
const someRoutes = fc.array(fc.record({ verb: fc.constantFrom('GET', 'PUT', '*'), template: someTemplate }), {
  minLength: 1,
  maxLength: 12,
})
const somePart = fc.constantFrom(
  'a',
  'a',
  'b',
  'b',
  '%61',
  'ac',
  'c',
  '',
  'a%3Av',
  'a:v',
  'b:v',
  ':v',
  'a:w',
  'a:z',
  'b:w:v',
)
const somePath = fc.array(somePart, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`)

test('the search agrees with one that tries every route', () => {
  fc.assert(
    fc.property(someRoutes, fc.array(somePath, { minLength: 1, maxLength: 8 }), (routes, paths) => {
      const table = new RouteTable<Route>(() => 'a route')
      const added = routes.filter((route) => addIfNew(table, route))
      for (const path of paths) {
        const match = table.find('GET', path)
        expect(match?.value ?? (match && [...match.verbs].sort())).toEqual(slowFind(added, 'GET', path))
      }
    }),
    { numRuns: 1500 },
  )
})

/** Returns false for a duplicate. */
function addIfNew(table: RouteTable<Route>, route: Route): boolean {
  try {
    table.add(route.verb, route.template, route)
    return true
  } catch {
    return false
  }
}

interface Part {
  template: string
  /** What its segments hold; null for `**` without any. */
  path: string | null
}

const someText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).filter((text) => !/[/\p{Cs}]/u.test(text))
const someLiteral = someText.map((text) => ({ template: encodeURIComponent(text).replaceAll('*', '%2A'), path: text }))
const someWildcard = someText.map((path) => ({ template: '*', path }))
const someMany = fc
  .array(someText, { maxLength: 3 })
  .map((texts) => ({ template: '**', path: texts.length === 0 ? null : texts.join('/') }))

function bound(parts: readonly Part[], name: string): Part {
  const held = parts.flatMap(({ path }) => path ?? [])
  return {
    template: `{${name}=${parts.map(({ template }) => template).join('/')}}`,
    path: held.length === 0 ? null : held.join('/'),
  }
}

const someFixed = fc.array(fc.oneof(someLiteral, someWildcard), { minLength: 1, maxLength: 3 })
const someSegments = fc.record({
  before: fc.array(fc.oneof(someLiteral, someWildcard), { maxLength: 2 }),
  first: someFixed,
  second: fc.oneof(
    someFixed,
    fc.tuple(someMany, fc.array(someLiteral, { maxLength: 2 })).map(([many, tail]) => [many, ...tail]),
  ),
  after: fc.array(someLiteral, { maxLength: 2 }),
  verb: fc.option(
    someText.filter((text) => !text.includes('*')),
    { nil: null },
  ),
})

/** Encodes as clients do (google/api/http.proto): all but the slash, or all that can be. */
function encode(text: string, isFull: boolean): string {
  if (!isFull) return text.split('/').map(encodeURIComponent).join('/')
  const bytes = [...Buffer.from(text)]
  return bytes.map((byte) => (byte === 0x2f ? '/' : `%${byte.toString(16).padStart(2, '0')}`)).join('')
}

test('D6: a path that is built from a template matches it and gives back the values', () => {
  fc.assert(
    fc.property(someSegments, fc.boolean(), ({ before, first, second, after, verb }, isFull) => {
      const variables = [bound(first, 'first'), bound(second, 'second.part')]
      const parts = [...before, ...variables, ...after]
      const suffix = verb === null ? '' : `:${encodeURIComponent(verb)}`
      const template = parsePathTemplate(`/${parts.map((part) => part.template).join('/')}${suffix}`)
      const held = parts.flatMap(({ path }) => (path === null ? [] : encode(path, isFull)))
      const path = `/${held.join('/')}${suffix}`
      const table = new RouteTable<string>((value) => value)
      table.add('GET', template, 'it')
      expect(table.find('GET', path)?.value).toBe('it')
      expect(captureVariables(template, path, { end: path.length, decoding: 'allExceptSlash' })).toEqual(
        variables.map((variable) => variable.path ?? ''),
      )
    }),
    { numRuns: 500 },
  )
})

/** Returns the number of steps of a search. */
function steps(templates: readonly string[], path: string): number {
  const root = new RouteNode<string>()
  for (const text of templates) root.routesFor(parsePathTemplate(text)).set('', new Map([['GET', text]]))
  const query: RouteQuery = {
    method: 'GET',
    path,
    end: path.length,
    verb: '',
    maxLiteralChars: 100,
    otherMethods: null,
    steps: 0,
  }
  root.find(query, 1)
  return query.steps
}

/** Returns the number of nodes and tails of templates: of distinct beginnings. */
function treeSize(templates: readonly string[]): number {
  const beginnings = templates.flatMap((text) => {
    const segments = text.split('/')
    const many = segments.indexOf('**')
    const nodes = many < 0 ? segments : segments.slice(0, many)
    return [...nodes.map((_, index) => segments.slice(0, index + 1).join('/')), ...(many < 0 ? [] : [text])]
  })
  return new Set(beginnings).size
}

/** All templates of this many segments that are `a` or `*`, each followed by a literal that no path has. */
function tangled(depth: number): string[] {
  const prefixes = Array.from({ length: 2 ** depth }, (_, bits) =>
    Array.from({ length: depth }, (_, index) => ((bits >> index) & 1 ? 'a' : '*')),
  )
  return prefixes.flatMap((prefix) => [`/${prefix.join('/')}/end`, `/${prefix.join('/')}/**/end`])
}

describe('the steps of a search', () => {
  test('are bounded by the size of the tree, if every branch fails', () => {
    const templates = tangled(8)
    const size = treeSize(templates)
    expect(steps(templates, `${'/a'.repeat(8)}/none`)).toBeLessThanOrEqual(size)
    expect(steps(templates, `${'/a'.repeat(64_000)}/none`)).toBeLessThanOrEqual(size)
    expect(steps(templates, `/${'a/'.repeat(20)}`)).toBeGreaterThan(2 ** 8)
  })

  test('are bounded for any templates and paths', () => {
    fc.assert(
      fc.property(fc.array(someTemplate, { minLength: 1 }), somePath, (templates, path) => {
        const texts = templates.map(({ text, verb }) => (verb === null ? text : text.slice(0, text.lastIndexOf(':'))))
        expect(steps(texts, path)).toBeLessThanOrEqual(treeSize(texts) + 1)
      }),
      { numRuns: 300 },
    )
  })

  test.each([['/'], ['/a'], ['/%2F'], ['/%']])('do not depend on the length of a path of 64,000 times %s', (part) => {
    const templates = ['/**', '/**/a/a/b', '/a/*/b', '/{x}/{y}', '/{x=a/**}/b/c']
    expect(steps(templates, part.repeat(64_000))).toBeLessThanOrEqual(treeSize(templates))
  })
})

describe('the characters that are decoded', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each([
    ['slashes', '/'.repeat(64_000)],
    ['segments', '/%61'.repeat(64_000)],
    ['encoded slashes', `/a${'%2F'.repeat(64_000)}`],
    ['escapes', `/a${'%C3%A9'.repeat(64_000)}`],
    ['reserved characters', `/a${'%3A%20'.repeat(64_000)}:open`],
  ])('are no more than those of a path of 64,000 %s, and a few for each step', (_name, path) => {
    const table = new RouteTable<string>((value) => value)
    for (const text of tangled(4)) table.add('GET', parsePathTemplate(text), text)
    const template = parsePathTemplate(path.endsWith(':open') ? '/{x=**}:open' : '/{x=**}')
    table.add('GET', template, 'all')
    const decode = vi.spyOn(globalThis, 'decodeURIComponent')
    expect(table.find('GET', path)?.value).toBe('all')
    for (const decoding of ['allExceptSlash', 'allExceptReserved', 'all'] as const) {
      captureVariables(template, path, { end: path.length, decoding })
    }
    const decoded = decode.mock.calls.reduce((sum, [text]) => sum + text.length, 0)
    expect(decoded).toBeLessThanOrEqual(3 * path.length + 100 * treeSize(tangled(4)))
  })
})
