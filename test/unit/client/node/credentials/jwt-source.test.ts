import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { JwtSource } from '../../../../../client/node/credentials/jwt-source.ts'

const START_MS = 1_700_000_000_000

interface Reading {
  resolve(content: string): void
  reject(error: Error): void
}

/** A file that is read when the test says so, and a manual clock. */
class TestFile {
  nowMs = START_MS
  readonly readings: Reading[] = []
  readonly source = new JwtSource({
    read: () => new Promise((resolve, reject) => this.readings.push({ resolve, reject })),
    now: () => this.nowMs,
    random: () => 0.5,
  })

  async tokenOf(content: string): Promise<string> {
    const token = this.source.token()
    this.readings.at(-1)?.resolve(content)
    return token
  }
}

/** Returns a token that expires that many seconds after the start. */
function tokenFor(seconds: number): string {
  const payload = Buffer.from(JSON.stringify({ exp: START_MS / 1_000 + seconds })).toString('base64url')
  return `e30.${payload}.c2ln`
}

test('AU-2 simultaneous calls share one read of the file, and its token', async () => {
  const file = new TestFile()
  const tokens = [file.source.token(), file.source.token(), file.source.token()]
  expect(file.readings).toHaveLength(1)
  file.readings[0]?.resolve(`${tokenFor(600)}\n`)
  expect(await Promise.all(tokens)).toEqual(Array(3).fill(tokenFor(600)))
})

test('a token is cached until 30 seconds before it expires', async () => {
  const file = new TestFile()
  await file.tokenOf(tokenFor(600))
  file.nowMs += 509_000
  expect(await file.source.token()).toBe(tokenFor(600))
  expect(file.readings).toHaveLength(1)
  file.nowMs += 61_000
  expect(await file.tokenOf(tokenFor(1_200))).toBe(tokenFor(1_200))
  expect(file.readings).toHaveLength(2)
})

test('a token is still sent in its last minute, while the next one is read once', async () => {
  const file = new TestFile()
  await file.tokenOf(tokenFor(600))
  file.nowMs += 511_000
  expect(await file.source.token()).toBe(tokenFor(600))
  expect(await file.source.token()).toBe(tokenFor(600))
  expect(file.readings).toHaveLength(2)
  file.readings[1]?.resolve(tokenFor(1_200))
  await new Promise(setImmediate)
  expect(await file.source.token()).toBe(tokenFor(1_200))
})

test('a failure to read the next token is reported only when the current one has expired', async () => {
  const file = new TestFile()
  await file.tokenOf(tokenFor(600))
  file.nowMs += 569_500
  expect(await file.source.token()).toBe(tokenFor(600))
  file.readings[1]?.reject(new Error('gone'))
  await new Promise(setImmediate)
  expect(await file.source.token()).toBe(tokenFor(600))
  file.nowMs += 500
  await expect(file.source.token()).rejects.toMatchObject({ code: Code.Unavailable })
  expect(file.readings).toHaveLength(2)
})

test('after a failure the file is not read for 1 s, then 1.6 s, and calls fail with the last status', async () => {
  const file = new TestFile()
  const failures = []
  for (const waitMs of [1_000, 1_600]) {
    const token = file.source.token()
    file.readings.at(-1)?.reject(new Error('secret path'))
    failures.push(await token.catch((error: unknown) => error))
    file.nowMs += waitMs - 1
    failures.push(await file.source.token().catch((error: unknown) => error))
    file.nowMs += 1
  }
  expect(file.readings).toHaveLength(2)
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(ConnectError)
    expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: 'the JWT file cannot be read' })
  }
  expect(await file.tokenOf(tokenFor(600))).toBe(tokenFor(600))
})

test.each([
  ['nothing', '', 'holds none'],
  ['no token', 'password', 'holds none'],
  ['several lines', `${tokenFor(600)}\n${tokenFor(600)}`, 'holds none'],
  ['too much', `e30.${'a'.repeat(1_048_576)}.`, 'holds none'],
  ['no JSON', 'e30.AAAA.c2ln', 'does not say when it expires'],
  ['no exp', 'e30.e30.c2ln', 'does not say when it expires'],
  ['an exp that is no number', `e30.${Buffer.from('{"exp":"1"}').toString('base64url')}.`, 'does not say'],
  ['an expired token', tokenFor(-1), 'has expired or is about to'],
  ['one that is about to expire', tokenFor(30), 'has expired or is about to'],
])('a file with %s fails calls with UNAUTHENTICATED', async (_what, content, message) => {
  const failed = new TestFile().tokenOf(content)
  await expect(failed).rejects.toMatchObject({
    code: Code.Unauthenticated,
    rawMessage: expect.stringContaining(message),
  })
})
