import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Code, type ConnectRouter } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema, SayHelloResponseSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createCors } from '../../../../server/rpc/cors.ts'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import { MemoryExchange, type MemoryHead, memoryHead } from '../../../support/memory-exchange.ts'

const SAY_HELLO = '/greeter.v1.GreeterService/SayHello'
const PUBLISH = '/greeter.v1.GreeterService/Publish'
const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const ALL_STREAM = '/greeter.v1.GreeterService/AllStream'
const ADA = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' }))

const routes = (router: ConnectRouter) =>
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }), publish: () => ({}) })
const unreachable = (router: ConnectRouter) =>
  router.service(GreeterService, { sayHello: () => expect.unreachable(), publish: () => expect.unreachable() })

function typed(path: string, contentType: string, fields: MemoryHead['fields'] = []): MemoryHead {
  return { path, fields: [['content-type', contentType], ...fields] }
}

describe('paths', () => {
  const LOOK_ALIKES = [
    'greeter.v1.GreeterService/SayHello',
    '/greeter.v1.GreeterService',
    '/greeter.v1.GreeterService/',
    '/greeter.v1.GreeterService/SayHello/',
    '/greeter.v1.GreeterService//SayHello',
    '//greeter.v1.GreeterService/SayHello',
    '/greeter.v1.GreeterService/sayHello',
    '/greeter.v1.greeterservice/SayHello',
    '/GREETER.V1.GREETERSERVICE/SAYHELLO',
    '/greeter.v1.GreeterService/SayHello;x=1',
    '/greeter.v1.GreeterService/SayHello#',
    '/greeter.v1.GreeterService%2fSayHello',
    '/greeter.v1.GreeterService/%53ayHello',
    '/x/../greeter.v1.GreeterService/SayHello',
    '/./greeter.v1.GreeterService/SayHello',
    '/greeter.v1.GreeterService/SayHello\u0000',
    '/greeter.v1.GreeterService/SayHello ',
    '/constructor/constructor',
    '/__proto__',
    '*',
  ]

  test.each(LOOK_ALIKES)('%j reaches no handler over gRPC', (path) => {
    const exchange = createLaneBench(unreachable).request(grpcHead(path))
    expect(exchange.headers.get('grpc-status')).toBe(String(Code.Unimplemented))
    expect(exchange.releases).toBe(1)
  })

  test('a prefix applies to all of them', () => {
    const { lane, request } = createLaneBench(routes, { prefix: '/api' })
    expect(lane.paths).toContain(`/api${SAY_HELLO}`)
    const exchange = request(typed(`/api${SAY_HELLO}`, 'application/proto'))
    exchange.feed(ADA, true)
    expect(exchange.status).toBe(200)
    expect(request(grpcHead(SAY_HELLO)).headers.get('grpc-status')).toBe('12')
  })

  test('an unknown path is rejected in the protocol of the caller', () => {
    const { request } = createLaneBench(routes)
    const answers = (['application/grpc-web', 'application/connect+proto', 'application/json'] as const).map((type) =>
      request(typed('/none.Such/Method', type, [['connect-protocol-version', '1']])),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404])
    expect(answers[0]?.body.toString()).toContain('grpc-status: 12')
    expect(answers[1]?.body.toString()).toContain('"unimplemented"')
    expect(JSON.parse(answers[2]?.body.toString() ?? '')).toMatchObject({ code: 'unimplemented' })
  })

  test('recognizes the requests for its methods', () => {
    const { lane } = createLaneBench(routes, { prefix: '/api' })
    const named = (head: MemoryHead) => lane.methodOf(memoryHead(head)) === GreeterService.method.sayHello
    expect(named({ path: `/api${SAY_HELLO}` })).toBe(true)
    expect(named({ path: `/api${SAY_HELLO}?connect=v1`, method: 'GET' })).toBe(true)
    expect(named(typed(`/api${SAY_HELLO}`, 'text/plain'))).toBe(true)
    expect(named(typed(SAY_HELLO, 'application/grpc'))).toBe(false)
    expect(named(typed('/about', 'application/json'))).toBe(false)
  })
})

