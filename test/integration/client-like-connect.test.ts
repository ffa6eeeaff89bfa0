/** What a caller and its interceptors see of a call, compared with Connect's own transports for the same script. */
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_WAYS, type ClientWay } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'

type Client = ReturnType<typeof createClient<typeof GreeterService>>
type Script = (client: Client, reason: unknown) => Promise<unknown>

const THEIRS = { grpc: createGrpcTransport, 'grpc-web': createGrpcWebTransport, connect: createConnectTransport }

/** What callers abort with; undefined: nothing. */
const REASONS: Readonly<Record<string, unknown>> = {
  'an error': new Error('gone fishing'),
  'an error of a type': new TypeError('not that'),
  'a ConnectError': new ConnectError('mine', Code.DataLoss),
  'a text': 'why not',
  null: null,
  'an object': { a: 1 },
  'a DOMException': new DOMException('late', 'TimeoutError'),
  nothing: undefined,
}

const SCRIPTS: Readonly<Record<string, Script>> = {
  'a unary call that has not begun': (client, reason) => client.sayHello({}, { signal: AbortSignal.abort(reason) }),
  'a unary call': async (client, reason) => {
    const controller = new AbortController()
    const call = client.sayHello({}, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    return await call
  },
  'a stream of the server': async (client, reason) => {
    const controller = new AbortController()
    for await (const _ of client.getStream({}, { signal: controller.signal })) controller.abort(reason)
  },
  'a stream of the client': async (client, reason) => {
    const controller = new AbortController()
    async function* requests() {
      yield {}
      controller.abort(reason)
      yield {}
    }
    return await client.putStream(requests(), { signal: controller.signal })
  },
}

const CASES = CLIENT_WAYS.flatMap((way) =>
  Object.entries(SCRIPTS).flatMap(([name, script]) =>
    Object.entries(REASONS).map(
      ([what, reason]) =>
        [`${name}, ${what}, ${way.protocol} over ${way.httpVersion}`, { way, script, reason }] as const,
    ),
  ),
)

async function startGreeter(): Promise<string> {
  const { origin } = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        sayHello: (_request, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
        async *getStream(_request, { signal }) {
          yield { data: 'first' }
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        async putStream(requests) {
          for await (const _ of requests);
          return {}
        },
      }),
  })
  return origin
}

/** Ours, and Connect's. */
function transports(
  baseUrl: string,
  { protocol, httpVersion }: ClientWay,
  interceptors: Interceptor[] = [],
): Transport[] {
  const ours = createTransport({ baseUrl, protocol, httpVersion, interceptors })
  onTestFinished(() => ours.close())
  return [ours, THEIRS[protocol]({ baseUrl, httpVersion, interceptors })]
}

/** How a call ended for its caller. */
async function endOf(call: Promise<unknown>) {
  const error = await call.then(
    () => new Error('it ended well'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ConnectError)) return error
  const { code, rawMessage, cause } = error
  return { code: Code[code], rawMessage, cause }
}

test.each(CASES)('keeps the message of an abort reason, as Connect does: %s', async (_, { way, script, reason }) => {
  const origin = await startGreeter()
  const [ours, theirs] = await Promise.all(
    transports(origin, way).map((transport) => endOf(script(createClient(GreeterService, transport), reason))),
  )
  expect(ours).toEqual(theirs)
})

test.each(CLIENT_WAYS)('interceptors see the protocol headers: $protocol over $httpVersion', async (way) => {
  const origin = await startGreeter()
  const seen: (readonly [string, string])[][] = []
  const look: Interceptor = (next) => (request) => {
    const shown = ['content-type', 'connect-protocol-version', 'te']
    seen.push(
      [...request.header].filter(
        ([name]) => shown.includes(name) || name.endsWith('-timeout') || name.endsWith('-timeout-ms'),
      ),
    )
    return next(request)
  }
  for (const transport of transports(origin, way, [look])) {
    const client = createClient(GreeterService, transport)
    await endOf(client.sayHello({}, { timeoutMs: 20 }))
    await endOf(client.sayHello({}, { signal: AbortSignal.timeout(20) }))
    await endOf(SCRIPTS['a stream of the client']?.(client, 'enough') ?? Promise.resolve())
  }
  expect(seen.slice(0, 3)).toEqual(seen.slice(3))
})
