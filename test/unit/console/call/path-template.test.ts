import { expect, it } from 'vitest'
import { parsePathTemplate, variablesOf, writePath } from '../../../../console/app/call/rest/path-template.ts'

function write(template: string, values: Readonly<Record<string, string>>): string {
  return writePath(parsePathTemplate(template), (field) => values[field] ?? '')
}

it.each([
  ['/v1/books', {}, '/v1/books'],
  ['/v1/{name}', { name: 'a b/c%' }, '/v1/a%20b%2Fc%25'],
  ['/v1/{name=shelves/*/books/*}', { name: 'shelves/1/books/ü' }, '/v1/shelves/1/books/%C3%BC'],
  ['/v1/{name=**}', { name: '' }, '/v1'],
  ['/v1/{name=**}:verb', { name: 'a/b' }, '/v1/a/b:verb'],
  ['/v1/{name=projects/**}/tail', { name: 'projects/a/b' }, '/v1/projects/a/b/tail'],
  ['/v1/{a}/x/{b.c}', { a: '1', 'b.c': '2' }, '/v1/1/x/2'],
  ['/v1/topics/{topic=**}:publish', { topic: 'rooms/a:b' }, '/v1/topics/rooms/a%3Ab:publish'],
])('%s with %j is %s', (template, values, path) => {
  expect(write(template, values)).toBe(path)
})

it.each([
  ['/v1/{name}', '', 'name is empty, but is part of the path.'],
  ['/v1/{name=shelves/*}', 'books/1', 'name is "books/1", but must be like shelves/* in the path.'],
  ['/v1/{name=shelves/*}', 'shelves/', 'must be like shelves/*'],
  ['/v1/{name=shelves/*}', 'shelves/1/2', 'must be like shelves/*'],
  ['/v1/{name=a/**/b}', 'a', 'must be like a/**/b'],
  ['/v1/{name}', '..', 'browsers shorten'],
  ['/v1/{name=**}', 'a/./b', 'browsers shorten'],
])('%s cannot hold %j', (template, name, fault) => {
  expect(() => write(template, { name })).toThrow(fault)
})

it('lists its variables', () => {
  expect(variablesOf(parsePathTemplate('/v1/{a}/{b.c=x/*}/d:e'))).toEqual(['a', 'b.c'])
})