describe('verbs and content types', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'post'])(
    '%s is 405 and lists the allowed methods',
    (method) => {
      const exchange = createLaneBench(unreachable).request({ ...grpcHead(PUBLISH), method })
      expect(exchange.status).toBe(405)
      expect(exchange.headers.get('allow')).toBe('POST')
    },
  )

  test('a method without side effects allows GET too, if Connect is on', () => {
    const put = { ...grpcHead(SAY_HELLO), method: 'PUT' }
    expect(createLaneBench(unreachable).request(put).headers.get('allow')).toBe('GET, POST')
    const switches = { connect: false }
    expect(createLaneBench(unreachable, { switches }).request(put).headers.get('allow')).toBe('POST')
  })

  test.each([
    [SAY_HELLO, 'application/connect+proto'],
    [GET_STREAM, 'application/json'],
    [SAY_HELLO, 'text/plain'],
    [SAY_HELLO, 'application/x-www-form-urlencoded'],
    [SAY_HELLO, 'application/grpc+xml'],
  ])('%s by %s is 415 and lists the accepted types', (path, type) => {
    const exchange = createLaneBench(unreachable).request(typed(path, type))
    expect(exchange.status).toBe(415)
    const acceptable = exchange.headers.get('accept-post')?.split(', ')
    expect(acceptable).toContain('application/grpc')
    expect(acceptable).toContain(path === SAY_HELLO ? 'application/json' : 'application/connect+json')
    expect(acceptable).not.toContain(type)
    expect(exchange.body.toString()).toBe(`content-type must be one of ${acceptable?.join(', ')}\n`)
  })

  test('a missing content type is 415', () => {
    expect(createLaneBench(unreachable).request({ path: SAY_HELLO }).status).toBe(415)
  })

  test('a disabled protocol is 415', () => {
    const { request } = createLaneBench(unreachable, { switches: { grpc: false } })
    expect(request(grpcHead(SAY_HELLO)).status).toBe(415)
  })

  test('bidi over HTTP/1.1 is 505 and closes the connection', () => {
    const { lane } = createLaneBench(unreachable)
    const head = typed(ALL_STREAM, 'application/connect+proto')
    const exchange = new MemoryExchange(head, { connection: { httpVersion: '1.1' } })
    lane.accept(exchange)
    expect(exchange.status).toBe(505)
    expect(exchange.headers.get('connection')).toBe('close')
  })
})

describe('invalid headers', () => {
  test.each([
    ['host-mismatch', 400, 'internal', '13'],
    ['too-large', 431, 'resource_exhausted', '8'],
    ['connect', 501, 'unimplemented', '12'],
  ] as const)('%s', (verdict, status, code, grpcStatus) => {
    const { request } = createLaneBench(unreachable)
    const connect = request({ ...typed(SAY_HELLO, 'application/json', [['connect-protocol-version', '1']]), verdict })
    expect(connect.status).toBe(status)
    expect(JSON.parse(connect.body.toString())).toMatchObject({ code })
    const grpc = request({ ...grpcHead(SAY_HELLO), verdict })
    expect([grpc.status, grpc.headers.get('grpc-status')]).toEqual([status, grpcStatus])
  })

  test.each(['a b', 'caf\u00e9', 'user@host', ''])('P1 the authority %j', (authority) => {
    const exchange = createLaneBench(unreachable).request({ ...grpcHead(SAY_HELLO), authority })
    expect([exchange.status, exchange.headers.get('grpc-status')]).toEqual([400, '13'])
  })

  test.each(['a-bin', 'x-trace-bin'])('a malformed %s is INVALID_ARGUMENT and named', (name) => {
    const exchange = createLaneBench(unreachable).request(grpcHead(SAY_HELLO, [[name, '?']]))
    expect(exchange.headers.get('grpc-status')).toBe(String(Code.InvalidArgument))
    expect(exchange.headers.get('grpc-message')).toContain(name)
  })

  test('rejects more than one content type, even if one is valid', () => {
    const types = [
      ['content-type', 'application/grpc'],
      ['content-type', 'application/json'],
    ] as const
    for (const fields of [types, types.toReversed(), [types[0], types[0]]]) {
      expect(createLaneBench(unreachable).request({ path: SAY_HELLO, fields }).status).toBe(400)
    }
    const exchange = createLaneBench(unreachable).request({ path: SAY_HELLO, fields: types })
    expect(exchange.headers.get('grpc-status')).toBe(String(Code.Internal))
  })

  test('an unknown encoding is UNIMPLEMENTED and lists the supported ones', () => {
    const exchange = createLaneBench(unreachable).request(grpcHead(SAY_HELLO, [['grpc-encoding', 'snappy']]))
    expect(exchange.headers.get('grpc-status')).toBe(String(Code.Unimplemented))
    expect(exchange.headers.get('grpc-message')).toContain('gzip')
  })
})

