/** REST requests that are made to cost much, or to reach more than their message: each gets a clear response, and other calls go on. */
import { connect } from 'node:http2'
import { fromJsonString, toJsonString } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { REST_PRESETS, type RestPreset } from '../../../server/rpc/protocols/rest/rest-options.ts'
import { KindService, type Kinds, KindsSchema } from '../../gen/kinds/v1/kinds_pb.js'
import { type StartedApp, startRoutes } from '../../support/demo-server.ts'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchangeOn } from '../../support/exchange.ts'
import { RawSocket } from '../../support/raw-socket.ts'

const MANY = 10_000
const SLASHES = 64_000
const NOT_FOUND = { status: 404, code: 5 }
const INVALID = { status: 400, code: 3 }
const OK = { status: 200 }

/** Every path of eight segments of `a` or any text: a search that takes back its steps has 256 ways to try. */
const CROSSING = Array.from({ length: 256 }, (_, bits) => {
  const segments = Array.from({ length: 8 }, (_unused, index) => ((bits >> index) & 1 ? 'a' : '*'))
  return { get: `/v1/cross/${segments.join('/')}/end` }
})
const TAILS = [{ get: '/v1/tail/**/a/b/end' }, { get: '/v1/tail/*/**/b/end' }, { get: '/v1/tail/a/**/end:verb' }]
const RULES = [
  {
    selector: 'kinds.v1.KindService.Get',
    get: '/v1/kinds',
    additionalBindings: [
      { get: '/v1/kinds/string/{string_value}' },
      { get: '/v1/kinds/{nested.name=a/*/b/**}' },
      ...CROSSING,
      ...TAILS,
    ],
  },
  {
    selector: 'kinds.v1.KindService.Post',
    post: '/v1/kinds',
    body: '*',
    additionalBindings: [{ post: '/v1/kinds/string/{string_value}', body: '*' }],
  },
]

interface HostileCase extends ExchangeInit {
  readonly name: string
  /** Of the response, and the code of its error. */
  readonly expected: { readonly status: number; readonly code?: number }
}

const CASES: readonly HostileCase[] = [
  get('64,000 slashes in a value', `/v1/kinds/string/${'/'.repeat(SLASHES)}`, NOT_FOUND),
  get('32,000 segments', `/v1/kinds/string/${'a/'.repeat(SLASHES / 2)}`, NOT_FOUND),
  get('32,000 segments where any number is taken', `/v1/kinds/a/x/b/${'a/'.repeat(SLASHES / 2)}a`, OK),
  get('64,000 escaped slashes in a value', `/v1/kinds/string/${'%2F'.repeat(SLASHES)}`, OK),
  get('templates with 256 ways to a dead end', `/v1/cross${'/a'.repeat(8)}/dead`, NOT_FOUND),
  get('any number of segments before a tail that is missing', `/v1/tail${'/a/b'.repeat(SLASHES / 4)}/dead`, NOT_FOUND),
  get('64,000 colons', `/v1/tail/a${':'.repeat(SLASHES)}`, NOT_FOUND),
  get('10,000 parameters', `/v1/kinds?${'strings=a&'.repeat(MANY)}strings=a`, INVALID),
  get('10,000 unknown parameters', `/v1/kinds?${'unknown=a&'.repeat(MANY)}`, INVALID),
  get('10,000 parameters of one singular field', `/v1/kinds?${'int32_value=1&'.repeat(MANY)}`, INVALID),
  get('10,000 separators', `/v1/kinds?${'&'.repeat(MANY)}`, OK),
  get('a parameter whose name has 10,000 parts', `/v1/kinds?${'same.'.repeat(MANY)}int32_value=1`, INVALID),
  post('an object 10,000 deep', nest('{"same":', '{}', '}'), INVALID),
  post('an unknown array 10,000 deep', `{"unknown":${nest('[', '', ']')}}`, INVALID),
  post('an unknown object 10,000 deep', `{"unknown":${nest('{"a":', '1', '}')}}`, INVALID),
  post('a google.protobuf.Value 10,000 deep', `{"value":${nest('[', '1', ']')}}`, INVALID),
  post('a google.protobuf.Struct 10,000 deep', `{"struct":${nest('{"a":', '1', '}')}}`, INVALID),
  post('a google.protobuf.ListValue 10,000 deep', `{"listValue":${nest('[', '1', ']')}}`, INVALID),
  post('maps of messages 10,000 deep', nest('{"stringToNested":{"a":{"inner":', '{}', '}}}'), INVALID),
  post('10,000 opening brackets', `{"value":${'['.repeat(MANY)}`, INVALID),
  post('the same key 10,000 times', `{${'"nested":{"inner":{}},'.repeat(MANY)}"int32Value":1}`, INVALID),
  post('100,000 keys that look like numbers', `{"int32ToString":${numberedKeys(100_000)}}`, OK),
]

function get(name: string, path: string, expected: HostileCase['expected']): HostileCase {
  return { name, method: 'GET', path, expected }
}

function post(name: string, body: string, expected: HostileCase['expected']): HostileCase {
  return { name, path: '/v1/kinds', headers: { 'content-type': 'application/json' }, body, expected }
}

function nest(open: string, inner: string, close: string): string {
  return `${open.repeat(MANY)}${inner}${close.repeat(MANY)}`
}

function numberedKeys(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"${index}":""`).join(',')}}`
}

