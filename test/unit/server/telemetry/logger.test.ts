import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { fastify } from 'fastify'
import * as pino from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLogger, type LoggerOptions } from '../../../../server/telemetry/logger.ts'

const LOGGER_MODULE = new URL('../../../../server/telemetry/logger.ts', import.meta.url).href

/** Older supported Node versions warn of type stripping on stderr, which the test checks. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--input-type=module']
const ESCAPE = '\u001b['

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('control characters that affect a terminal or a viewer', () => {
  const CONTROLS = [0x7f, 0x80, 0x85, 0x9b, 0x9f, 0x2028, 0x2029, 0x61c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069]
  const OF_C0 = [0x00, 0x07, 0x08, 0x0c, 0x0d, 0x1b]
  /** Fields that need quotes are JSON, which has these. */
  const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
    [0x08, '\\b'],
    [0x0c, '\\f'],
    [0x0d, '\\r'],
  ])
  const HARMLESS = '\\u001b \\\\ é 世 🚀 \u00a0'
  const text = `${String.fromCodePoint(...CONTROLS, ...OF_C0)}${HARMLESS}`
  const error = Object.assign(new Error(text), { code: text })

  /** In each place of a line that can contain text of a peer. */
  const places: readonly (readonly [place: string, fields: object, message: string])[] = [
    ['a field', { path: text }, 'call'],
    ['the message', {}, text],
    ['the name of a field', { [text]: 1 }, 'call'],
    ['a nested field', { headers: { a: [text] } }, 'call'],
    ['an error and its stack', { err: error }, 'call'],
    ['what pretty lines begin with', { name: text, caller: text }, 'call'],
  ]

  test.each(places)('characters in %s are escaped', (_place, fields, message) => {
    vi.stubEnv('NO_COLOR', '')
    for (const options of [{ format: 'json' }, { format: 'pretty' }, { format: 'pretty', isTTY: true }] as const) {
      const { logger, lines } = memoryLogger(options)
      logger.child(fields).info(fields, message)
      // The colours of pretty lines are their own.
      const written = options.format === 'pretty' ? stripVTControlCharacters(lines.join('')) : lines.join('')
      for (const code of [...CONTROLS, ...OF_C0]) {
        expect(written).not.toContain(String.fromCodePoint(code))
        const escapes = [`\\u${code.toString(16).padStart(4, '0')}`, SHORT_ESCAPES.get(code)]
        const isEscaped = escapes.some((form) => form !== undefined && written.includes(form))
        if (options.format === 'pretty' || code >= 0x7f) expect([code, isEscaped]).toEqual([code, true])
      }
      expect(written).toContain('é 世 🚀 \u00a0')
    }
  })

  test('a line of JSON stays the same JSON', () => {
    const { logger, lines } = memoryLogger()
    logger.info({ path: text }, text)
    expect(JSON.parse(lines.join(''))).toMatchObject({ path: text, msg: text })
  })
})

describe('format', () => {
  test('json is one object per line, with level, time and message', () => {
    const { logger, lines } = memoryLogger()
    logger.info({ method: 'SayHello' }, 'call')
    logger.warn('two\nlines')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 30, time: expect.any(Number), method: 'SayHello', msg: 'call' }),
      expect.objectContaining({ level: 40, msg: 'two\nlines' }),
    ])
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
  })

  test('pretty is human-readable, without colours if there is no terminal', () => {
    const { logger, lines } = memoryLogger({ format: 'pretty' })
    logger.info({ method: 'SayHello' }, 'call')
    expect(lines.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {6}call method=SayHello\n$/)
  })

  test('auto is json without a terminal', () => {
    const { logger, lines } = memoryLogger({ format: 'auto' })
    logger.info('call')
    expect(JSON.parse(lines.join(''))).toMatchObject({ msg: 'call' })
  })

  test('auto is pretty and coloured on a terminal', () => {
    vi.stubEnv('NO_COLOR', '')
    const { logger, lines } = memoryLogger({ format: 'auto', isTTY: true })
    logger.info('call')
    expect(lines.join('')).toContain('INFO')
    expect(lines.join('')).toContain(ESCAPE)
  })

  test('NO_COLOR disables colours', () => {
    vi.stubEnv('NO_COLOR', '1')
    const { logger, lines } = memoryLogger({ format: 'auto', isTTY: true })
    logger.info('call')
    expect(lines.join('')).toMatch(/ INFO +call\n$/)
    expect(lines.join('')).not.toContain(ESCAPE)
  })

  test('json stays json on a terminal', () => {
    const { logger, lines } = memoryLogger({ format: 'json', isTTY: true })
    logger.info('call')
    expect(JSON.parse(lines.join(''))).toMatchObject({ msg: 'call' })
  })
})

