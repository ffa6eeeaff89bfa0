/** Where the client program takes its address, its requests and its time from. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { startDemo, startRoutes } from '../support/demo-server.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { startSilentServer } from '../support/silent-server.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const GREETER = 'greeter.v1.GreeterService'
const HELLO = `${GREETER}/SayHello`

describe('PORTICO_ADDRESS', () => {
  test('applies to every command, with an address argument overriding it', async () => {
    const { origin, host } = await startDemo()
    const env = { PORTICO_ADDRESS: origin }
    const bySelf = async (...argv: string[]) => (await runInProcess(argv, { env })).code
    expect(await bySelf('call', HELLO)).toBe(0)
    expect(await bySelf('list')).toBe(0)
    expect(await bySelf('list', GREETER)).toBe(0)
    expect(await bySelf('describe', GREETER)).toBe(0)
    expect(await bySelf('channel')).toBe(0)
    expect(await bySelf('health')).toBe(0)
    expect(await bySelf('hello', 'World')).toBe(0)
    const elsewhere = { env: { PORTICO_ADDRESS: 'http://127.0.0.1:1' } }
    for (const argv of [
      ['call', origin, HELLO],
      ['call', '-a', origin, HELLO],
      ['list', origin],
      ['list', origin, GREETER],
      ['list', host, '--plaintext'],
      ['describe', origin, GREETER],
      ['channel', origin],
      ['health', origin],
      ['hello', 'World', '-a', origin],
    ]) {
      expect([argv, (await runInProcess(argv, elsewhere)).code]).toEqual([argv, 0])
    }
  })

  test.each([
    [['call', HELLO], 'error: ADDRESS is missing, and PORTICO_ADDRESS is not set\nhint: portico call --help\n'],
    [['list'], 'error: ADDRESS is missing, and PORTICO_ADDRESS is not set\nhint: portico list --help\n'],
    [['call', 'http://a'], 'error: METHOD is missing\nhint: portico call --help\n'],
    [['call', '-a', 'http://a', 'b', 'c'], 'error: unexpected argument "c"\nhint: portico call --help\n'],
  ])('%j requires an address', async (argv, stderr) => {
    expect(await runInProcess(argv)).toEqual({ code: 2, stdout: '', stderr })
  })
})

describe('standard input', () => {
  test('is not read without -d for a method that takes one message', async () => {
    const { origin } = await startDemo()
    const stdin = new PassThrough()
    stdin.write('{"name":"the next command\'s"}')
    expect(await runInProcess(['call', origin, HELLO], { stdin })).toMatchObject({ stdout: '{"message":"Hello "}\n' })
    const get = ['call', origin, `${GREETER}/GetStream`, '--timeout', '200ms']
    expect(await runInProcess(get, { stdin: new PassThrough() })).toMatchObject({ code: 64 + Code.InvalidArgument })
  })

  test.each(['@', '@-'])('is read with -d %s', async (data) => {
    const { origin } = await startDemo()
    const stdin = new PassThrough().end('{"name":"In"}')
    const { stdout } = await runInProcess(['call', origin, HELLO, '-d', data], { stdin })
    expect(stdout).toBe('{"message":"Hello In"}\n')
  })

  test('is read without -d for a method that takes a stream', async () => {
    const { origin } = await startDemo()
    const stdin = new PassThrough().end('{"topic":"a","data":"1"}\n{"topic":"a","data":"2"}\n')
    const { stdout } = await runInProcess(['call', origin, `${GREETER}/PutStream`], { stdin })
    expect(JSON.parse(stdout)).toMatchObject({ accepted: '2' })
  })
})

test('sends a request above 4 MiB; only the server limits it', async () => {
  const { origin } = await startRoutes({
    readMaxBytes: 32 * 1024 * 1024,
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `${name.length}` }) }),
  })
  const size = 9 * 1024 * 1024
  const file = await temporaryFile('large.json', JSON.stringify({ name: 'x'.repeat(size) }))
  expect(await runInProcess(['call', origin, HELLO, '-d', `@${file}`])).toEqual({
    code: 0,
    stdout: `{"message":"${size}"}\n`,
    stderr: '',
  })
})

describe('--timeout bounds', () => {
  const expectTimeout = async (argv: readonly string[], doing: RegExp, stdin?: PassThrough): Promise<void> => {
    const end = await runInProcess([...argv, '--timeout', '150ms'], stdin && { stdin })
    expect(end).toMatchObject({ code: 64 + Code.DeadlineExceeded, stdout: '' })
    expect(end.stderr).toMatch(/^error: deadline_exceeded \(4\): --timeout of 150 ms exceeded while /)
    expect(end.stderr.trimEnd()).toMatch(doing)
  }

  test('reflection', async () => {
    const { origin } = await startSilentServer()
    await expectTimeout(['call', origin, HELLO], /waiting for the server's reflection to show greeter\.v1\.Greeter/)
  })

  test('listing services', async () => {
    const { origin } = await startSilentServer()
    await expectTimeout(['list', origin], /reflection to show its services$/)
  })

  test('a call', async () => {
    const { origin } = await startSilentServer()
    await expectTimeout(['hello', 'World', '-a', origin], /waiting for the answer$/)
  })

  test('reading standard input', async () => {
    const { origin } = await startDemo()
    await expectTimeout(['call', origin, HELLO, '-d', '@'], /reading the request$/, new PassThrough())
  })

  test('a stream whose standard input stays open', async () => {
    const { origin } = await startDemo()
    await expectTimeout(['call', origin, `${GREETER}/PutStream`], /the answer of PutStream$/, new PassThrough())
  })
})

describe('--proto', () => {
  const OTHER = 'syntax = "proto3";\npackage acme.v1;\nmessage U { string some_name = 1; }\n'
  const MAIN = `syntax = "proto3";
    package acme.v1;
    import "acme/v1/u.proto";
    message T { U u = 1; }
    service S { rpc M(T) returns (T); }`

  /** protos/acme/v1/{t,u}.proto */
  async function protoTree(files: Readonly<Record<string, string>> = { t: MAIN, u: OTHER }): Promise<string> {
    const root = path.join(await temporaryFolder(), 'protos')
    const folder = path.join(root, 'acme/v1')
    await mkdir(folder, { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, `${name}.proto`), text)
    return root
  }

  const list = (...flags: string[]) => runInProcess(['list', 'http://127.0.0.1:1', ...flags])
  const found = { code: 0, stdout: 'acme.v1.S\n', stderr: '' }

  test('is a path, or a name below an import path; import paths may be nested', async () => {
    const root = await protoTree()
    const file = path.join(root, 'acme/v1/t.proto')
    expect(await list('--proto', 'acme/v1/t.proto', '-I', root)).toEqual(found)
    expect(await list('--proto', file, '-I', root)).toEqual(found)
    expect(await list('--proto', file)).toEqual(found)
    expect(await list('--proto', 'acme/v1/t.proto', '-I', path.join(root, 'acme'), '-I', root)).toEqual(found)
    expect(await list('--proto', file, '-I', root, '-I', path.join(root, 'acme/v1'))).toEqual(found)
  })

  test('can be repeated', async () => {
    const second = 'syntax = "proto3"; package acme.v1; import "acme/v1/t.proto"; service Z { rpc N(T) returns (T); }'
    const root = await protoTree({ t: MAIN, u: OTHER, z: second })
    const flags = ['--proto', 'acme/v1/z.proto', '--proto', 'acme/v1/t.proto', '-I', root]
    expect(await list(...flags)).toEqual({ ...found, stdout: 'acme.v1.S\nacme.v1.Z\n' })
  })

  test('if invalid, is reported line by line with the paths as given', async () => {
    const root = await protoTree({ t: MAIN.replace('U u', 'V u'), u: OTHER.replace('string', 'strin') })
    const { code, stderr } = await list('--proto', 'acme/v1/t.proto', '-I', root)
    expect(code).toBe(1)
    const lines = stderr.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(1)
    for (const [index, line] of lines.entries()) {
      expect(line.startsWith(index === 0 ? 'error: ' : '')).toBe(true)
      expect(line).toMatch(/acme\/v1\/[tu]\.proto:\d+:\d+:/)
    }
    expect(stderr).not.toContain('\\u000a')
  })

  test('if it or an import is missing, is named', async () => {
    const root = await protoTree({ t: MAIN })
    expect((await list('--proto', 'acme/v1/no.proto', '-I', root)).stderr).toBe(
      `error: --proto acme/v1/no.proto cannot be read, also not below ${root}\n`,
    )
    expect((await list('--proto', 'acme/v1/t.proto', '-I', root)).stderr).toMatch(/t\.proto:3:/)
  })
})

describe('a misspelled name suggests the nearest one:', () => {
  test.each([
    ['SayHello', `"SayHello" is not a method; did you mean ${HELLO}?`],
    ['sayhello', `"sayhello" is not a method; did you mean ${HELLO}?`],
    ['GreeterService/SayHello', `unknown service GreeterService; did you mean ${GREETER}?`],
    ['greeterservice/sayhello', `unknown service greeterservice; did you mean ${GREETER}?`],
    ['GreterService/SayHello', `unknown service GreterService; did you mean ${GREETER}?`],
    [`${GREETER}/sayHello`, `${GREETER} has no method sayHello; did you mean SayHello?`],
  ])('%s', async (name, sentence) => {
    const { origin } = await startRoutes({ routes: (router) => router.service(GreeterService, {}) })
    const { stdout, stderr } = await runInProcess(['call', origin, name])
    expect([stdout, stderr.split('\n')[0]]).toEqual(['', `error: ${sentence}`])
  })
})