function startKinds(listen: object = {}, preset: RestPreset = 'google'): Promise<StartedApp> {
  const echo = (request: Kinds) => request
  return startRoutes({
    lane: 'native',
    listen,
    rest: { preset, rules: RULES },
    routes: (router) => router.service(KindService, { get: echo, post: echo }),
  })
}

describe.each([
  ['HTTP/1.1', exchangeHttp1],
  ['HTTP/2', exchangeLargeHttp2],
] as const)('over %s', (_, exchange) => {
  let app: StartedApp
  beforeEach(async () => {
    app = await startKinds({ maxHeaderListBytes: 1_048_576 })
  })

  it.each(CASES)('$name', async ({ expected, name: _name, ...request }) => {
    const others = Array.from({ length: 5 }, (_unused, index) =>
      exchange(app.origin, { method: 'GET', path: `/v1/kinds/string/other${index}` }),
    )
    const { status, headers, body } = await exchange(app.origin, request)
    const answers = await Promise.all(others)

    const text = body.toString()
    expect([status, headers['content-type']], text.slice(0, 500)).toEqual([expected.status, 'application/json'])
    if (expected.code !== undefined) {
      expect(JSON.parse(text)).toMatchObject({ code: expected.code, message: expect.stringMatching(/^.{5,500}$/) })
    }
    expect(answers.map((answer) => answer.body.toString())).toEqual(
      answers.map((_unused, index) => `{"stringValue":"other${index}"}`),
    )
  })

  it('keeps names of properties that every object has as data', async () => {
    const json =
      '{"stringToString":{"__proto__":"a","constructor":"b"},"struct":{"__proto__":{"polluted":true}},"constructor":"c"}'
    const { body } = await exchange(app.origin, { path: '/v1/kinds', headers: JSON_TYPE, body: json })

    expect(body.toString()).toContain('"__proto__":"a"')
    expect(toJsonString(KindsSchema, fromJsonString(KindsSchema, body.toString()))).toContain('{"polluted":true}')
    expectCleanObjects()
  })

  it.each([
    '__proto__',
    '__proto__.polluted',
    'nested.__proto__.polluted',
    'constructor.prototype.polluted',
    'hasOwnProperty',
    'nested.toString',
  ])('rejects the parameter %s, which is no field', async (key) => {
    const { status, body } = await exchange(app.origin, { method: 'GET', path: `/v1/kinds?${key}=1` })

    expect([status, JSON.parse(body.toString())]).toMatchObject([400, { code: 3 }])
    expectCleanObjects()
  })

  it('takes a parameter whose field has the name of a property that every object has', async () => {
    const { body } = await exchange(app.origin, { method: 'GET', path: '/v1/kinds?constructor=a&to_string=b' })
    expect(JSON.parse(body.toString())).toEqual({ constructor: 'a', toString: 'b' })
  })

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"nested":{"__proto__":{"polluted":true}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ])('does not let a body reach beyond its message: %s', async (json) => {
    const { status, body } = await exchange(app.origin, { path: '/v1/kinds', headers: JSON_TYPE, body: json })

    expect(body.toString()).not.toContain('polluted":true')
    expect([200, 400]).toContain(status)
    expectCleanObjects()
  })
})

/** Node's client refuses to send more than 64 KiB of headers unless told otherwise. */
async function exchangeLargeHttp2(origin: string, init: ExchangeInit): Promise<Exchanged> {
  const session = connect(origin, { maxSendHeaderBlockLength: 1_048_576 })
  session.on('error', () => {})
  try {
    return await exchangeOn(session, init)
  } finally {
    session.destroy()
  }
}

describe.each(REST_PRESETS)('with the preset %s', (preset) => {
  it.each([
    ['the same field', 'string_value'],
    ['its JSON name', 'stringValue'],
  ])('does not let a parameter replace a variable of the path: %s', async (_, name) => {
    const app = await startKinds({}, preset)
    const path = `/v1/kinds/string/me?${name}=victim`
    const { status, body } = await exchangeHttp1(app.origin, { method: 'GET', path })

    expect([200, 400]).toContain(status)
    if (status === 200) expect(JSON.parse(body.toString())).toMatchObject({ stringValue: 'me' })
    expect(body.toString()).not.toContain('victim')
  })

  it('does not let a body replace a variable of the path', async () => {
    const app = await startKinds({}, preset)
    const request = { path: '/v1/kinds/string/me', headers: JSON_TYPE, body: '{"stringValue":"victim"}' }
    const { status, body } = await exchangeHttp1(app.origin, request)

    expect([status, JSON.parse(body.toString())]).toMatchObject([200, { stringValue: 'me' }])
  })
})

describe('with the default limit of a request head', () => {
  it('refuses a path of 64,000 slashes over HTTP/1.1, and serves the next connection', async () => {
    const { port } = await startKinds()
    const raw = await RawSocket.open({ port })
    raw.write(`GET /v1${'/'.repeat(SLASHES)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 431 /)

    const next = await RawSocket.open({ port })
    next.write('GET /v1/kinds/string/next HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await next.untilText('"next"}')).toMatch(/^HTTP\/1\.1 200 /)
  })
})

const JSON_TYPE = { 'content-type': 'application/json' }

function expectCleanObjects(): void {
  expect('polluted' in {}).toBe(false)
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(PROTOTYPE_NAMES)
}

const PROTOTYPE_NAMES = Object.getOwnPropertyNames(Object.prototype)

afterEach(expectCleanObjects)
