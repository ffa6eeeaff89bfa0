/** Rules in protos are checked over every protocol, and clients decode what is wrong (IC-6). */
import { create, type DescMethod } from '@bufbuild/protobuf'
import { ViolationsSchema } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { createConnectTransport } from '../../client/web/connect/public.ts'
import { createGrpcWebTransport } from '../../client/web/grpc-web/public.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import { type ValidateOptions, validate } from '../../server/validation/validate.ts'
import { OrderService, type PlaceRequest, PlaceRequestSchema } from '../gen/orders/v1/orders_pb.js'
import { runProgram } from '../support/client-program.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'

const CLEARTEXT = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const VALID = { item: 'pen', quantity: 1 }
const CUP = { ...VALID, item: 'cup' }
const INVALID = { item: '', quantity: 101 }
const ITEM = {
  ruleId: 'string.min_len',
  message: 'must be at least 1 characters',
  field: { elements: [{ fieldName: 'item', fieldNumber: 1 }] },
}

/** A server that notes the messages that its handlers get. */
async function start({ lane = 'native', ...options }: ValidateOptions & { readonly lane?: Lane } = {}) {
  const got: string[] = []
  const log = new LogCapture()
  const note = ({ item }: PlaceRequest) => {
    got.push(item)
    return { id: item === 'bad' ? '' : item }
  }
  const routes = (router: ConnectRouter) =>
    router.service(OrderService, {
      place: note,
      async import(requests) {
        for await (const request of requests) note(request)
        return { id: 'all' }
      },
      async *watch({ id }) {
        got.push(id)
        try {
          yield { id }
          yield { id: '' }
        } finally {
          got.push('released')
        }
      },
      async *trade(requests) {
        for await (const request of requests) yield note(request)
      },
      ping: () => ({}),
    })
  const app = await startRoutes({
    lane,
    routes: (router) => void routes(router),
    middleware: [validate(options)],
    logger: log.logger,
  })
  return { ...app, got, log }
}

async function* requests(...inits: readonly Partial<typeof VALID>[]) {
  for (const init of inits) yield create(PlaceRequestSchema, init)
}

/** The error of a call, and its decoded violations. */
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call succeeded'),
    (thrown: unknown) => ConnectError.from(thrown),
  )
  const violations = error.findDetails(ViolationsSchema).flatMap((detail) => detail.violations)
  return { code: error.code, message: error.rawMessage, violations }
}

