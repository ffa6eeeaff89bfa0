/** Ids are those of the requirements of transcoding: M1 to M12, matching. */
import { describe, expect, test } from 'vitest'
import { parsePathTemplate } from '../../../../../../../server/rpc/protocols/rest/template/parse-path-template.ts'
import { pathEnd, RouteTable } from '../../../../../../../server/rpc/protocols/rest/template/route-table.ts'

/** Creates a table of routes such as `GET /v1/{id}`, whose values are these texts. */
function tableOf(routes: readonly string[]): RouteTable<string> {
  const table = new RouteTable<string>((route) => `the route ${route}`)
  for (const route of routes) {
    const [verb = '', text = ''] = route.split(' ')
    table.add(verb, parsePathTemplate(text), route)
  }
  return table
}

/** Returns the route of a request such as `GET /v1/5`, the methods of its path as `Allow: ...`, or `404`. */
function answer(table: RouteTable<string>, request: string): string {
  const [verb = '', path = ''] = request.split(' ')
  const match = table.find(verb, path)
  if (match === undefined) return '404'
  return match.value ?? `Allow: ${[...match.verbs].sort().join(', ')}`
}

interface Case {
  name: string
  routes: string[]
  /** Request to answer. */
  answers: Record<string, string>
}

const CASES: Case[] = [
  {
    name: 'M1: an encoded slash does not separate segments',
    routes: ['GET /v1/{name}', 'GET /v1/{shelf}/books/{book}'],
    answers: {
      'GET /v1/a%2Fbooks%2Fb': 'GET /v1/{name}',
      'GET /v1/a%2fb/books/c': 'GET /v1/{shelf}/books/{book}',
      'GET /v1%2Fa': '404',
    },
  },
  {
    name: 'M1: literals are compared decoded',
    routes: ['GET /v1/a%20b/caf%C3%A9', 'GET /v1/x:c%61ncel', 'GET /~u/a%2Fb'],
    answers: {
      'GET /v1/a%20b/caf%c3%a9': 'GET /v1/a%20b/caf%C3%A9',
      'GET /%761/%61%20b/%63af%C3%A9': 'GET /v1/a%20b/caf%C3%A9',
      'GET /v1/a%20b/caf%C3%28': '404',
      'GET /v1/a%20b/caf%': '404',
      'GET /v1/x:cancel': 'GET /v1/x:c%61ncel',
      'GET /v1/x:%63ancel': 'GET /v1/x:c%61ncel',
      'GET /v1/x:c%ancel': '404',
      'GET /%7Eu/a%2fb': 'GET /~u/a%2Fb',
      'GET /~u/a/b': '404',
    },
  },
  {
    name: 'M2: * is one segment',
    routes: ['GET /a/*', 'GET /b/*/c'],
    answers: {
      'GET /a/x': 'GET /a/*',
      'GET /a': '404',
      'GET /a/x/y': '404',
      'GET /b/x/c': 'GET /b/*/c',
      'GET /b/c': '404',
    },
  },
  {
    name: 'M2: ** is any number of segments',
    routes: ['GET /a/**', 'GET /b/**/c/d', 'GET /e/{f=g/**}/h'],
    answers: {
      'GET /a': 'GET /a/**',
      'GET /a/': 'GET /a/**',
      'GET /a/x': 'GET /a/**',
      'GET /a/x/y//z/': 'GET /a/**',
      'GET /ab': '404',
      'GET /b/c/d': 'GET /b/**/c/d',
      'GET /b/x/y/c/d': 'GET /b/**/c/d',
      'GET /b/c/d/c/d': 'GET /b/**/c/d',
      'GET /b/d': '404',
      'GET /b/xc/d': '404',
      'GET /b/c/dx': '404',
      'GET /b/c/d/': '404',
      'GET /c/d': '404',
      'GET /e/g/h': 'GET /e/{f=g/**}/h',
      'GET /e/g/h/h': 'GET /e/{f=g/**}/h',
      'GET /e/h': '404',
    },
  },
  {
    name: 'M2: the root',
    routes: ['GET /', 'POST /**', 'PUT /{id}'],
    answers: {
      'GET /': 'GET /',
      'POST /': 'POST /**',
      'PUT /': 'Allow: GET, POST',
      'GET //': 'Allow: POST',
      'GET a': '404',
      'GET *': '404',
    },
  },
  {
    name: 'M3: * does not match an empty segment',
    routes: ['GET /v1/{id}', 'GET /v1/{id}/x', 'GET /w/*/*'],
    answers: { 'GET /v1/': '404', 'GET /v1//x': '404', 'GET //v1/a': '404', 'GET /w//a': '404', 'GET /w/a/': '404' },
  },
  {
    name: 'M4: a trailing slash counts',
    routes: ['GET /v1/a', 'GET /v1/b/{id}'],
    answers: { 'GET /v1/a/': '404', 'GET /v1/b/5/': '404', 'GET /v1/b/5': 'GET /v1/b/{id}' },
  },
  {
    name: 'M5: a literal is preferred to *, and * to **',
    routes: ['GET /v1/**', 'GET /v1/*', 'GET /v1/a', 'GET /v1/a/**', 'GET /v1/*/b', 'GET /v1/**/c'],
    answers: {
      'GET /v1/a': 'GET /v1/a',
      'GET /v1/x': 'GET /v1/*',
      'GET /v1': 'GET /v1/**',
      'GET /v1/x/y': 'GET /v1/**',
      'GET /v1/a/b': 'GET /v1/a/**',
      'GET /v1/x/b': 'GET /v1/*/b',
      'GET /v1/x/c': 'GET /v1/**/c',
      'GET /v1/c': 'GET /v1/*',
    },
  },
  {
    name: 'M5: a search that fails goes back',
    routes: ['GET /a/b/c/d', 'GET /a/*/c/e', 'GET /*/b/c/f', 'GET /a/**/g', 'GET /**/h', 'GET /a/b/{x=**}/i'],
    answers: {
      'GET /a/b/c/d': 'GET /a/b/c/d',
      'GET /a/b/c/e': 'GET /a/*/c/e',
      'GET /a/b/c/f': 'GET /*/b/c/f',
      'GET /a/b/c/g': 'GET /a/**/g',
      'GET /a/b/c/h': 'GET /**/h',
      'GET /a/b/c/i': 'GET /a/b/{x=**}/i',
      'GET /a/b/c/j': '404',
    },
  },
  {
    name: 'M5: a route with another method is passed over',
    routes: ['GET /v1/search', 'DELETE /v1/{id}', 'POST /v1/**', 'PUT /{any}/search', 'PATCH /v1/search'],
    answers: {
      'GET /v1/search': 'GET /v1/search',
      'DELETE /v1/search': 'DELETE /v1/{id}',
      'POST /v1/search': 'POST /v1/**',
      'PUT /v1/search': 'PUT /{any}/search',
      'GET /v1/5': 'Allow: DELETE, POST',
      'HEAD /v1/search': 'Allow: DELETE, GET, PATCH, POST, PUT',
    },
  },
  {
    name: 'M6: of templates with **, the one with more literals after it is preferred, and a verb to none',
    routes: ['GET /**', 'GET /**/a', 'GET /**/b/a', 'GET /**:verb', 'GET /**/a:verb'],
    answers: {
      'GET /x/b/a': 'GET /**/b/a',
      'GET /b/a': 'GET /**/b/a',
      'GET /x/a': 'GET /**/a',
      'GET /x/a:verb': 'GET /**/a:verb',
      'GET /x/b:verb': 'GET /**:verb',
      'GET /x/b:else': 'GET /**',
      'GET /x/b': 'GET /**',
    },
  },
  {
    name: 'M7: a suffix that is no verb of a matching route belongs to the value',
    routes: ['GET /person/{id}', 'GET /book/{id}:open', 'GET /shelf/{id}', 'POST /shelf/{id}:open', 'GET /x/**'],
    answers: {
      'GET /person/jason:other': 'GET /person/{id}',
      'GET /person/jason:open': 'GET /person/{id}',
      'GET /person/a:b:c': 'GET /person/{id}',
      'GET /person/jason:': 'GET /person/{id}',
      'GET /book/1:open': 'GET /book/{id}:open',
      'GET /book/a:b:open': 'GET /book/{id}:open',
      'GET /book/1:shut': '404',
      'GET /book/1:': '404',
      'GET /book/1': '404',
      'GET /shelf/1:open': 'GET /shelf/{id}',
      'POST /shelf/1:open': 'POST /shelf/{id}:open',
      'PUT /shelf/1:open': 'Allow: GET, POST',
      'GET /x/a:b/c:d': 'GET /x/**',
      'GET /book/1:open/x': '404',
    },
  },
  {
    name: 'M7: a verb after nothing is not a verb',
    routes: ['GET /x/{id}:verb', 'GET /y/**:verb', 'GET /z/{id}'],
    answers: {
      'GET /x/:verb': '404',
      'GET /y/:verb': '404',
      'GET /z/:verb': 'GET /z/{id}',
      'GET /:verb': '404',
      'GET /y:verb': 'GET /y/**:verb',
      'GET /y/a/:verb': '404',
    },
  },
  {
    name: 'M7: a template with a verb is preferred to templates without',
    routes: ['POST /v1/{id}', 'POST /v1/{name=**}:publish', 'POST /v1/{id}/{part}'],
    answers: {
      'POST /v1/a:publish': 'POST /v1/{name=**}:publish',
      'POST /v1/a/b:publish': 'POST /v1/{name=**}:publish',
      'POST /v1/a': 'POST /v1/{id}',
    },
  },
  {
    name: 'M8: an encoded colon is data',
    routes: ['GET /v1/{id}', 'GET /v1/{id}:open', 'GET /w/a%3Aopen'],
    answers: {
      'GET /v1/5%3Aopen': 'GET /v1/{id}',
      'GET /v1/5%3aopen': 'GET /v1/{id}',
      'GET /v1/5%3Ax:open': 'GET /v1/{id}:open',
      'GET /w/a%3Aopen': 'GET /w/a%3Aopen',
    },
  },
  {
    name: 'M10: the methods of all templates that match the path are allowed',
    routes: ['GET /v1/a', 'PUT /v1/{id}', 'POST /v1/{id=**}', 'GET /v1/{id}', 'GET /other'],
    answers: { 'DELETE /v1/a': 'Allow: GET, POST, PUT', 'DELETE /v1/a/b': 'Allow: POST', 'DELETE /v2': '404' },
  },
  {
    name: 'M11: any HTTP method can be named, and * is used where the method is not named',
    routes: ['* /v1/a', 'GET /v1/a', 'OPTIONS /v1/b', 'QUERY /v1/b', 'GET /v1/{id}', '* /w/{id}'],
    answers: {
      'GET /v1/a': 'GET /v1/a',
      'HEAD /v1/a': '* /v1/a',
      'BREW /v1/a': '* /v1/a',
      'OPTIONS /v1/b': 'OPTIONS /v1/b',
      'QUERY /v1/b': 'QUERY /v1/b',
      'GET /v1/b': 'GET /v1/{id}',
      'GET /w/b': '* /w/{id}',
      'get /v1/b': 'Allow: GET, OPTIONS, QUERY',
    },
  },
  {
    name: 'M12: GET does not imply HEAD',
    routes: ['GET /v1/a'],
    answers: { 'HEAD /v1/a': 'Allow: GET' },
  },
]