describe('Connect GET', () => {
  const json = encodeURIComponent('{"name":"Ada"}')

  test('reads the message from the query, and marks the response no-store', () => {
    const exchange = createLaneBench(routes).request({
      method: 'GET',
      path: `${SAY_HELLO}?connect=v1&encoding=json&message=${json}`,
    })
    expect(JSON.parse(exchange.body.toString())).toEqual({ message: 'Hello Ada' })
    expect(exchange.headers.get('cache-control')).toBe('no-store')
  })

  test('a service can make a response cacheable', () => {
    const { request } = createLaneBench((router) =>
      router.service(GreeterService, {
        sayHello: (_request, { responseHeader }) => {
          responseHeader.set('cache-control', 'max-age=60')
          return {}
        },
      }),
    )
    const exchange = request({ method: 'GET', path: `${SAY_HELLO}?connect=v1&encoding=json&message={}` })
    expect(exchange.headers.get('cache-control')).toBe('max-age=60')
  })

  test('base64 contains protobuf; invalid base64 is INVALID_ARGUMENT', () => {
    const { request } = createLaneBench(routes)
    const path = `${SAY_HELLO}?connect=v1&encoding=proto&base64=1&message=`
    expect(request({ method: 'GET', path: path + Buffer.from(ADA).toString('base64url') }).status).toBe(200)
    expect(request({ method: 'GET', path: `${path}!` }).status).toBe(400)
  })

  test.each([
    ['protobuf', 'encoding=proto&message=%0a%08Ren%C3%A9%20A+', 'Hello Ren\u00e9 A '],
    ['an unknown field that is no text', 'encoding=proto&message=%78%96%01%0a%03Ada', 'Hello Ada'],
    ['an empty parameter', 'encoding=proto&message', 'Hello '],
  ])('without base64 the octets of the message are %s', (_name, query, message) => {
    const { request } = createLaneBench(routes)
    const exchange = request({ method: 'GET', path: `${SAY_HELLO}?connect=v1&${query}` })
    expect(exchange.status).toBe(200)
    expect(fromBinary(SayHelloResponseSchema, exchange.body)).toMatchObject({ message })
  })

  test('invalid UTF-8 in JSON is INVALID_ARGUMENT', () => {
    const { request } = createLaneBench(routes)
    const path = `${SAY_HELLO}?connect=v1&encoding=json&message={"name":"%ff"}`
    expect(request({ method: 'GET', path }).status).toBe(400)
  })

  test('without an encoding it is 415; a method with side effects is 405', () => {
    const { request } = createLaneBench(routes)
    const untyped = request({ method: 'GET', path: `${SAY_HELLO}?connect=v1` })
    expect(untyped.status).toBe(415)
    expect(untyped.body.toString()).toContain('encoding=json')
    expect(request({ method: 'GET', path: `${PUBLISH}?connect=v1&encoding=json&message={}` }).status).toBe(405)
  })
})

describe('CORS', () => {
  const cors = createCors({ origins: ['https://good.test'], exposedHeaders: ['x-more'] })

  function answer(origin: string | undefined, method = 'POST'): MemoryExchange {
    const { request } = createLaneBench(routes, { cors })
    const origins: [string, string][] = origin === undefined ? [] : [['origin', origin]]
    const exchange = request({ ...typed(SAY_HELLO, 'application/json', origins), method })
    if (method === 'POST') exchange.feed(Buffer.from('{}'), true)
    return exchange
  }

  test('an allowed origin can read the response', () => {
    const { headers } = answer('https://good.test')
    expect(headers.get('access-control-allow-origin')).toBe('https://good.test')
    expect(headers.get('access-control-expose-headers')).toContain('x-more')
    expect(headers.get('vary')).toBe('origin')
  })

  test.each([undefined, 'null', 'https://good.test.evil', 'https://good.test:8443', 'http://good.test'])(
    '%s does not',
    (origin) => {
      const { status, headers } = answer(origin)
      expect(status).toBe(200)
      expect(headers.has('access-control-allow-origin')).toBe(false)
      expect(headers.get('vary')).toBe('origin')
    },
  )

  test('preflights', () => {
    const good = answer('https://good.test', 'OPTIONS')
    expect([good.status, good.headers.get('access-control-max-age')]).toEqual([204, '7200'])
    expect(answer('https://evil.test', 'OPTIONS').status).toBe(403)
  })

  test('failures and rejections can be read too', () => {
    const { request } = createLaneBench(routes, { cors })
    const origin: [string, string] = ['origin', 'https://good.test']
    const refused = request(typed(SAY_HELLO, 'text/plain', [origin]))
    const failed = request(grpcHead(SAY_HELLO, [origin, ['grpc-timeout', 'x']]))
    for (const { headers } of [refused, failed]) expect(headers.has('access-control-allow-origin')).toBe(true)
  })
})

