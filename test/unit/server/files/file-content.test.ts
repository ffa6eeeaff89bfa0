import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { chooseEncoding, FileContent } from '../../../../server/files/file-content.ts'

test.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP', 'gzip'],
  ['gzip;q=1.0, br;q=0', 'gzip'],
  ['gzip;q=0', null],
  ['*', 'br'],
  ['*;q=0', null],
  ['*;q=0, gzip;q=0.1', 'gzip'],
  ['br;q=nonsense, gzip', 'gzip'],
  ['x-gzip', null],
])('a reader that accepts "%s" is sent %s', (accepted, expected) => {
  expect(chooseEncoding(accepted)).toBe(expected)
})

test('each encoding has the same content, a tag of its own, and is made once', async () => {
  const text = 'content '.repeat(1_000)
  const content = new FileContent(text)
  const [br, gzip] = await Promise.all([content.encoded('br'), content.encoded('gzip')])
  expect([brotliDecompressSync(br), gunzipSync(gzip), content.plain].map(String)).toEqual([text, text, text])
  const tags = ([null, 'br', 'gzip'] as const).map((encoding) => content.etagFor(encoding))
  expect(new Set(tags).size).toBe(3)
  for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/)
  expect(await content.encoded('br')).toBe(br)
  expect(new FileContent(Buffer.from(text)).etagFor('br')).toBe(tags[1])
})
