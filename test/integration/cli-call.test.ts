/** The generic call of the client program, as a process, against the server of this product. */
import { once } from 'node:events'
import path from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema, file_google_protobuf_timestamp } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { file_greeter_v1_greeter, GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection as V1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { createReflectionServices } from '../../server/services/reflection/reflection-services.ts'
import { firstOutput, runProgram, startProgram } from '../support/client-program.ts'
import { startDemo, startRoutes } from '../support/demo-server.ts'
import type { ProgramEnd } from '../support/run-in-process.ts'
import { startSilentServer } from '../support/silent-server.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const GREETER = 'greeter.v1.GreeterService'
const PROTO_FOLDER = path.resolve(import.meta.dirname, '../../proto')
const PROTO = path.join(PROTO_FOLDER, 'greeter/v1/greeter.proto')
const CANCEL = 8

const EPOCH = /^[\w-]{16}$/
const PROTOCOLS = [['grpc'], ['grpc-web'], ['connect']]

test.each(PROTOCOLS)('all four kinds of method over %s', async (protocol) => {
  const { origin } = await startDemo()
  const call = (method: string, data: string, ...flags: string[]): Promise<ProgramEnd> =>
    runProgram(['call', origin, `${GREETER}/${method}`, '--protocol', protocol, '-d', data, ...flags])
  expect(await call('SayHello', '{"name":"World"}')).toEqual({
    code: 0,
    stdout: '{"message":"Hello World"}\n',
    stderr: '',
  })
  const put = await call('PutStream', '{"topic":"a","data":"1"}\n\n{"topic":"a","data":"2"}\n')
  expect(put).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(put.stdout)).toEqual({
    accepted: '2',
    lastSequence: { a: '2' },
    lastEpoch: { a: expect.stringMatching(EPOCH) },
  })
  const get = await call('GetStream', '{"topic":"a","afterSequence":0,"limit":2}')
  expect(dataOf(get)).toEqual(['1', '2'])
  const all = await call('AllStream', '{"topic":"a"}\n{"topic":"a","data":"3"}')
  expect(dataOf(all)).toEqual(['3'])
})

test.each([['grpc-web'], ['connect']])('%s over HTTP/1.1, with the API by reflection over HTTP/2', async (protocol) => {
  const { origin } = await startDemo()
  const end = await runProgram(
    ['call', origin, `${GREETER}/SayHello`, '--protocol', protocol, '--http', '1', '-d', '@'],
    '{"name":"World"}',
  )
  expect(end).toEqual({ code: 0, stdout: '{"message":"Hello World"}\n', stderr: '' })
})

test('reads data from a file or standard input, and sends an empty message without any', async () => {
  const { origin } = await startDemo()
  const file = await temporaryFile('request.json', '{\n  "name": "File"\n}\n')
  const method = `${GREETER}/SayHello`
  expect(await runProgram(['call', origin, method, '-d', `@${file}`])).toMatchObject({
    stdout: '{"message":"Hello File"}\n',
  })
  expect(await runProgram(['call', origin, method, '-d', '@-'], '{"name":"In"}')).toMatchObject({
    stdout: '{"message":"Hello In"}\n',
  })
  expect(await runProgram(['call', origin, method])).toMatchObject({ stdout: '{"message":"Hello "}\n' })
})

test('sends requests as they are read', async () => {
  const { origin } = await startDemo()
  const chat = startProgram(['call', origin, `${GREETER}.AllStream`])
  chat.child.stdin.write('{"topic":"room"}\n{"topic":"room","data":"first"}\n')
  expect(JSON.parse(await firstOutput(chat.child))).toMatchObject({ data: 'first' })
  chat.child.stdin.end()
  expect(await chat.end).toMatchObject({ code: 0, stderr: '' })
})

test('--emit-defaults prints fields with default values', async () => {
  const { origin } = await startDemo()
  const call = ['call', origin, `${GREETER}/PutStream`]
  expect(await runProgram(call)).toMatchObject({ stdout: '{}\n' })
  expect(await runProgram([...call, '--emit-defaults'])).toMatchObject({
    stdout: '{"accepted":"0","lastSequence":{},"lastEpoch":{}}\n',
  })
})

