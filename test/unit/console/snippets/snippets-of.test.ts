/** What snippets say; test/integration and test/interop run them. */
import { create, createRegistry, type DescMethod, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { loadApi } from '../../../../console/app/api/api.ts'
import type { SavedCall } from '../../../../console/app/contracts/saved-call.ts'
import type { SnippetId, SnippetPlace } from '../../../../console/app/snippets/snippet.ts'
import { snippetsOf } from '../../../../console/app/snippets/snippets-of.ts'
import { file_greeter_v1_greeter, GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { file_kinds_v1_kinds, KindService } from '../../../gen/kinds/v1/kinds_pb.js'
import { file_transcoding_v1_echo, ResponseService } from '../../../gen/transcoding/v1/echo_pb.js'

const { sayHello, allStream } = GreeterService.method
const { post } = KindService.method
const { nothing } = ResponseService.method

const PLACE: SnippetPlace = {
  origin: 'http://a.test:8080',
  prefix: '',
  protocols: ['connect', 'grpc-web', 'websocket', 'rest', 'grpc'],
  hasReflection: true,
  descriptorsUrl: 'http://a.test:8080/console/descriptors.binpb',
  registry: createRegistry(file_greeter_v1_greeter, file_kinds_v1_kinds, file_transcoding_v1_echo),
}

function snippet(id: SnippetId, method: DescMethod, saved: Partial<SavedCall> = {}, place: Partial<SnippetPlace> = {}) {
  const whole: SavedCall = {
    method: `${method.parent.typeName}/${method.name}`,
    protocol: 'connect',
    headers: [],
    messages: ['{}'],
    ...saved,
  }
  const found = snippetsOf(whole, method, { ...PLACE, ...place }).find((each) => each.id === id)
  if (found === undefined) throw new Error(`there is no ${id}`)
  return found
}

test('a unary call by curl', () => {
  expect(snippet('curl', sayHello, { messages: ['{\n  "name": "World"\n}'], timeoutMs: 1500 })).toEqual({
    id: 'curl',
    title: 'curl',
    language: 'sh',
    text: [
      'curl http://a.test:8080/greeter.v1.GreeterService/SayHello \\',
      "  -H 'content-type: application/json' \\",
      "  -H 'connect-timeout-ms: 1500' \\",
      '  --max-time 1.5 \\',
      `  --data-raw '{"name":"World"}'`,
    ].join('\n'),
  })
})

test('a method without side effects by GET', () => {
  const { text } = snippet('curl', sayHello, { usesGet: true })
  expect(text).toContain('curl -G http://')
  expect(text).toContain("--data-urlencode 'message={}'")
  expect(snippet('curl', post, { usesGet: true }).text).toContain('--data-raw')
})

test('a whole program in TypeScript', () => {
  const { text } = snippet('typescript', sayHello, { messages: ['{"name":"it\'s"}'] })
  expect(text).toBe(`import { createClient, createTransport } from 'portico/client'
import { toJsonString } from '@bufbuild/protobuf'
import { GreeterService, SayHelloResponseSchema } from './gen/greeter/v1/greeter_pb.js'

const transport = createTransport({ baseUrl: 'http://a.test:8080', protocol: 'connect' })
const client = createClient(GreeterService, transport)

const response = await client.sayHello({ name: 'it\\'s' })
console.log(toJsonString(SayHelloResponseSchema, response))
await transport.close()
`)
})

test('enums, maps, oneofs and well-known types in TypeScript', () => {
  const message = {
    enumValue: 'KIND_ONE',
    enums: [5],
    stringToString: { __proto: 'a', 'a b': 'c' },
    chosenNumber: 0,
    int64Wrapper: '5',
    struct: { a: 123456789012345680 },
    duration: '1.5s',
    floatValue: -0,
  }
  const hostile = JSON.stringify(message).replace('__proto', '__proto__').replace('"floatValue":0', '"floatValue":-0')
  const { text } = snippet('typescript', post, { messages: [hostile] })
  for (const part of [
    'enumValue: Kind.ONE',
    'enums: [5 as Kind]',
    "['__proto__']: 'a'",
    "'a b': 'c'",
    "choice: { case: 'chosenNumber', value: 0 }",
    'int64Wrapper: 5n',
    'struct: { a: 123456789012345680 }',
    'duration: { seconds: 1n, nanos: 500000000 }',
    'floatValue: -0,',
    "import { Kind, KindService } from './gen/kinds/v1/kinds_pb.js'",
  ]) {
    expect(text).toContain(part)
  }
})

test.each(['curl', 'buf', 'grpcurl', 'portico', 'typescript'] as const)(
  '%s knows the prefix, or says that it does not',
  (id) => {
    const { text, note } = snippet(id, sayHello, {}, { prefix: '/api' })
    if (id === 'grpcurl') expect(note).toContain('does not reach methods under /api')
    else expect(text).toContain('http://a.test:8080/api')
  },
)

test.each([
  ['http://a.test', 'grpcurl -plaintext', 'a.test:80 '],
  ['https://a.test', 'grpcurl -d', 'a.test:443 '],
  ['https://[::1]:9', 'grpcurl -d', "'[::1]:9' "],
])('grpcurl for %s', (origin, start, address) => {
  const { text } = snippet('grpcurl', sayHello, {}, { origin })
  expect(text.startsWith(start)).toBe(true)
  expect(text).toContain(address)
})

test('tools get the descriptors as a file where there is no reflection', () => {
  const place = { hasReflection: false }
  const headers = [{ name: 'Authorization', value: '' }]
  const load = /^curl -sS -o api.binpb -H "authorization: \$AUTHORIZATION" http:/
  for (const id of ['grpcurl', 'buf', 'portico'] as const) {
    expect(snippet(id, sayHello, { headers }, place).text.replaceAll(' \\\n  ', ' ')).toMatch(load)
    expect(snippet(id, sayHello).text).not.toContain('api.binpb')
  }
})

test.each(['curl', 'fetch'] as const)('%s says why it cannot make a bidirectional call', (id) => {
  const { note, text } = snippet(id, allStream)
  expect(note).toContain('cannot make a bidirectional call')
  expect(text).toContain(id === 'curl' ? 'buf curl' : 'client.allStream')
})

test.each(['\0', '\x03', '\x1b', '\x7f', '\x9b'])('a command has no %j, on which a terminal acts', (control) => {
  const escaped = `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
  for (const id of ['curl', 'grpcurl', 'buf', 'portico'] as const) {
    expect(snippet(id, sayHello, { messages: [`{"name":"a"}${control}`] })).toMatchObject({
      text: '',
      note: expect.stringContaining('control character'),
    })
    expect(snippet(id, sayHello, { messages: [`{"name":"a${control}"}`] }).text).toContain(escaped)
    if (id !== 'grpcurl') expect(snippet(id, sayHello, {}, { prefix: `/${control}` }).text).toBe('')
  }
})

test.each(['@', '@/etc/hostname', '@a.json'])('a message %s is not taken for the name of a file', (message) => {
  const [curl, ...others] = (['curl', 'buf', 'grpcurl', 'portico'] as const).map(
    (id) => snippet(id, sayHello, { messages: [message] }).text,
  )
  expect(curl).toContain('--data-raw')
  for (const text of others) {
    expect(text).toMatch(/-d @-? /)
    expect(text.endsWith(` <<'JSON'\n${message}\nJSON`)).toBe(true)
  }
})

/** Libraries check the names of types and methods, but neither those of packages nor those of files. */
test('names of packages and files cannot run commands', () => {
  const octets = toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, {
      file: [
        {
          name: "a';x('.proto",
          package: 'a;touch b;c',
          messageType: [{ name: 'M' }],
          service: [{ name: 'S', method: [{ name: 'Do', inputType: '.a;touch b;c.M', outputType: '.a;touch b;c.M' }] }],
        },
      ],
    }),
  )
  const [service] = loadApi(octets).services
  const method = service?.methods[0]
  if (method === undefined) throw new Error('there is no method')
  for (const id of ['curl', 'grpcurl', 'buf', 'portico'] as const) {
    expect(snippet(id, method).text).toMatch(/'[^']*a;touch b;c\.S\/Do'/)
  }
  expect(snippet('typescript', method).text).toContain(`from './gen/a\\';x(\\'_pb.js'\n`)
})

test('values of secrets are in no snippet', () => {
  const headers = ['authorization', 'Cookie', 'X-API-Key'].map((name) => ({ name, value: 'hunter2' }))
  const snippets = snippetsOf(
    { method: 'greeter.v1.GreeterService/SayHello', protocol: 'connect', headers, messages: ['{}'] },
    sayHello,
    PLACE,
  )
  expect(snippets).toHaveLength(7)
  for (const { text, note } of snippets) {
    expect(text).not.toContain('hunter2')
    expect(text).toMatch(/\$AUTHORIZATION|process\.env\.AUTHORIZATION/)
    expect(note).toContain('Set AUTHORIZATION, COOKIE, X_API_KEY in the environment first')
  }
})

test.each(['PATH', 'aws-secret-access-key', '1'])('a header %s reads no variable that is there for others', (name) => {
  const { text, note } = snippet('curl', sayHello, { headers: [{ name, value: '' }] })
  const variable = `HEADER_${name.toUpperCase().replaceAll('-', '_')}`
  expect(text).toContain(`-H "${name.toLowerCase()}: $${variable}"`)
  expect(note).toContain(`Set ${variable} in`)
})

test('names of headers cannot run commands', () => {
  const headers = [
    { name: '`id`', value: '' },
    { name: "a'b$HOME", value: 'x' },
    { name: 'a\nb', value: 'x' },
  ]
  const { text, note } = snippet('curl', sayHello, { headers })
  expect(text).toContain(`-H '\`id\`: '"$ID_"`.replace('$ID_', '$HEADER__ID_'))
  expect(text).toContain(`-H 'a'\\''b$home: x'`)
  expect(note).toContain('Left out')
})

test('a request that is not valid says so', () => {
  for (const id of ['typescript', 'curl-rest'] as const) {
    const { text, note } = snippet(id, sayHello, { messages: ['{"nam": 1}'] })
    expect([text, note]).toEqual(['', expect.stringContaining('nam')])
  }
})

test('a method without a REST form has no snippet for it', () => {
  expect(snippet('curl-rest', nothing).text).toBe('curl http://a.test:8080/v1/nothing')
  const { get } = KindService.method
  const snippets = snippetsOf(
    { method: 'a.B/C', protocol: 'rest', headers: [], messages: ['{"nesteds":[{}]}'] },
    get,
    PLACE,
  )
  expect(snippets.find(({ id }) => id === 'curl-rest')).toMatchObject({
    text: '',
    note: expect.stringContaining('no REST form'),
  })
})
