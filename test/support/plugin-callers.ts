/** Callers of an app with plugins: ordinary requests, and calls in each protocol, over each HTTP version. */
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { onTestFinished } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { oneOfEach } from './depth.ts'
import { exchangeHttp1, exchangeHttp2 } from './exchange.ts'
import { MATRIX, type MatrixRow, type MatrixTarget, openTransport } from './matrix.ts'
import { ROUTE } from './plugin-app.ts'

/** The response as a caller sees it. */
export interface Seen {
  /** `ok`, or the error code; for an ordinary request the one that its HTTP status maps to. */
  readonly code: 'ok' | keyof typeof Code
  /** Fields of the headers, and of the error. */
  readonly headers: Headers
  /** What the handler saw, once per message. */
  readonly saw: readonly string[]
  /** The error, of a call. */
  readonly error?: ConnectError
}

/** One way to ask. */
export interface Caller {
  /** For the names of tests, as in `a stream of gRPC-Web over HTTP/1.1`. */
  readonly name: string
  readonly kind: 'route' | 'unary' | 'stream'
  readonly protocol: 'HTTP' | MatrixRow['protocol']
  readonly httpVersion: '1.1' | '2'
  readonly isSecure: boolean
  /** Prepares a connection for repeated requests, which is closed when the running test ends. */
  open(target: MatrixTarget): Ask
}

/** Sends one request with these fields. Never rejects because of a response. */
export type Ask = (fields?: Readonly<Record<string, string>>) => Promise<Seen>

/** The field by which the app distinguishes callers. */
export const CALLER = 'x-caller'

/** The code for an HTTP status that a hook responds with. */
const CODES: Readonly<Record<number, Seen['code']>> = {
  200: 'ok',
  204: 'ok',
  400: 'InvalidArgument',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  429: 'ResourceExhausted',
  503: 'Unavailable',
}

const ROWS = MATRIX.filter(({ format }) => format === 'proto')

/** Calls: three protocols, unary and a stream, over HTTP/1.1, h2c and TLS. */
export const CALLS: readonly Caller[] = ROWS.flatMap((row) => [unaryCaller(row), streamCaller(row)])

/** Calls, and ordinary requests over the same ways. */
export const CALLERS: readonly Caller[] = [
  routeCaller('1.1', false),
  routeCaller('1.1', true),
  routeCaller('2', false),
  routeCaller('2', true),
  ...CALLS,
]

/** Returns a caller per protocol, including ordinary requests, and kind of call; each turn uses another HTTP version. */
export function callersOfTurn(turn: number, callers: readonly Caller[] = CALLERS): readonly Caller[] {
  return oneOfEach(callers, ({ kind, protocol }) => `${kind} ${protocol}`, turn)
}

function routeCaller(httpVersion: '1.1' | '2', isSecure: boolean): Caller {
  const scheme = isSecure ? 'https' : 'http'
  const exchange = httpVersion === '2' ? exchangeHttp2 : exchangeHttp1
  return {
    name: `a route over ${wayOf(httpVersion, isSecure)}`,
    kind: 'route',
    protocol: 'HTTP',
    httpVersion,
    isSecure,
    open: ({ port, ca, prefix = '' }) =>
      async function askRoute(fields = {}) {
        const init = { method: 'GET', path: prefix + ROUTE, headers: fields }
        const answer = await exchange(`${scheme}://127.0.0.1:${port}`, init, isSecure ? ca : undefined)
        const code = CODES[answer.status] ?? 'Internal'
        const saw = code === 'ok' ? [(JSON.parse(answer.body.toString()) as { saw: string }).saw] : []
        return { code, headers: headersOf(answer.headers), saw }
      },
  }
}

function unaryCaller(row: MatrixRow): Caller {
  return callCaller(row, 'unary', async (client, options, saw) => {
    saw.push((await client.sayHello({ name: 'Ada' }, options)).message)
  })
}

function streamCaller(row: MatrixRow): Caller {
  return callCaller(row, 'stream', async (client, options, saw) => {
    for await (const { data } of client.getStream({ topic: 'news' }, options)) saw.push(data)
  })
}

type GreeterClient = ReturnType<typeof createClient<typeof GreeterService>>
type Call = (
  client: GreeterClient,
  options: { headers: Record<string, string>; onHeader(fields: Headers): void },
  saw: string[],
) => Promise<void>

function callCaller(row: MatrixRow, kind: 'unary' | 'stream', call: Call): Caller {
  const { protocol, httpVersion, isSecure } = row
  return {
    name: `a ${kind} call of ${protocol} over ${wayOf(httpVersion, isSecure)}`,
    kind,
    protocol,
    httpVersion,
    isSecure,
    open(target) {
      const { transport, close } = openTransport(row, target)
      onTestFinished(close)
      const client = createClient(GreeterService, transport)
      return async function askCall(fields = {}) {
        const headers = new Headers()
        const saw: string[] = []
        const onHeader = (head: Headers) => addAll(headers, head)
        try {
          await call(client, { headers: { ...fields }, onHeader }, saw)
          return { code: 'ok', headers, saw }
        } catch (reason) {
          const error = ConnectError.from(reason)
          if ([...headers].length === 0) addAll(headers, error.metadata)
          return { code: Code[error.code] as keyof typeof Code, headers, saw, error }
        }
      }
    },
  }
}

function wayOf(httpVersion: string, isSecure: boolean): string {
  return `HTTP/${httpVersion}${isSecure ? ' over TLS' : ''}`
}

function addAll(headers: Headers, more: Headers): void {
  for (const [name, value] of more) headers.append(name, value)
}

function headersOf(fields: Readonly<Record<string, unknown>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(':')) continue
    for (const one of [value].flat()) headers.append(name, String(one))
  }
  return headers
}