describe.each(LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const)))(
  'on the %s lane, by %s',
  (lane, _name, row) => {
    async function open(options: ValidateOptions = {}) {
      const server = await start({ lane, ...options })
      const { transport, close } = openTransport(row, { port: server.port, ca: '' })
      onTestFinished(close)
      return { ...server, client: createClient(OrderService, transport) }
    }

    test('requests are refused with their violations, in streams too, and responses are not checked', async () => {
      const { client, got } = await open()
      expect(await client.place(VALID)).toMatchObject({ id: 'pen' })
      expect(await failureOf(client.place({ ...INVALID, tags: ['x'] }))).toMatchObject({
        code: Code.InvalidArgument,
        message: 'item: must be at least 1 characters, and 2 more violations',
        violations: [ITEM, { ruleId: 'uint32.gte_lte' }, { field: { elements: [{ fieldName: 'tags' }] } }],
      })
      const unnamed = await failureOf(collect(client.watch({})))
      expect(unnamed).toMatchObject({ code: Code.InvalidArgument, violations: [{ ruleId: 'string.min_len' }] })
      expect(got.splice(0)).toEqual(['pen'])

      expect(await client.import(requests(VALID, CUP))).toMatchObject({ id: 'all' })
      const imported = await failureOf(client.import(requests(VALID, INVALID, CUP)))
      expect(imported).toMatchObject({ code: Code.InvalidArgument, violations: [ITEM, {}] })
      expect(got.splice(0)).toEqual(['pen', 'cup', 'pen'])

      await client.ping({})
      expect(await client.place({ ...VALID, item: 'bad' })).toMatchObject({ id: '' })
      expect(await collect(client.watch({ id: 'x' }))).toHaveLength(2)
    })

    test('responses are checked if asked for, and the handler of a stream ends', async () => {
      const { client, got, log } = await open({ responses: true })
      const failure = { code: Code.Internal, message: 'the response is not valid', violations: [] }
      expect(await failureOf(client.place({ ...VALID, item: 'bad' }))).toEqual(failure)
      const line = { type: 'orders.v1.PlaceResponse', violation: 'id: must be at least 1 characters' }
      expect(log.withMessage('response is not valid')).toMatchObject([line])
      await client.place(VALID)
      got.length = 0
      const received: string[] = []
      const reading = async () => {
        for await (const { id } of client.watch({ id: 'x' })) received.push(id)
      }
      expect(await failureOf(reading())).toEqual(failure)
      expect(received).toEqual(['x'])
      await vi.waitFor(() => expect(got).toEqual(['x', 'released']))
    })

    if (row.httpVersion === '2')
      test('a stream both ways ends at the first invalid message', async () => {
        const { client, got } = await open()
        const received: string[] = []
        const reading = async () => {
          for await (const { id } of client.trade(requests(VALID, CUP, INVALID, VALID))) received.push(id)
        }
        expect(await failureOf(reading())).toMatchObject({ code: Code.InvalidArgument, violations: [ITEM, {}] })
        expect(received).toEqual(['pen', 'cup'])
        expect(got).toEqual(['pen', 'cup'])
      })
  },
)

const PAGE_TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ['Connect, JSON', (baseUrl) => createConnectTransport({ baseUrl })],
  ['Connect, binary', (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true })],
  ['gRPC-Web, binary', (baseUrl) => createGrpcWebTransport({ baseUrl })],
  ['gRPC-Web, JSON', (baseUrl) => createGrpcWebTransport({ baseUrl, useBinaryFormat: false })],
]

test('IC-6: pages and clients decode violations by every protocol', async () => {
  const { origin } = await start()
  for (const [name, openPage] of PAGE_TRANSPORTS) {
    const client = createClient(OrderService, openPage(origin))
    const { violations } = await failureOf(client.place(INVALID))
    expect(violations, name).toMatchObject([ITEM, { ruleId: 'uint32.gte_lte' }])
    expect((await failureOf(collect(client.watch({})))).violations, name).toHaveLength(1)
  }
  for (const way of CLIENT_WAYS) {
    await using transport = createTransport({ baseUrl: origin, ...way })
    const { violations } = await failureOf(createClient(OrderService, transport).place(INVALID))
    expect(violations, JSON.stringify(way)).toMatchObject([ITEM, { ruleId: 'uint32.gte_lte' }])
  }
})

test('portico call prints violations', async () => {
  const { origin } = await start()
  const { code, stderr } = await runProgram(['call', origin, 'orders.v1.OrderService/Place', '-d', '{"quantity":1}'])
  expect(code).toBe(64 + Code.InvalidArgument)
  expect(stderr).toContain('item: must be at least 1 characters')
  expect(stderr).toContain('buf.validate.Violations')
  expect(stderr).toContain('"ruleId":"string.min_len"')
})

test('methods whose messages have no rules are left out', () => {
  const left = (options: ValidateOptions) => (method: DescMethod) => validate(options).appliesTo?.(method) === false
  expect(OrderService.methods.filter(left({})).map(({ name }) => name)).toEqual(['Ping'])
  expect(OrderService.methods.filter(left({ responses: true })).map(({ name }) => name)).toEqual(['Ping'])
})

test('options that are not known are refused', () => {
  expect(() => validate({ response: true } as ValidateOptions)).toThrow(
    'validate: response is unknown: did you mean responses?',
  )
})