describe('level', () => {
  test('lines below it are not written, and it can be changed', () => {
    const { logger, lines } = memoryLogger({ level: 'warn' })
    logger.info('no')
    logger.warn('yes')
    logger.level = 'debug'
    logger.debug('now')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['yes', 'now'])
  })

  test('silent writes nothing', () => {
    const { logger, lines } = memoryLogger({ level: 'silent' })
    logger.fatal('no')
    expect(lines).toEqual([])
  })
})

describe('credentials', () => {
  const headers = {
    host: 'a.example',
    authorization: 'Bearer s3cret',
    'Proxy-Authorization': 's3cret',
    cookie: 'id=s3cret',
    'set-cookie': ['id=s3cret'],
    'x-api-key': 's3cret',
    'token-bin': 's3cret',
  }

  test.each<[string, object]>([
    ['headers', { headers }],
    ['headers of a request', { req: { method: 'GET', headers } }],
    ['trailers further in', { call: { response: { trailers: headers } } }],
    ['raw headers', { rawHeaders: Object.entries(headers).flat() }],
    ['fields of an error', { err: Object.assign(new Error('refused'), { headers, host: 'a.example' }) }],
    ['fields of a cause', { err: new Error('refused', { cause: Object.assign(new Error('inner'), { headers }) }) }],
  ])('in %s are hidden, and adjacent fields are not', (_, fields) => {
    const { logger, lines } = memoryLogger()
    logger.info(fields, 'call')
    expect(lines.join('')).toContain('a.example')
    expect(lines.join('')).not.toContain('s3cret')
  })

  test('are hidden in fields of the line', () => {
    const { logger, lines } = memoryLogger()
    logger.info({ authorization: 's3cret', 'set-cookie': ['s3cret'], 'x-api-key': 's3cret', n: 1 }, 'call')
    expect(JSON.parse(lines.join(''))).toMatchObject({ authorization: '[redacted]', n: 1 })
    expect(lines.join('')).not.toContain('s3cret')
  })

  test('are hidden in child loggers', () => {
    const { logger, lines } = memoryLogger()
    logger.child({ headers, cookie: 's3cret' }).info('call')
    expect(JSON.parse(lines.join(''))).toMatchObject({ headers: { host: 'a.example' }, cookie: '[redacted]' })
    expect(lines.join('')).not.toContain('s3cret')
  })

  test('are hidden in the message', () => {
    const { logger, lines } = memoryLogger()
    logger.info('headers %j', headers)
    expect(lines.join('')).toContain('a.example')
    expect(lines.join('')).not.toContain('s3cret')
  })

  test('are hidden in pretty lines', () => {
    const { logger, lines } = memoryLogger({ format: 'pretty' })
    logger.info({ headers }, 'call')
    expect(lines.join('')).toContain('a.example')
    expect(lines.join('')).not.toContain('s3cret')
  })

  test('remain in the object that was logged', () => {
    const { logger } = memoryLogger()
    const logged = { headers: { cookie: 'mine' } }
    logger.info(logged)
    expect(logged).toEqual({ headers: { cookie: 'mine' } })
  })
})

test('an error keeps its causes, each with its stack', () => {
  const { logger, lines } = memoryLogger()
  const root = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
  logger.error(new Error('call failed', { cause: new Error('no backend', { cause: root }) }))
  expect(JSON.parse(lines.join(''))).toMatchObject({
    msg: 'call failed',
    err: {
      type: 'Error',
      message: 'call failed',
      cause: { message: 'no backend', cause: { message: 'connection refused', code: 'ECONNREFUSED' } },
    },
  })
  expect(JSON.parse(lines.join('')).err.cause.cause.stack).toContain('connection refused')
})

test.each<[string, unknown]>([
  ['a bigint', 12n],
  ['undefined', undefined],
  ['a symbol', Symbol('s')],
  ['a getter that throws', Object.defineProperty({}, 'x', { enumerable: true, get: () => fail() })],
  ['an object that holds itself', holdsItself()],
])('%s as a field does not throw', (_, value) => {
  const { logger, lines } = memoryLogger()
  logger.info({ value, n: 1 }, 'call')
  expect(JSON.parse(lines.join(''))).toMatchObject({ n: 1, msg: 'call' })
})