test('reads the API from .proto files, with and without import paths', async () => {
  const { origin } = await startDemo({ servesReflection: false })
  const call = ['call', origin, `${GREETER}/SayHello`, '-d', '{"name":"World"}']
  for (const flags of [
    ['--proto', PROTO],
    ['--proto', PROTO, '--import-path', PROTO_FOLDER],
  ]) {
    expect(await runProgram([...call, ...flags])).toEqual({
      code: 0,
      stdout: '{"message":"Hello World"}\n',
      stderr: '',
    })
  }
})

test("reports a .proto file that does not compile with the compiler's errors", async () => {
  const file = await temporaryFile('bad.proto', 'syntax = "proto3";\nmessage A { strin b = 1; }\n')
  const end = await runProgram(['call', 'http://127.0.0.1:1', 'a.B/C', '--proto', file])
  expect(end.code).toBe(1)
  expect(end.stderr).toMatch(/bad\.proto.*strin/)
})

test('reads the API from an image, in any file order', async () => {
  const { origin } = await startDemo({ servesReflection: false })
  const file = [file_greeter_v1_greeter.proto, file_google_protobuf_timestamp.proto]
  const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }))
  const image = await temporaryFile('api.binpb', set)
  const end = await runProgram([
    'call',
    origin,
    `${GREETER}/SayHello`,
    '-d',
    '{"name":"World"}',
    '--descriptors',
    image,
  ])
  expect(end).toEqual({ code: 0, stdout: '{"message":"Hello World"}\n', stderr: '' })
})

test('without reflection the error says what to pass instead', async () => {
  const { origin } = await startDemo({ servesReflection: false })
  expect(await runProgram(['call', origin, `${GREETER}/SayHello`])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: the server has no reflection: give its API with --proto or --descriptors\n',
  })
})

test('falls back to reflection v1alpha', async () => {
  const [, { service, implementation }] = createReflectionServices([GreeterService])
  const { origin } = await startRoutes({
    servesReflection: false,
    routes(router) {
      router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) })
      router.service(service, implementation)
    },
  })
  expect(service).toBe(V1Alpha)
  const end = await runProgram(['call', origin, `${GREETER}/SayHello`, '-d', '{"name":"World"}'])
  expect(end).toEqual({ code: 0, stdout: '{"message":"World"}\n', stderr: '' })
})

test('rejects invalid JSON with the name of the field', async () => {
  const { origin } = await startDemo()
  const end = await runProgram(['call', origin, `${GREETER}/SayHello`, '-d', '{"name":1}'])
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toContain('greeter.v1.SayHelloRequest.name')
})

test('rejects invalid JSON in a stream with its line number, and cancels the call', async () => {
  const { origin } = await startDemo()
  const end = await runProgram(['call', origin, `${GREETER}/PutStream`], '{"topic":"a","data":"1"}\n{"topik":"a"}\n')
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toMatch(/^error: line 2: .*"topik" is unknown\n$/)
})

test.each([
  [`${GREETER}/SayHelo`, `error: ${GREETER} has no method SayHelo; did you mean SayHello?\n`],
  ['acme.Shop/Buy', /^error: unknown service acme\.Shop; available: .*greeter\.v1\.GreeterService/],
])('%s is answered with what exists instead', async (method, sentence) => {
  const { origin } = await startDemo()
  const end = await runProgram(['call', origin, method])
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toMatch(sentence)
})

test.each(PROTOCOLS)('over %s prints an error with code, message and decoded details', async (protocol) => {
  const { origin } = await startRoutes({ routes: failingRoutes })
  expect(await runProgram(['call', origin, `${GREETER}/SayHello`, '--protocol', protocol])).toEqual({
    code: 64 + Code.NotFound,
    stdout: '',
    stderr: 'error: not_found (5): no such \\u001b[31mname\ndetail: greeter.v1.SayHelloRequest {"name":"detail"}\n',
  })
})

test('prints the messages received before an error', async () => {
  const { origin } = await startRoutes({ routes: failingRoutes })
  expect(await runProgram(['call', origin, `${GREETER}/GetStream`])).toEqual({
    code: 64 + Code.ResourceExhausted,
    stdout: '{"data":"before"}\n',
    stderr: 'error: resource_exhausted (8): enough\n',
  })
})