describe.each(CASES)('$name', ({ routes, answers }) => {
  test.each(Object.entries(answers))('%s: %s', (request, expected) => {
    expect(answer(tableOf(routes), request)).toBe(expected)
    expect(answer(tableOf(routes.toReversed()), request)).toBe(expected)
  })
})

test('M4: trailing slashes can be ignored', () => {
  const table = tableOf(['GET /v1/a', 'GET /v1/b/{id}:open', 'GET /'])
  const find = (target: string) => table.find('GET', target, pathEnd(target, true))?.value
  expect(find('/v1/a/')).toBe('GET /v1/a')
  expect(find('/v1/a//?x=/')).toBe('GET /v1/a')
  expect(find('/v1/b/5:open/')).toBe('GET /v1/b/{id}:open')
  expect(find('//')).toBe('GET /')
})

test('the path ends before the query, which may hold anything', () => {
  const table = tableOf(['GET /v1/a', 'GET /v1/b/{id}', 'GET /c/**/d', 'GET /v1/b/{id}:open', 'GET /'])
  const find = (target: string) => table.find('GET', target, pathEnd(target, false))?.value
  expect(find('/v1/a?x=/b/c:d?e')).toBe('GET /v1/a')
  expect(find('/v1/b/5?x=/b:open')).toBe('GET /v1/b/{id}')
  expect(find('/v1/b/5:open?x=/b:shut')).toBe('GET /v1/b/{id}:open')
  expect(find('/c/1/d?x=/e/d')).toBe('GET /c/**/d')
  expect(find('/c/1/e?x=/d')).toBeUndefined()
  expect(find('/?/')).toBe('GET /')
})