test("Fastify accepts it, and Fastify's own lines hide credentials and keep causes as ours do", async () => {
  const { logger, lines } = memoryLogger()
  const app = fastify({ loggerInstance: logger })
  app.get('/', async (request) => {
    request.log.info({ headers: request.headers }, 'seen')
    throw new Error('outer', { cause: new Error('inner') })
  })
  await app.inject({ url: '/', headers: { authorization: 's3cret', 'x-request-id': 'abc' } })
  await app.close()
  const entries = lines.map((line) => JSON.parse(line))
  expect(entries.find((entry) => entry.msg === 'seen').headers).toMatchObject({
    authorization: '[redacted]',
    'x-request-id': 'abc',
  })
  expect(entries.find((entry) => entry.err !== undefined).err).toMatchObject({ cause: { message: 'inner' } })
  expect(lines.join('')).not.toContain('s3cret')
})

describe('stdout', () => {
  test('the last lines are written when the process exits', async () => {
    const child = run(`
      for (let n = 1; n <= 500; n++) logger.info({ n })
      process.exit(3)`)
    const [output, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'close')])
    const numbers = numbersIn(Buffer.concat(output))
    expect(code).toBe(3)
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
  })

  test.each([
    ['an uncaught error', 'throw new Error("nobody caught this")', 1],
    ['process.exit', 'process.exit(3)', 3],
    ['the end of the event loop', '', 0],
    ['flush', 'logger.flush(() => process.exit(4))', 4],
  ])('the lines of the last turn are written at %s, behind those before', async (_what, end, exitCode) => {
    const child = run(`
      let count = 0
      const logMany = () => { while (count % 3_000 < 2_999) logger.info({ n: ++count, text: 'é'.repeat(50) }) ; count++ }
      logMany()
      await setImmediate()
      logMany()
      ${end}`)
    child.stderr.resume()
    const [output, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'close')])
    const numbers = numbersIn(Buffer.concat(output))
    expect(code).toBe(exitCode)
    const first = Array.from({ length: 2_999 }, (_, index) => index + 1)
    expect(numbers).toEqual([...first, ...first.map((n) => n + 3_000)])
  })

  test('the lines of a turn leave in one write', async () => {
    const child = run(`
      for (let n = 0; n < 100; n++) logger.info({ n })
      await once(process.stdin, 'data')`)
    const [chunk] = await once(child.stdout, 'data')
    child.stdin.end('go')
    await once(child, 'close')
    expect(chunk.toString().split('\n')).toHaveLength(101)
  })

  test('a fatal line is written at once, behind those before', async () => {
    const child = run(`
      const { readSync } = await import('node:fs')
      logger.info({ n: 1 })
      logger.fatal({ n: 2 })
      readSync(0, new Uint8Array(1))`)
    const [chunk] = await once(child.stdout, 'data')
    child.stdin.end('go')
    await once(child, 'close')
    expect(numbersIn(chunk)).toEqual([1, 2])
  })

  test('a reader that disconnects does not end the process', async () => {
    const child = run(`
      logger.info('first')
      await once(process.stdin, 'data')
      for (let n = 0; n < 100; n++) {
        logger.info({ n })
        await setImmediate()
      }
      process.stderr.write('still here')`)
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await once(child.stdout, 'close')
    child.stdin.end('go')
    const [errors, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close')])
    expect(Buffer.concat(errors).toString()).toBe('still here')
    expect(code).toBe(0)
  })
})

function memoryLogger({
  level = 'trace',
  format = 'json',
  isTTY = false,
}: Partial<LoggerOptions & { isTTY: boolean }> = {}) {
  const lines: string[] = []
  const logger = createLogger(pino, { level, format }, { isTTY, write: (line) => lines.push(line) })
  return { logger, lines }
}

/** Runs a script that has `logger`, which writes to its stdout. */
function run(script: string) {
  const source = `
    import { once } from 'node:events'
    import { setImmediate } from 'node:timers/promises'
    import * as pino from 'pino'
    import { createLogger } from '${LOGGER_MODULE}'
    const logger = createLogger(pino, { level: 'info', format: 'auto' })
    ${script}`
  return spawn(process.execPath, [...NODE_FLAGS, '--eval', source], { stdio: 'pipe' })
}

/** The field `n` of each line. */
function numbersIn(output: Buffer): unknown[] {
  const lines = output.toString().trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line).n)
}

function holdsItself(): object {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  return loop
}

function fail(): never {
  throw new Error('read')
}
