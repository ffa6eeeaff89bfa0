/** Hostile servers and the client program: messages and descriptors that attack the terminal or the program. */
import { PassThrough, Writable } from 'node:stream'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  DescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { programCommands } from '../../client/node/cli/commands/program-commands.ts'
import { greeterCommands } from '../../client/node/cli/greeter/greeter-commands.ts'
import { run } from '../../client/node/cli/run.ts'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection, type ServerReflectionResponse } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { startHostileAnswers } from '../support/hostile-server.ts'
import { startNativeServer } from '../support/native-server.ts'
import type { RawFields } from '../support/raw-http2.ts'

type Answer = ServerReflectionResponse['messageResponse']

/** Clears the screen, by either of the two introducers that terminals know. */
const CLEAR = '\u001b[2J\u009b2J'
const SHOWN = '\\u001b[2J\\u009b2J'

const STRING = Object.freeze({ type: Type.STRING, label: Label.OPTIONAL })

async function program(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Kept(), new Kept()]
  const stdin = new PassThrough().end()
  const code = await run(programCommands(greeterCommands), argv, {
    programName: 'portico',
    stdin,
    stdout,
    stderr,
    env: {},
    signal: new AbortController().signal,
  })
  expectHarmless(stdout.text)
  expectHarmless(stderr.text)
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** Records what is written. */
class Kept extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk)
    done()
  }
}

/** No control character but line feeds. */
function expectHarmless(text: string): void {
  expect([...text].filter((character) => character !== '\n' && /\p{Cc}/u.test(character))).toEqual([])
}

/** Answers each reflection request by the requested symbol or file name. */
async function startReflection(answer: (asked: string) => Answer): Promise<string> {
  const server = await startNativeServer((router) => {
    router.service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest } of requests) yield { messageResponse: answer(String(messageRequest.value)) }
      },
    })
  })
  onTestFinished(() => server.close())
  return server.origin
}

function descriptors(...fileDescriptorProto: Uint8Array[]): Answer {
  const $typeName = 'grpc.reflection.v1.FileDescriptorResponse'
  return { case: 'fileDescriptorResponse', value: { $typeName, fileDescriptorProto } }
}

interface FileInit {
  readonly imports?: readonly string[]
  readonly fields?: readonly string[]
}

/** A file whose one message is named as the file is, in capitals. */
function file(name: string, { imports = [], fields = [] }: FileInit = {}): Uint8Array {
  const field = fields.map((fieldName, i) =>
    create(FieldDescriptorProtoSchema, { name: fieldName, number: i + 1, ...STRING }),
  )
  const messageType = [create(DescriptorProtoSchema, { name: name.toUpperCase(), field })]
  const init = { name, package: 'x', syntax: 'proto3', dependency: [...imports], messageType }
  return toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, init))
}

