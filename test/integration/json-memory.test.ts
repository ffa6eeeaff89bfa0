/** The memory that a JSON text takes is bounded. Tested in processes with a small heap. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { callHeaders, endOf } from '../support/calls.ts'
import { exchangeHttp1 } from '../support/exchange.ts'
import { JSON_BOMBS, PLAIN_JSON } from '../support/json-bombs.ts'
import { ServerProcess } from '../support/server-process.ts'

const HEAP = '--max-old-space-size=256'
const PROGRAM = path.resolve(import.meta.dirname, '../support/json-bomb-program.ts')
const MAX_BYTES = 4_194_304
const CHECK = '/grpc.health.v1.Health/Check'

test('rejects every 4 MiB bomb and decodes every plain text, in a heap of 256 MiB', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [HEAP, PROGRAM])
  const ends = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(': ')),
  )
  expect(ends).toEqual({
    ...Object.fromEntries(Object.keys(JSON_BOMBS).map((name) => [name, 'ResourceExhausted'])),
    ...Object.fromEntries(Object.keys(PLAIN_JSON).map((name) => [name, 'OK'])),
    brackets: 'InvalidArgument',
    braces: 'InvalidArgument',
  })
})

test('a server with a heap of 256 MiB survives them, compressed and many at once', { timeout: 120_000 }, async () => {
  const { server, origin } = await ServerProcess.listen([], { NODE_OPTIONS: HEAP })
  const texts = ['['.repeat(MAX_BYTES), '9'.repeat(MAX_BYTES), `"${'9'.repeat(MAX_BYTES - 2)}"`]
  const bodies = [...texts, ...Object.values(JSON_BOMBS).map((make) => make(MAX_BYTES - 300))]
  for (const body of bodies) {
    const compressed = gzipSync(body)
    const headers = { ...callHeaders('connect-json'), 'content-encoding': 'gzip' }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => exchangeHttp1(origin, { path: CHECK, headers, body: compressed })),
    )
    for (const answer of answers) {
      const { code, message } = endOf('connect-json', answer)
      expect(code, message).toMatch(/^(?:invalid_argument|resource_exhausted|ok)$/)
      expect(message.length).toBeLessThan(700)
    }
  }
  const answer = await exchangeHttp1(origin, { path: CHECK, headers: callHeaders('connect-json'), body: '{}' })
  expect(endOf('connect-json', answer).code).toBe('ok')
  expect(server.child.exitCode).toBeNull()
})
