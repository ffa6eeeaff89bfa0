/** Calls of the console by REST, compared with the same calls by gRPC-Web. */
import {
  create,
  type DescMethod,
  type DescService,
  type Message,
  type Registry,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { type HttpBinding, httpRuleOf } from '../../../console/app/call/rest/http-rule.ts'
import { buildByBinding, buildRestRequest } from '../../../console/app/call/rest/rest-request.ts'
import { RestDecoder } from '../../../console/app/call/rest/rest-responses.ts'
import { type CallContext, startCall } from '../../../console/app/call/start-call.ts'
import type { MessageEntry } from '../../../console/app/contracts/live-call.ts'
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'
import {
  BodyService,
  file_transcoding_v1_echo,
  PathService,
  ResponseService,
  StreamService,
} from '../../gen/transcoding/v1/echo_pb.js'
import { MessageValues } from '../../support/codec-oracle/message-values.ts'
import { callContext } from '../../support/console/call-context.ts'
import { startRoutes } from '../../support/demo-server.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

const MESSAGES_PER_METHOD = 12

/** Methods whose response is not the request are called with requests of their own, below. */
const ECHOING = [PathService, BodyService].flatMap((service) => service.methods)

async function startEcho(): Promise<CallContext> {
  const { origin } = await startRoutes({
    routes(router) {
      for (const service of [PathService, BodyService, ResponseService]) {
        router.service(service as DescService, echoing(service) as never)
      }
      router.service(StreamService, {
        async *count({ messages, code }) {
          for (let index = 1; index <= messages; index++)
            yield { stringValue: `line ${index}\u2028`, int64Value: 2n ** 62n }
          if (code !== 0) throw new ConnectError('that was all', code as Code)
        },
        async *countParts({ messages }) {
          for (let index = 1; index <= messages; index++) yield { nested: { number: index } }
        },
        async *countFiles({ messages }) {
          for (let index = 1; index <= messages; index++) {
            yield { contentType: 'text/plain', data: new TextEncoder().encode(`part ${index} `) }
          }
        },
      })
    },
  })
  return callContext(origin, file_transcoding_v1_echo)
}

function echoing(service: DescService): Record<string, (request: Message) => Message> {
  return Object.fromEntries(
    service.methods
      .filter(({ methodKind }) => methodKind === 'unary')
      .map((method) => [method.localName, answerOf(method)]),
  )
}

function answerOf({ name, output }: DescMethod): (request: Message) => Message {
  if (name === 'Fail') {
    return (request) => {
      const { code, message } = request as unknown as { code: Code; message: string }
      throw new ConnectError(message, code)
    }
  }
  if (name === 'Download') {
    return (request) => {
      const { contentType, data } = request as unknown as { contentType: string; data: Uint8Array }
      return create(output, { contentType, data } as never)
    }
  }
  return (request) => request
}

async function call(context: CallContext, method: DescMethod, message: Message, protocol: ConsoleProtocol) {
  const known = context.api.methodOf(`${method.parent.typeName}/${method.name}`)
  if (known === undefined) throw new Error(`no method ${method.name}`)
  const running = await startCall(
    { method: known, protocol, usesGet: false, headers: [], timeoutMs: undefined },
    context,
  )
  await running.send(message)
  const status = await running.ended
  const entries = running.timeline.value.filter((entry): entry is MessageEntry => entry.kind === 'message')
  const received = entries.filter(({ direction }) => direction === 'received')
  return { status, received: received.map(({ message }) => message) }
}

describe('what a binding can carry arrives as by gRPC-Web', () => {
  it.each(ECHOING.map((method) => [`${method.parent.name}/${method.name}`, method] as const))(
    '%s',
    async (_name, method) => {
      const context = await startEcho()
      const random = new SeededRandom(17)
      let carried = 0
      for (let turn = 0; turn < 40 * MESSAGES_PER_METHOD && carried < MESSAGES_PER_METHOD; turn++) {
        const init = new MessageValues(random, { depth: 2, wrongOneIn: Number.POSITIVE_INFINITY, fields: 3 }).init(
          method.input,
        )
        const message = create(method.input, withPath(method, init, random) as never)
        if (!canCarry(context, method, message)) continue
        carried += 1
        const [rest, web] = [
          await call(context, method, message, 'rest'),
          await call(context, method, message, 'grpc-web'),
        ]
        const what = JSON.stringify(buildRestRequest(method, message, context.api.registry).target)
        expect(rest.status.message, what).toBe('')
        expect(hex(method, rest.received), what).toEqual(hex(method, web.received))
      }
      expect(carried).toBeGreaterThan(method.input.fields.length === 0 ? 0 : 10)
    },
  )
})

function randomInit({ input }: DescMethod, random: SeededRandom): Record<string, unknown> {
  return new MessageValues(random, { depth: 2, wrongOneIn: Number.POSITIVE_INFINITY, fields: 3 }).init(input)
}

const TEXTS = [
  'x',
  'a b',
  'ü/%2F',
  '50%',
  '?#&=+;',
  '漢字',
  'a:b',
  '\u{1f600}',
  'x:verb',
  'shelves/1/books/ü',
  'projects/a/b/c',
  'shelves/x',
]

/** Fills the fields of the paths, which random messages rarely have. */
function withPath(method: DescMethod, init: Record<string, unknown>, random: SeededRandom): Record<string, unknown> {
  const text = random.pick(TEXTS)
  // Such masks are not checked by other protocols.
  const { $unknown, fieldMask, ...fields } = init
  if (method.name === 'Patch')
    return { ...fields, kinds: { stringValue: text }, updateMask: { paths: ['string_value'] } }
  if (method.input.fields.length === 0) return fields
  const nested = random.below(4) === 0 ? { nested: { inner: { number: random.below(100) } } } : {}
  return { stringValue: text, ...fields, ...nested }
}

function canCarry({ api }: CallContext, method: DescMethod, message: Message): boolean {
  try {
    buildRestRequest(method, message, api.registry)
    toBinary(method.input, message)
    return true
  } catch {
    return false
  }
}

function hex({ output }: DescMethod, messages: readonly Message[]): string[] {
  return messages.map((message) => Buffer.from(toBinary(output, message)).toString('hex'))
}

describe('each binding brings the whole request to its method', () => {
  const bindings = [...ECHOING, ...ResponseService.methods.filter(({ name }) => name === 'Part')].flatMap((method) =>
    (httpRuleOf(method) ?? []).map((binding) => [`${binding.verb} ${binding.template}`, method, binding] as const),
  )

  it.each(bindings)('%s', async (_name, method, binding) => {
    const { origin, api } = await startEcho()
    const random = new SeededRandom(5)
    let built = 0
    for (let turn = 0; turn < 3_000 && built < 5; turn++) {
      const message = create(method.input, withPath(method, randomInit(method, random), random) as never)
      if (!hasResponse(binding, method, message)) continue
      const request = buildOrNull(() => buildByBinding(binding, method.input, message, api.registry))
      if (request === null) continue
      built += 1
      const { verb, target, body, contentType } = request
      const headers: Record<string, string> = contentType === null ? {} : { 'content-type': contentType }
      const response = await fetch(`${origin}${target}`, { method: verb, body, headers })
      const text = await response.text()
      expect(response.status, `${target}: ${text}`).toBe(200)
      const decoded = new RestDecoder(method, binding, api.registry).decodeJson(text)
      expect(jsonText(method, decoded, api.registry), target).toBe(
        jsonText(method, expectedOf(binding, method, message), api.registry),
      )
    }
    expect(built).toBeGreaterThan(0)
  })
})

/** A response that is a field does not tell an unset message from an empty one. */
function hasResponse({ responseBody }: HttpBinding, { output }: DescMethod, message: Message): boolean {
  const field = output.fields.find(({ name }) => name === responseBody)
  return field?.fieldKind !== 'message' || Object.hasOwn(message, field.localName)
}

/** The response has only the field that the rule names. */
function expectedOf({ responseBody }: HttpBinding, { output }: DescMethod, message: Message): Message {
  const field = output.fields.find(({ name }) => name === responseBody)
  if (field === undefined) return message
  const fields = message as unknown as Record<string, unknown>
  if (field.oneof !== undefined)
    return create(output, { [field.oneof.localName]: fields[field.oneof.localName] } as never)
  return create(output, { [field.localName]: fields[field.localName] } as never)
}

function jsonText({ output }: DescMethod, message: Message, registry: Registry): string {
  return toJsonString(output, message, { registry })
}

function buildOrNull<T>(build: () => T): T | null {
  try {
    return build()
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function methodOf(service: DescService, name: string): DescMethod {
  const method = service.methods.find((each) => each.name === name)
  if (method === undefined) throw new Error(`no method ${name}`)
  return method
}

describe('server streams', () => {
  it.each(['Count', 'CountParts'])('%s has the same messages as by gRPC-Web', async (name) => {
    const context = await startEcho()
    const method = methodOf(StreamService, name)
    const message = create(method.input, { messages: 20 } as never)
    const [rest, web] = [await call(context, method, message, 'rest'), await call(context, method, message, 'grpc-web')]
    expect(rest.status.code).toBe('OK')
    expect(rest.received).toHaveLength(20)
    expect(hex(method, rest.received)).toEqual(hex(method, web.received))
  })

  it('have an error after their messages', async () => {
    const context = await startEcho()
    const method = methodOf(StreamService, 'Count')
    const message = create(method.input, { messages: 3, code: Code.Aborted } as never)
    const { status, received } = await call(context, method, message, 'rest')
    expect(status).toMatchObject({ code: 'ABORTED', message: 'that was all', httpStatus: 200 })
    expect(received).toHaveLength(3)
  })

  it('of HttpBody are one body in parts', async () => {
    const context = await startEcho()
    const method = methodOf(StreamService, 'CountFiles')
    const { received } = await call(context, method, create(method.input, { messages: 3 } as never), 'rest')
    const parts = received as unknown as readonly { readonly data: Uint8Array; readonly contentType: string }[]
    expect(parts.map(({ data }) => Buffer.from(data).toString()).join('')).toBe('part 1 part 2 part 3 ')
    expect(parts[0]?.contentType).toMatch(/^text\/plain/)
  })
})

it('an HttpBody keeps its octets and its content type', async () => {
  const context = await startEcho()
  const method = methodOf(ResponseService, 'Download')
  const init = { contentType: 'image/png', data: new Uint8Array([0x89, 0x50, 0, 0xff]) }
  const { received } = await call(context, method, create(method.input, init as never), 'rest')
  expect(received[0]).toMatchObject(init)
})

it.each([Code.NotFound, Code.InvalidArgument, Code.DataLoss])(
  'the code %i of an error is read from the body',
  async (code) => {
    const context = await startEcho()
    const method = methodOf(ResponseService, 'Fail')
    const message = create(method.input, { code, message: 'no' } as never)
    const [rest, web] = [await call(context, method, message, 'rest'), await call(context, method, message, 'grpc-web')]
    expect({ ...rest.status, httpStatus: 200 }).toEqual(web.status)
  },
)

it('says which field keeps a message out of the path', async () => {
  const context = await startEcho()
  const method = methodOf(PathService, 'Delete')
  const { status } = await call(context, method, create(method.input, {} as never), 'rest')
  expect(status).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'string_value is empty, but is part of the path.' })
})
