/** The snippets of the console, run as pasted: their answers must be those of a direct call. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { inspect } from 'node:util'
import { createRegistry, type DescMethod, fromJson, toJson } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SavedCall } from '../../console/app/contracts/saved-call.ts'
import type { Snippet, SnippetId, SnippetPlace } from '../../console/app/snippets/snippet.ts'
import { snippetsOf } from '../../console/app/snippets/snippets-of.ts'
import { file_greeter_v1_greeter, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { file_kinds_v1_kinds, KindService, type Kinds, KindsSchema } from '../gen/kinds/v1/kinds_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { descriptorsOf } from '../support/console/call-context.ts'
import { SnippetGround } from '../support/console/run-snippet.ts'
import { startDemo, startFastify, startRoutes } from '../support/demo-server.ts'
import { isDeep } from '../support/depth.ts'
import { startListening } from '../support/start-listening.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Programs start slowly. */
const SLOW = { timeout: 60_000 }

const HOSTILE = [
  `it's "quoted" \`id\` $HOME $(id) \${x} \\ \\' !! %s {{}} ; * ~ # & | < > -- @file`,
  'line\nbreak\r\ttab \u0000 nul \u001b[31m \u007f',
  '👩‍👩‍👧 漢字 שלום \u202e abc \u2028 \ufeff </script><b>',
  '-d',
  '@/etc/passwd',
]

const REGISTRY = createRegistry(file_greeter_v1_greeter, file_kinds_v1_kinds)

function placeOf(origin: string, place: Partial<SnippetPlace> = {}): SnippetPlace {
  return {
    origin,
    prefix: '',
    protocols: ['connect', 'grpc-web', 'rest', 'grpc'],
    hasReflection: true,
    descriptorsUrl: `${origin}/api.binpb`,
    registry: REGISTRY,
    ...place,
  }
}

function savedOf(method: DescMethod, messages: readonly unknown[], others: Partial<SavedCall> = {}): SavedCall {
  const texts = messages.map((message) => (typeof message === 'string' ? message : JSON.stringify(message, null, 2)))
  return {
    method: `${method.parent.typeName}/${method.name}`,
    protocol: 'connect',
    headers: [],
    messages: texts,
    ...others,
  }
}

function pick(snippets: readonly Snippet[], id: SnippetId): Snippet {
  const found = snippets.find((snippet) => snippet.id === id)
  if (found === undefined) throw new Error(`there is no snippet ${id}`)
  return found
}