test('-H sends headers, and -v prints response headers and trailers', async () => {
  const { origin } = await startRoutes({ routes: echoingRoutes })
  const end = await runProgram([
    'call',
    origin,
    `${GREETER}/SayHello`,
    '-v',
    '-H',
    'X-Word: a: b',
    '-H',
    'x-bytes-bin: AAEC',
  ])
  expect(end).toMatchObject({ code: 0, stdout: '{"message":"a: b AAEC"}\n' })
  expect(end.stderr).toContain('header x-first: 1\n')
  expect(end.stderr).toContain('trailer x-last: 2\n')
})

test('--timeout ends a call that takes longer', async () => {
  const { origin } = await startDemo()
  const end = await runProgram(['get', 'silence', '-a', origin, '--timeout', '50ms'])
  expect(end).toMatchObject({ code: 64 + Code.DeadlineExceeded, stdout: '' })
})

test('--max-receive rejects a larger message', async () => {
  const { origin } = await startDemo()
  const end = await runProgram(['hello', 'x'.repeat(100), '-a', origin, '--max-receive', '64B'])
  expect(end).toMatchObject({ code: 64 + Code.ResourceExhausted, stdout: '' })
})

test('an unreachable server is UNAVAILABLE', async () => {
  const end = await runProgram(['call', 'http://127.0.0.1:1', `${GREETER}/SayHello`])
  expect(end).toMatchObject({ code: 64 + Code.Unavailable, stdout: '' })
  expect(end.stderr).toBe(
    'error: unavailable (14): cannot connect to 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n' +
      'hint: nothing listens there: check that the server is running and that the port is right\n',
  )
})

test('invalid arguments exit with 2 and point to the help', async () => {
  expect(await runProgram(['call', 'localhost:1', 'a.B/C', '--protocl', 'grpc'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: unknown flag --protocl; did you mean --protocol?\nhint: portico call --help\n',
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s cancels the call with RST_STREAM CANCEL', async (signal) => {
  const { origin, nextStream } = await startSilentServer()
  const reading = startProgram(['get', 'topic', '-a', origin])
  const stream = await nextStream
  const closed = once(stream, 'close')
  reading.child.kill(signal)
  expect(await reading.end).toEqual({
    code: 64 + Code.Canceled,
    stdout: '',
    stderr: 'error: canceled (1): interrupted\n',
  })
  await closed
  expect(stream.rstCode).toBe(CANCEL)
})

test('SIGINT ends a program waiting for input', async () => {
  const { origin } = await startDemo()
  const waiting = startProgram(['all', 'room', '-a', origin])
  waiting.child.stdin.write('line\n')
  await firstOutput(waiting.child)
  waiting.child.kill('SIGINT')
  expect(await waiting.end).toMatchObject({ code: 64 + Code.Canceled, stderr: 'error: canceled (1): interrupted\n' })
})

test('list prints services and methods, and describe prints their definitions', async () => {
  const { origin } = await startDemo()
  const services = await runProgram(['list', origin])
  expect(services.stdout.split('\n')).toEqual(expect.arrayContaining(['Greeter', GREETER, 'grpc.health.v1.Health']))
  const methods = await runProgram(['list', origin, GREETER])
  expect(methods.stdout.split('\n')).toEqual(expect.arrayContaining([`${GREETER}/SayHello`, `${GREETER}/AllStream`]))
  expect(await runProgram(['describe', origin, `${GREETER}/GetStream`])).toMatchObject({
    code: 0,
    stdout: 'rpc GetStream(greeter.v1.GetStreamRequest) returns (stream greeter.v1.GetStreamResponse);\n',
  })
})

function failingRoutes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello() {
      const detail = { desc: SayHelloRequestSchema, value: { name: 'detail' } }
      throw new ConnectError('no such \u001b[31mname', Code.NotFound, undefined, [detail])
    },
    async *getStream() {
      yield { data: 'before' }
      throw new ConnectError('enough', Code.ResourceExhausted)
    },
  })
}

function echoingRoutes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello(_, { requestHeader, responseHeader, responseTrailer }) {
      responseHeader.set('x-first', '1')
      responseTrailer.set('x-last', '2')
      return { message: `${requestHeader.get('x-word')} ${requestHeader.get('x-bytes-bin')}` }
    },
  })
}

function dataOf({ stdout }: ProgramEnd): string[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).data)
}
