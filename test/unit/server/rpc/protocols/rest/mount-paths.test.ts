/** Where Fastify mounts templates: its router must find every path that a template matches. */
import { fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { mountPaths } from '../../../../../../server/rpc/protocols/rest/calls/mount-paths.ts'
import { parsePathTemplate } from '../../../../../../server/rpc/protocols/rest/template/parse-path-template.ts'

const ROWS: readonly (readonly [template: string, urls: readonly string[], paths: readonly string[]])[] = [
  ['/v1/books', ['/v1/books'], ['/v1/books', '/v%31/books']],
  ['/v1/books:search', ['/v1/books::search'], ['/v1/books:search']],
  ['/v1/{name}', ['/v1/*'], ['/v1/a', '/v1/a%2Fb', `/v1/${'a'.repeat(500)}`]],
  ['/v1/{name=shelves/*}/books', ['/v1/shelves/*'], ['/v1/shelves/1/books']],
  ['/v1/{name=shelves/*}:merge', ['/v1/shelves/*'], ['/v1/shelves/1:merge']],
  ['/v1/{path=**}', ['/v1/*', '/v1'], ['/v1', '/v1/', '/v1/a/b/c']],
  ['/v1/{path=**}:verb', ['/v1/*', '/v1::verb'], ['/v1/a:verb', '/v1:verb']],
  ['/{path=**}', ['/*'], ['/', '/a/b']],
  ['/v1/a%20b/c', ['/v1/*'], ['/v1/a%20b/c', '/v1/a+b/c']],
  ['/v1/a%3Ab', ['/v1/*'], ['/v1/a%3Ab', '/v1/a:b']],
]

test('a path with slashes at its end is found where they are ignored', () => {
  expect(mountPaths(parsePathTemplate('/v1/books'), true)).toEqual(['/v1/books/*', '/v1/books'])
})

describe.each(ROWS)('%s', (text, urls, paths) => {
  test('is mounted at its literal beginning', () => {
    expect(mountPaths(parsePathTemplate(text), false)).toEqual(urls)
  })

  test('is found by the router of Fastify', () => {
    const app = fastify()
    for (const url of mountPaths(parsePathTemplate(text), false)) app.get(url, async () => 'found')
    for (const path of paths) expect([path, app.findRoute({ method: 'GET', url: path })]).not.toContain(null)
  })
})