/** Runs a snippet, and returns what it printed: each value of JSON, on lines of its own or over several. */
async function answersOf(
  ground: SnippetGround,
  { language, text }: Snippet,
  shell = 'bash',
  env = {},
): Promise<unknown[]> {
  const end = language === 'ts' ? await ground.program(text, env) : await ground.shell(shell, text, env)
  expect({ text, stderr: quiet(end.stderr), code: end.code }).toEqual({ text, stderr: '', code: 0 })
  const parts = end.stdout.split(/\n(?=[{"\d-])/).filter((part) => part.trim() !== '')
  return parts.map((part) => JSON.parse(part))
}

/** curl shows its progress if its output is no terminal. */
function quiet(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/^\s*% Total|Dload|^\s*\d+\s|^\s*0\s|\r/.test(line))
    .join('\n')
    .trim()
}

/** Envelopes of Connect end with one for the end of the stream. */
function isEndOfStream(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    Object.keys(answer).every((key) => ['error', 'metadata'].includes(key))
  )
}

async function openGround(): Promise<SnippetGround> {
  return SnippetGround.in(await temporaryFolder())
}

const SHELLS = ['bash', 'dash']
const { sayHello, getStream, putStream, allStream } = GreeterService.method

describe.each(['curl', 'curl-rest', 'buf', 'portico', 'typescript', 'fetch'] as const)('%s', (id) => {
  test('unary, with data that shells and programs could take for more', SLOW, async () => {
    const [{ origin }, ground] = [await startDemo(), await openGround()]
    for (const [index, name] of HOSTILE.entries()) {
      const others: Partial<SavedCall> = { usesGet: index % 2 === 1, timeoutMs: 20_000 }
      const snippet = pick(snippetsOf(savedOf(sayHello, [{ name }], others), sayHello, placeOf(origin)), id)
      expect(await answersOf(ground, snippet, SHELLS[index % 2])).toEqual([{ message: `Hello ${name}` }])
    }
  })

  test('streams', SLOW, async () => {
    const [{ origin }, ground] = [await startDemo(), await openGround()]
    const topic = `snippets/${randomUUID()}`
    const run = async (method: DescMethod, messages: readonly unknown[]) => {
      const snippet = pick(snippetsOf(savedOf(method, messages), method, placeOf(origin)), id)
      return (await answersOf(ground, snippet)).filter((answer) => !isEndOfStream(answer))
    }
    const messages = HOSTILE.map((data) => ({ topic, data }))
    expect(await run(putStream, messages)).toMatchObject([{ accepted: `${HOSTILE.length}` }])
    const got = await run(getStream, [{ topic, afterSequence: '0', limit: HOSTILE.length }])
    expect(got.map((each) => Reflect.get(Object(each), 'data'))).toEqual(HOSTILE)
    const all = await run(allStream, [{ topic }, { topic, data: HOSTILE[0] }])
    expect(all).toMatchObject([{ data: HOSTILE[0] }])
  })

  test('a stream without messages', SLOW, async () => {
    const [{ origin }, ground] = [await startDemo(), await openGround()]
    const snippet = pick(snippetsOf(savedOf(putStream, []), putStream, placeOf(origin)), id)
    const answers = await answersOf(ground, snippet)
    expect(answers.filter((answer, index) => index === 0 || !isEndOfStream(answer))).toEqual([{}])
  })

  test('requests that are too long for an argument', SLOW, async () => {
    const [{ origin }, ground] = [await startDemo({ readMaxBytes: 1_000_000 }), await openGround()]
    const name = "it's ".repeat(40_000)
    if (id === 'curl-rest') return
    const snippet = pick(snippetsOf(savedOf(sayHello, [{ name }]), sayHello, placeOf(origin)), id)
    expect(await answersOf(ground, snippet)).toEqual([{ message: `Hello ${name}` }])
  })
})

/** A field of every kind, with values at their limits. */
const KINDS = `{
  "doubleValue": "-Infinity", "floatValue": -0.5, "int32Value": -2147483648, "int64Value": -9223372036854775808,
  "uint64Value": 18446744073709551615, "sint64Value": "9223372036854775807", "boolValue": true, "stringValue": "it's\\n",
  "bytesValue": "AP/+J1wi", "enumValue": "KIND_LEAST", "optionalInt32": 0, "optionalBytes": "", "optionalEnum": 77,
  "doubles": [1.5, "NaN", 1e300], "int64s": ["1", "9007199254740993"], "byteStrings": ["", "AQ=="], "enums": ["KIND_ONE", 5],
  "timestamps": ["2026-01-02T03:04:05.000000006Z"], "durations": ["-3.5s"], "int64Wrappers": ["7"],
  "nesteds": [{}, {"text": "a", "inner": {"counts": {"constructor": 1}}, "left": ""}],
  "stringToString": {"": "empty", "a b": "c", "toString": "d", "'": "\\u202e"}, "stringToInt64": {"x": "-1"},
  "stringToBytes": {"x": "AQ=="}, "stringToEnum": {"x": "KIND_TWO"}, "stringToNested": {"x": {"number": 3}},
  "int64ToString": {"-9223372036854775808": "least"}, "boolToString": {"true": "yes"},
  "doubleWrapper": 0, "int64Wrapper": "-5", "boolWrapper": false, "stringWrapper": "", "bytesWrapper": "AA==",
  "timestamp": "0001-01-01T00:00:00Z", "duration": "315576000000.000000001s", "fieldMask": "a,b.cD",
  "struct": {"a": [1, null, {"b": "c'"}], "d e": true}, "value": [1, "x"], "listValue": [null, {"y": {}}],
  "any": {"@type": "type.googleapis.com/kinds.v1.Nested", "text": "packed"}, "empty": {},
  "nested": {"right": "r"}, "same": {"same": {}}, "chosenTimestamp": "2026-01-02T03:04:05Z", "otherNumber": "5",
  "otherName": "renamed", "constructor": "c", "toString": "t", "field1": "x"
}`

const EVERY_KIND = fromJson(KindsSchema, JSON.parse(KINDS.replace(/: (-?\d{17,})/g, ': "$1"')), {
  registry: REGISTRY,
})

/** Starts a service that returns its requests, and keeps their headers. */
async function startKinds(options: Partial<AppOptions> = {}) {
  const seen: Headers[] = []
  const repeat = (request: Kinds, { requestHeader }: HandlerContext) => {
    seen.push(requestHeader)
    return request
  }
  const app = await startRoutes({
    routes: (router) => router.service(KindService, { get: repeat, post: repeat }),
    registry: REGISTRY,
    ...options,
  })
  return { ...app, seen }
}

const { get, post } = KindService.method

describe.each(['curl', 'curl-rest', 'buf', 'portico', 'fetch'] as const)('%s', (id) => {
  test.each([['GET'], ['POST']])('a field of every kind by %s', SLOW, async (httpMethod) => {
    const [{ origin }, ground] = [await startKinds(), await openGround()]
    const [method, usesGet] = httpMethod === 'GET' ? [get, true] : [post, false]
    const snippet = pick(snippetsOf(savedOf(method, [KINDS], { usesGet }), method, placeOf(origin)), id)
    if (id === 'curl-rest' && usesGet)
      return expect(snippet).toMatchObject({ text: '', note: expect.stringContaining('no REST form') })
    expect(await answersOf(ground, snippet)).toEqual([toJson(KindsSchema, EVERY_KIND, { registry: REGISTRY })])
  })
})

test('typescript: a field of every kind', SLOW, async () => {
  const [{ origin }, ground] = [await startKinds(), await openGround()]
  const { text } = pick(snippetsOf(savedOf(post, [KINDS]), post, placeOf(origin)), 'typescript')
  const { stdout, stderr } = await ground.program(text)
  expect({ stderr, stdout: stdout.trim() }).toEqual({ stderr: '', stdout: inspect(EVERY_KIND, { depth: null }) })
})

describe.each(['curl', 'curl-rest', 'buf', 'portico', 'typescript', 'fetch'] as const)('%s', (id) => {
  const SECRETS = { AUTHORIZATION: "Bearer it's $ecret, x=1", X_API_KEY: '`id`' }
  const headers = [
    { name: 'Authorization', value: 'never shown' },
    { name: 'x-api-key', value: '' },
    { name: 'x-text', value: `it's "$HOME" \`id\` \\ !!` },
    { name: 'x-octets-bin', value: 'AP/+' },
    { name: 'x-bad', value: 'a\r\nx-injected: 1' },
    { name: 'x bad', value: '1' },
  ]

  test('headers, with secrets from the environment', SLOW, async () => {
    const [{ origin, seen }, ground] = [await startKinds(), await openGround()]
    const saved = savedOf(post, ['{}'], { headers, timeoutMs: 20_000 })
    const snippet = pick(snippetsOf(saved, post, placeOf(origin)), id)
    expect(snippet.text).not.toContain('never shown')
    expect(snippet.note).toContain('Set AUTHORIZATION, X_API_KEY in the environment first')
    expect(snippet.note).toContain('Left out, as HTTP does not allow them: "x-bad", "x bad".')
    await runIt(ground, snippet, SECRETS)
    expect(Object.fromEntries(seen.at(-1) ?? [])).toMatchObject({
      authorization: SECRETS.AUTHORIZATION,
      'x-api-key': SECRETS.X_API_KEY,
      'x-text': headers[2]?.value,
      'x-octets-bin': expect.stringMatching(/^AP\/\+$/),
    })
    expect([seen.at(-1)?.has('x-bad'), seen.at(-1)?.has('x-injected')]).toEqual([false, false])
  })

  test('under a prefix, over TLS, without reflection', SLOW, async () => {
    const { server, ca } = await testCertificates()
    const ground = await openGround()
    await ground.save('ca.pem', ca)
    const trust = { CURL_CA_BUNDLE: 'ca.pem', SSL_CERT_FILE: 'ca.pem', NODE_EXTRA_CA_CERTS: 'ca.pem' }
    const app = fastify(onePort({ tls: server }))
    await app.register(portico, {
      routes: (router) => router.service(KindService, { post: (kinds) => kinds }),
      prefix: '/api',
    })
    const { port } = await startFastify(app, 'https')
    const origin = `https://localhost:${port}`
    const place = placeOf(origin, { prefix: '/api', hasReflection: false, descriptorsUrl: await serveDescriptors() })
    const snippet = pick(snippetsOf(savedOf(post, [{ stringValue: 'x' }]), post, place), id)
    await runIt(ground, snippet, trust, { stringValue: 'x' })
  })

  test('by an IPv6 address', SLOW, async () => {
    const app = await createApp({
      routes: (router) => router.service(KindService, { post: (kinds) => kinds }),
      logger: false,
    })
    onTestFinished(async () => void (await app.drain()))
    const origin = await app.fastify.listen({ port: 0, host: '::1' })
    const snippet = pick(snippetsOf(savedOf(post, [{ stringValue: 'x' }]), post, placeOf(origin)), id)
    await runIt(await openGround(), snippet, {}, { stringValue: 'x' })
  })
})

/** Serves the descriptors, as the console of a server does. Returns their URL. */
async function serveDescriptors(): Promise<string> {
  const octets = descriptorsOf(file_kinds_v1_kinds)
  const server = await startListening(createServer((_, response) => response.end(octets)))
  onTestFinished(() => server.close())
  return `http://127.0.0.1:${server.port}/api.binpb`
}

async function runIt(
  ground: SnippetGround,
  snippet: Snippet,
  env: NodeJS.ProcessEnv,
  answer: unknown = {},
): Promise<void> {
  if (snippet.id !== 'typescript') return expect(await answersOf(ground, snippet, 'bash', env)).toEqual([answer])
  const { stdout, stderr } = await ground.program(snippet.text, env)
  expect(stderr).toBe('')
  for (const value of Object.values(Object(answer))) expect(stdout).toContain(inspect(value))
}

// The compiler reads the whole client.
test.runIf(isDeep)('programs have the right types', SLOW, async () => {
  const ground = await openGround()
  const others = { headers: [{ name: 'authorization', value: '' }], timeoutMs: 5 }
  const calls: readonly (readonly [DescMethod, readonly string[]])[] = [
    [post, [KINDS]],
    [sayHello, ['{"name":"a"}']],
    [getStream, ['{"afterSequence":"1"}']],
    [putStream, ['{"topic":"a"}', '{}']],
    [allStream, []],
  ]
  const programs = calls.flatMap(([method, messages]) => {
    const snippets = snippetsOf(savedOf(method, messages, others), method, placeOf('http://127.0.0.1:1'))
    return [pick(snippets, 'typescript').text, pick(snippets, 'fetch').text]
  })
  expect(await ground.types(programs)).toBe('')
})