describe('what a server sends reaches the terminal escaped:', () => {
  const answered = async (head: RawFields, trailers: RawFields): Promise<string> => {
    const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: CLEAR }))
    const fields: RawFields = [['content-type', 'application/grpc'], ...head]
    const { baseUrl } = await startHostileAnswers('2', { fields, body: Buffer.from(envelop(0, message)), trailers })
    return baseUrl
  }

  test('the text of a message', async () => {
    const address = await answered([], [['grpc-status', '0']])
    expect(await program('hello', 'x', '--address', address)).toEqual({ code: 0, stdout: `${SHOWN}\n`, stderr: '' })
  })

  test('a message as JSON, which means the same', async () => {
    const address = await answered([], [['grpc-status', '0']])
    const { stdout } = await program('hello', 'x', '--address', address, '--json')
    expect(JSON.parse(stdout)).toEqual({ message: CLEAR })
  })

  test('metadata', async () => {
    const late: RawFields = [
      ['grpc-status', '0'],
      ['x-late', CLEAR],
    ]
    const address = await answered([['x-early', CLEAR]], late)
    const { stderr } = await program('hello', 'x', '--address', address, '--verbose')
    expect(stderr).toContain(`header x-early: ${SHOWN}\n`)
    expect(stderr).toContain(`trailer x-late: ${SHOWN}\n`)
  })

  test('metadata in UTF-8, in Latin-1 and in base64', async () => {
    const early: RawFields = [
      ['x-utf-8', Buffer.from('é漢').toString('latin1')],
      ['x-latin-1', 'caf\u00e9'],
      ['x-bytes-bin', 'AAEC'],
    ]
    const address = await answered(early, [['grpc-status', '0']])
    const { stderr } = await program('hello', 'x', '--address', address, '--verbose')
    for (const line of ['x-utf-8: é漢', 'x-latin-1: café', 'x-bytes-bin: AAEC']) {
      expect(stderr).toContain(`header ${line}\n`)
    }
  })

  test('an error', async () => {
    const failed: RawFields = [
      ['grpc-status', '5'],
      ['grpc-message', '%1b[2J%c2%9b2J%0aok'],
    ]
    const { stderr } = await program('hello', 'x', '--address', await answered([], failed))
    expect(stderr).toBe(`error: not_found (5): ${SHOWN}\\u000aok\n`)
  })

  test('an unexpected content type', async () => {
    const { baseUrl } = await startHostileAnswers('2', { fields: [['content-type', CLEAR]], body: Buffer.alloc(5) })
    expect((await program('hello', 'x', '--address', baseUrl)).stderr).toContain(SHOWN)
  })

  test('the names of its services', async () => {
    const service = [{ $typeName: 'grpc.reflection.v1.ServiceResponse' as const, name: CLEAR }]
    const value = { $typeName: 'grpc.reflection.v1.ListServiceResponse' as const, service }
    const address = await startReflection(() => ({ case: 'listServicesResponse', value }))
    expect(await program('list', address)).toEqual({ code: 0, stdout: `${SHOWN}\n`, stderr: '' })
  })

  test('the error of its reflection', async () => {
    const value = { $typeName: 'grpc.reflection.v1.ErrorResponse' as const, errorCode: 13, errorMessage: CLEAR }
    const address = await startReflection(() => ({ case: 'errorResponse', value }))
    expect(await program('list', address)).toMatchObject({ stdout: '', stderr: `error: internal (13): ${SHOWN}\n` })
  })
})

describe('reflection with contradictory descriptors is reported as an error:', () => {
  test.each<readonly [what: string, answer: (asked: string) => Answer, error: RegExp]>([
    ['no answer', () => ({ case: undefined }), /answered with nothing$/],
    [
      'an invalid name',
      () => descriptors(file('t', { fields: [CLEAR] })),
      /invalid descriptors: t: invalid field name/,
    ],
    [
      'octets that are no descriptor',
      () => descriptors(Buffer.from([0xff, 0xff])),
      /the descriptor of x\.T cannot be decoded: premature EOF$/,
    ],
    [
      'imports without end',
      (asked) =>
        descriptors(
          asked === 'x.T' ? file('t', { imports: ['0'] }) : file(asked, { imports: [String(Number(asked) + 1)] }),
        ),
      /the server names more than 10000 files$/,
    ],
    ['another type than was asked for', () => descriptors(file('u')), /unknown symbol x\.T; did you mean x\.U\?$/],
  ])('%s', async (_what, answer, error) => {
    const { code, stdout, stderr } = await program('describe', await startReflection(answer), 'x.T')
    expect([code === 0, stdout]).toEqual([false, ''])
    expect(stderr.trimEnd()).toMatch(error)
  })
})

describe('reflection with missing descriptors shows the rest:', () => {
  test.each<readonly [what: string, answer: (asked: string) => Answer]>([
    ['an import that is not shown', () => descriptors(file('t', { imports: ['u'] }))],
    ['an import of itself', () => descriptors(file('t', { imports: ['t'] }))],
    [
      'imports in a circle',
      (asked) => descriptors(asked === 'u' ? file('u', { imports: ['t'] }) : file('t', { imports: ['u'] })),
    ],
    ['a file that comes twice', () => descriptors(file('t'), file('u'), file('t'))],
  ])('%s', async (_what, answer) => {
    expect(await program('describe', await startReflection(answer), 'x.T')).toEqual({
      code: 0,
      stdout: 'message x.T {\n}\n',
      stderr: '',
    })
  })
})
