import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { type BannerFacts, bannerText } from '../../../../server/terminal/banner.ts'
import { logLineFormatter } from '../../../../server/terminal/format-log-line.ts'
import { paintFor } from '../../../../server/terminal/paint.ts'
import { readPage, readText } from '../../../support/pages/read-page.ts'
import { compileProtos, schemaOf } from '../../../support/proto-schema.ts'

const BASE = {
  title: 'shop 1.0.0 on Portico 0.2.0',
  startMs: 132.4,
  addresses: ['http://127.0.0.1:8080'],
  url: 'http://127.0.0.1:8080',
  hasPage: false,
  consolePath: null,
  hasHealth: true,
  hasReflection: true,
  hasConnect: true,
  processes: 1,
  requiresVersion: false,
  wantsCertificates: false,
  rest: new Map(),
  program: 'npx portico',
} as const

const SHOP = methodsOf(`
  syntax = "proto3";
  package shop.v1;
  message Order { int64 id = 1; string customer_name = 2; string note = 3; }
  message Empty {}
  service Events { rpc Watch(Empty) returns (stream Order); }
  service Shop { rpc Place(Order) returns (Empty); rpc Ping(Empty) returns (Empty); }
`)

/** The methods of a proto file, service by service. */
function methodsOf(proto: string): DescMethod[] {
  const files = compileProtos({ 'shop.proto': proto })
  const services: DescService[] = []
  for (const type of schemaOf(files).schema.registry) if (type.kind === 'service') services.push(type)
  return services.flatMap(({ methods }) => methods)
}

function shown(facts: Partial<BannerFacts>): string {
  return bannerText({ ...BASE, methods: SHOP, ...facts }, paintFor(false))
}

test('says how many workers there are', () => {
  expect(shown({ processes: 4 })).toContain('ready in 132 ms, with 4 workers\n')
})

test('shows what started, where, what it serves, and how to try it', () => {
  expect(shown({ hasPage: true, consolePath: '/console/' })).toBe(`
  shop 1.0.0 on Portico 0.2.0 ready in 132 ms

  http://127.0.0.1:8080

  shop.v1.Events
    Watch  server stream
  shop.v1.Shop
    Place  unary
    Ping   unary

  also: a page at /, the console at /console/, health (grpc.health.v1), reflection (v1, v1alpha), probes (/livez, /readyz)

  $ curl -H 'content-type: application/json' -d '{"customerName":"example"}' http://127.0.0.1:8080/shop.v1.Shop/Place
  $ npx portico list http://127.0.0.1:8080

  Ctrl-C drains

`)
})

test('README shows what a terminal shows of the shop in the documentation', () => {
  const proto = readPage('docs/server/service.md').find(({ language }) => language === 'proto')?.body ?? ''
  const lines = [
    { method: 'shop.v1.ShopService/PlaceOrder', protocol: 'grpc', code: 'ok', durationMs: 1.23 },
    {
      method: 'shop.v1.ShopService/WatchOrder',
      protocol: 'connect',
      code: 'not_found',
      error: 'no order 7',
      durationMs: 0.41,
    },
  ].map((call) => logLineFormatter(paintFor(false))(JSON.stringify({ level: 30, time: 0, ...call, msg: 'call' })))
  const readme = readText('README.md')
  expect(readme).toContain(shown({ title: 'shop on Portico 0.2.0', methods: methodsOf(proto) }))
  for (const line of lines) expect(readme).toContain(line.replace(/^\S+ /, ''))
})

test('shows all addresses', () => {
  const addresses = ['https://127.0.0.1:8443', 'http://127.0.0.1:8443']
  expect(shown({ addresses })).toContain('\n\n  https://127.0.0.1:8443\n  http://127.0.0.1:8443\n\n')
})

test('does not list what is not served', () => {
  expect(shown({ hasHealth: false, hasReflection: false })).toContain('\n  also: probes (/livez, /readyz)\n')
})

test('shows how methods are called by REST, and a call that needs no header', () => {
  const [watch, place, ping] = SHOP
  const rest = new Map([
    [watch, { verb: 'GET', template: '/v1/events', examplePath: '/v1/events' }],
    [place, { verb: 'POST', template: '/v1/orders', examplePath: '/v1/orders' }],
    [ping, { verb: 'GET', template: '/v1/{name=pings/*}', examplePath: '/v1/pings/example' }],
  ]) as BannerFacts['rest']
  expect(shown({ rest, hasConnect: false })).toContain(`
  shop.v1.Events
    Watch  server stream  GET /v1/events
  shop.v1.Shop
    Place  unary          POST /v1/orders
    Ping   unary          GET /v1/{name=pings/*}

  also: health (grpc.health.v1), reflection (v1, v1alpha), probes (/livez, /readyz)

  $ curl http://127.0.0.1:8080/v1/pings/example
`)
})

describe('the curl example', () => {
  const curl = (facts: Partial<BannerFacts>) => /curl .*/.exec(shown(facts))?.[0]

  test('sends an empty message if no field is text', () => {
    expect(curl({ methods: SHOP.slice(2) })).toContain(` -d '{}' http://127.0.0.1:8080/shop.v1.Shop/Ping`)
  })

  test('accepts any certificate over TLS, and sends one if requested', () => {
    expect(curl({ url: 'https://127.0.0.1:8443' })).toMatch(/^curl -k -H/)
    expect(curl({ url: 'https://127.0.0.1:8443', wantsCertificates: true })).toContain(
      '-k --cert CERT.pem --key KEY.pem ',
    )
  })

  test('sends the Connect protocol version where it is required', () => {
    expect(curl({ requiresVersion: true })).toContain(" -H 'connect-protocol-version: 1' ")
  })

  test.each<[string, Partial<BannerFacts>]>([
    ['Connect is not served', { hasConnect: false }],
    ['no method is unary', { methods: SHOP.slice(0, 1) }],
    ['there are no services', { methods: [] }],
  ])('is hidden if %s', (_, facts) => {
    expect(curl(facts)).toBeUndefined()
  })
})

describe('the portico list example', () => {
  test('is hidden without reflection', () => {
    expect(shown({ hasReflection: false })).not.toContain('npx portico')
  })

  test('accepts any certificate over TLS', () => {
    const facts = { url: 'https://127.0.0.1:8443', wantsCertificates: true }
    expect(shown(facts)).toContain('list https://127.0.0.1:8443 --insecure --cert CERT.pem --key KEY.pem\n')
  })
})

test('of many services the first are shown, with the number of the others', () => {
  const services = Array.from({ length: 5 }, (_, index) => {
    const methods = Array.from({ length: 5 }, (__, at) => `rpc M${at}(Empty) returns (Empty);`)
    return `service S${index} { ${methods.join(' ')} }`
  })
  const methods = methodsOf(`syntax = "proto3"; package shop.v1; message Empty {} ${services.join('\n')}`)
  expect(shown({ methods })).toContain(
    '\n  shop.v1.S2\n    M0  unary\n    M1  unary\n  and 13 more methods, 2 more services among them\n\n',
  )
  expect(shown({ methods: methods.slice(0, 13) })).toContain('\n  and 1 more method\n\n')
  expect(shown({ methods: methods.slice(0, 12) })).not.toContain('more')
})
