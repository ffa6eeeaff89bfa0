/** Ids are those of the requirements of transcoding: D1 to D6, percent decoding. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { PathDecoding } from '../../../../../../../server/rpc/protocols/rest/rest-options.ts'
import { captureVariables } from '../../../../../../../server/rpc/protocols/rest/template/capture-variables.ts'
import { parsePathTemplate } from '../../../../../../../server/rpc/protocols/rest/template/parse-path-template.ts'
import { pathEnd, RouteTable } from '../../../../../../../server/rpc/protocols/rest/template/route-table.ts'

/** Returns the values of a target that matches the template. */
function capture(text: string, target: string, decoding: PathDecoding = 'allExceptSlash'): string[] {
  const template = parsePathTemplate(text)
  const table = new RouteTable<string>((value) => value)
  table.add('GET', template, text)
  const end = pathEnd(target, false)
  expect(table.find('GET', target, end)?.value).toBe(text)
  return captureVariables(template, target, { end, decoding })
}

type Case = [template: string, target: string, values: string[]]

const SPANS: Case[] = [
  ['/v1/a', '/v1/a', []],
  ['/v1/{id}', '/v1/5', ['5']],
  ['/{a}/{b}/x/{c}', '/1/2/x/3', ['1', '2', '3']],
  ['/v1/{name=shelves/*}/books/{id}', '/v1/shelves/1/books/2', ['shelves/1', '2']],
  ['/v1/{kind=shelves}/{id}', '/v1/shelves/2', ['shelves', '2']],
  ['/v1/{name=**}', '/v1/a/b//c/', ['a/b//c/']],
  ['/v1/{name=**}', '/v1', ['']],
  ['/v1/{name=**}', '/v1/', ['']],
  ['/{name=**}', '/', ['']],
  ['/{name=**}', '//', ['/']],
  ['/v1/{name=a/**}', '/v1/a', ['a']],
  ['/v1/{name=a/**}', '/v1/a/', ['a/']],
  ['/{x}/**/{y=b/c}', '/1/b/c', ['1', 'b/c']],
  ['/{x}/**/{y=b/c}', '/1/2/3/b/c', ['1', 'b/c']],
  ['/a/{b=c/**/d}/e/{f=g}:open', '/a/c/1/2/d/e/g:open', ['c/1/2/d', 'g']],
  ['/a/{b=c/**/d}/e:open', '/a/c/d/e:open?f=/g/h:i', ['c/d']],
  ['/{b=**}/d', '/d', ['']],
  ['/v1/{id}', '/v1/5?x=/a/b', ['5']],
  ['/v1/{id=**}', '/v1/5/6?x=/a/b', ['5/6']],
  ['/v1/{id}:open', '/v1/a:b:open?x=:y', ['a:b']],
  ['/v1/{id=**}:open', '/v1:open', ['']],
  ['/v1/{id}', '/v1/a:b', ['a:b']],
]

describe('captures what the segments of a variable span', () => {
  test.each(SPANS)('%s from %s', (template, target, values) => expect(capture(template, target)).toEqual(values))
})

describe('D1: decodes a variable of one segment completely', () => {
  test.each<PathDecoding>(['allExceptSlash', 'allExceptReserved', 'all'])('with the mode %s', (mode) => {
    expect(capture('/{a}/{b=*}', '/%2F%2f%25%20/caf%C3%A9%3A%F0%9F%98%80%00', mode)).toEqual(['//% ', 'café:😀\0'])
  })

  test('once', () => expect(capture('/{a}', '/%252F%2525')).toEqual(['%2F%25']))
})

describe('D2: decodes a variable of several segments as the mode says', () => {
  const raw = '/a%2Fb%2fc/%20%21%40%3A%3f%C3%A9%7E%25'

  test.each<[PathDecoding, string]>([
    ['allExceptSlash', 'a%2Fb%2fc/ !@:?é~%'],
    ['allExceptReserved', 'a%2Fb%2fc/ %21%40%3A%3fé~%'],
    ['all', 'a/b/c/ !@:?é~%'],
  ])('%s', (mode, value) => {
    expect(capture('/{x=**}', raw, mode)).toEqual([value])
    expect(capture('/{x=*/*}', raw, mode)).toEqual([value])
  })

  test('even if the variable captured one segment', () => {
    expect(capture('/{x=**}', '/a%2Fb')).toEqual(['a%2Fb'])
  })

  test('and keeps each of the reserved characters', () => {
    const escapes = [..."!#$&'()*+,/:;=?@[]"].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('')
    expect(capture('/{x=**}', `/${escapes}%2d%2E`, 'allExceptReserved')).toEqual([`${escapes}-.`])
  })
})

test('D3: a variable with literals ends at its last segment, however long the decoded text of another is', () => {
  expect(capture('/{outer=*/suffix}', '/A%2Fb/suffix')).toEqual(['A%2Fb/suffix'])
  expect(capture('/{inner}/suffix', '/A%2Fb/suffix')).toEqual(['A/b'])
  expect(capture('/{a}/{b=x/*}/{c}', '/A%2Fb/x/%2F%2F/C%2Fd')).toEqual(['A/b', 'x/%2F%2F', 'C/d'])
})

test('D4: a plus sign in a path is a plus sign', () => {
  expect(capture('/{a}/{b=**}', '/a+b/c+d')).toEqual(['a+b', 'c+d'])
})

describe('D5: refuses', () => {
  const malformed = ['%', '%2', '%zz', '%2g', 'a%', '%%41', '%C3', '%C3%28', '%ff', '%C0%AF', '%ED%A0%80', '%C3%2F%A9']

  test.each(malformed)('%s in a path', (raw) => {
    for (const [text, name] of [
      ['/{a}', 'a'],
      ['/{b.c=**}', 'b.c'],
    ] as const) {
      for (const mode of ['allExceptSlash', 'allExceptReserved', 'all'] as const) {
        expect(() => capture(text, `/${raw}`, mode)).toThrow(
          new ConnectError(`path parameter ${name}: not valid percent-encoded UTF-8`, Code.InvalidArgument),
        )
      }
    }
  })
})