test('a plan is computed once per head, and shared by heads that differ in nothing relevant', () => {
  const { lane } = createLaneBench(routes)
  const plans = new Set<unknown>()
  for (let call = 0; call < 1_000; call++) {
    const fields = [
      ...(grpcHead(SAY_HELLO).fields ?? []),
      ['grpc-accept-encoding', `x${call},gzip`],
      ['id', `${call}`],
    ] as const
    const exchange = new MemoryExchange({ path: SAY_HELLO, fields })
    lane.accept(exchange)
    const { plan } = exchange.head
    lane.accept(exchange)
    expect(exchange.head.plan).toBe(plan)
    plans.add((plan as { call: unknown }).call)
  }
  expect(plans.size).toBe(1)
})

describe('one caller cannot affect another', () => {
  const ENCODINGS = ['undefined', 'null', 'gzip', 'gzip|', '|gzip', 'undefined|undefined', 'identity', 'br,gzip', '']

  /** The status of a call, and the encoding of its response. */
  function answersOf(
    bench: ReturnType<typeof createLaneBench>,
    encoding: string | undefined,
    accepted: string | undefined,
  ) {
    const fields: [string, string][] = []
    if (encoding !== undefined) fields.push(['grpc-encoding', encoding])
    if (accepted !== undefined) fields.push(['grpc-accept-encoding', accepted])
    const exchange = bench.request(grpcHead(SAY_HELLO, fields))
    if (!exchange.isEnded) exchange.feed(enveloped(SayHelloRequestSchema, { name: 'Ada' }), true)
    return [
      exchange.headers.get('grpc-status') ?? exchange.trailers.get('grpc-status'),
      exchange.headers.get('grpc-encoding'),
    ]
  }

  test('a request encoding named undefined is rejected, and a missing encoding is accepted', () => {
    const bench = createLaneBench(routes)
    expect(answersOf(bench, 'undefined', 'gzip')).toEqual(['12', null])
    expect(answersOf(bench, undefined, 'gzip')).toEqual(['0', 'gzip'])
    expect(answersOf(bench, 'undefined', 'gzip')).toEqual(['12', null])
  })

  test('whatever was requested before', () => {
    const shared = createLaneBench(routes)
    const heads = [undefined, ...ENCODINGS].flatMap((encoding) =>
      [undefined, ...ENCODINGS].map((accepted) => [encoding, accepted] as const),
    )
    for (const [encoding, accepted] of [...heads, ...heads.toReversed()]) {
      const alone = answersOf(createLaneBench(routes), encoding, accepted)
      expect(answersOf(shared, encoding, accepted), `${encoding} and ${accepted}`).toEqual(alone)
    }
  })
})

test('a path with a query is that of its method over gRPC, as on the reference lane', () => {
  const exchange = createLaneBench(routes).request(grpcHead(`${SAY_HELLO}?x=1`))
  exchange.feed(enveloped(SayHelloRequestSchema, { name: 'Ada' }), true)
  expect(exchange.trailers.get('grpc-status')).toBe('0')
})

test('a plan for an origin that only a function knows is not kept, as clients may invent any number', () => {
  const cors = createCors({ origins: () => true })
  const { request } = createLaneBench(routes, { cors })
  const ask = (origin?: string) => {
    const exchange = request(typed(SAY_HELLO, 'application/proto', origin === undefined ? [] : [['origin', origin]]))
    exchange.feed(ADA, true)
    return exchange
  }
  const [first, second] = [ask('https://x.test'), ask('https://x.test')]
  expect(first.headers.get('access-control-allow-origin')).toBe('https://x.test')
  expect(callPlanOf(first)).not.toBeNull()
  expect(callPlanOf(first)).not.toBe(callPlanOf(second))
  expect(callPlanOf(ask())).toBe(callPlanOf(ask()))
})

function callPlanOf({ head: { plan } }: MemoryExchange): unknown {
  return (plan as { readonly call: unknown }).call
}