test('a match lists the methods of its template', () => {
  const table = tableOf(['GET /v1/{id}', 'PUT /v1/{name}', 'POST /v1/{id}:x', 'DELETE /v1/a'])
  expect(table.find('GET', '/v1/5')).toMatchObject({ value: 'GET /v1/{id}', verbs: ['GET', 'PUT'] })
})

describe('M9: a route that matches the same requests is refused', () => {
  test.each([
    ['GET /v1/{id}', 'GET /v1/{name}'],
    ['GET /v1/{id}', 'GET /v1/*'],
    ['GET /{name=v1/*}', 'GET /v1/{id}'],
    ['GET /v1/**/a', 'GET /{x=v1/**}/a'],
    ['GET /v1/{x}:open', 'GET /v1/{y}:op%65n'],
    ['GET /a%20b', 'GET /%61%20b'],
    ['* /v1', '* /v1'],
    ['GET /', 'GET /'],
  ])('%s and %s', (first, second) => {
    expect(() => tableOf([first, second])).toThrow(
      new RangeError(
        `${second} of the route ${second} matches the same requests as ${first} of the route ${first}: ` +
          'change the path or the HTTP method of one of them',
      ),
    )
  })

  test.each([
    ['GET /v1/{id}', 'PUT /v1/{id}', '/v1/5'],
    ['GET /v1/{id}', '* /v1/{id}', '/v1/5'],
    ['GET /v1/{id}', 'GET /v1/{id}:open', '/v1/5'],
    ['GET /v1/{id}', 'GET /v1/{id=**}', '/v1/5'],
    ['GET /v1/**/a', 'GET /v1/**/b', '/v1/5/a'],
    ['GET /v1/**/a/b', 'GET /v1/**/b', '/v1/5/a/b'],
    ['GET /v1/a', 'GET /v1/A', '/v1/a'],
  ])('but not %s and %s', (first, second, path) => {
    expect(answer(tableOf([first, second]), `GET ${path}`)).toBe(first)
  })
})
