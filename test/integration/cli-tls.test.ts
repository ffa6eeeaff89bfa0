/** The connection flags of the client program that have to do with TLS. */
import { createServer } from 'node:http'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { testCertificates } from '../support/certificates.ts'
import { runProgram } from '../support/client-program.ts'
import { startDemo } from '../support/demo-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import type { ProgramEnd } from '../support/run-in-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const { ca, server, client } = await testCertificates()

const HELLO = { code: 0, stdout: 'Hello World\n', stderr: '' }

const hello = (address: string, ...flags: string[]): Promise<ProgramEnd> =>
  runProgram(['hello', 'World', '-a', address, ...flags])

test.each([['2'], ['1']])('--ca trusts a private CA, over HTTP/%s', async (http) => {
  const { port } = await startDemo({ listen: { tls: server } })
  const flags = ['--ca', await temporaryFile('ca.pem', ca), '--protocol', 'connect', '--http', http]
  expect(await hello(`https://localhost:${port}`, ...flags)).toEqual(HELLO)
  expect(await hello(`localhost:${port}`, ...flags)).toEqual(HELLO)
})

test('rejects an untrusted certificate with a hint, and accepts it with --insecure', async () => {
  const { port } = await startDemo({ listen: { tls: server } })
  const refused = await hello(`localhost:${port}`)
  expect(refused).toMatchObject({ code: 64 + Code.Unavailable, stdout: '' })
  expect(refused.stderr).toMatch(
    /certificate.*\nhint: trust its certificate with --ca FILE, or accept any with --insecure\n/,
  )
  expect(await hello(`localhost:${port}`, '--insecure')).toEqual(HELLO)
})

test('rejects a certificate for another name, and accepts it with --servername', async () => {
  const { port } = await startDemo({ listen: { tls: server } })
  const trusted = ['--ca', await temporaryFile('ca.pem', ca)]
  expect(await hello(`localhost:${port}`, ...trusted, '--servername', 'other.test')).toMatchObject({
    code: 64 + Code.Unavailable,
  })
  expect(await hello(`127.0.0.1:${port}`, ...trusted, '--servername', 'localhost')).toEqual(HELLO)
})

test('--cert and --key identify the client, for calls and for reflection', async () => {
  const { port } = await startDemo({ listen: { tls: { ...server, ca } } })
  const trusted = ['--ca', await temporaryFile('ca.pem', ca)]
  const own = [
    '--cert',
    await temporaryFile('cert.pem', client.cert),
    '--key',
    await temporaryFile('key.pem', client.key),
  ]
  const anonymous = await hello(`localhost:${port}`, ...trusted)
  expect(anonymous).toMatchObject({ stdout: '' })
  expect(anonymous.code).toBeGreaterThan(64)
  expect(await hello(`localhost:${port}`, ...trusted, ...own)).toEqual(HELLO)
  const call = ['call', `localhost:${port}`, 'greeter.v1.GreeterService/SayHello', '-d', '{"name":"World"}']
  expect(await runProgram([...call, ...trusted, ...own])).toMatchObject({
    code: 0,
    stdout: '{"message":"Hello World"}\n',
  })
})

test('uses TLS for a bare address and reports a server without TLS; --plaintext calls it', async () => {
  const { host } = await startDemo()
  const refused = await hello(host)
  expect(refused).toMatchObject({ code: 64 + Code.Unavailable, stdout: '' })
  expect(refused.stderr).toContain('try --plaintext\n')
  expect(await hello(host, '--plaintext')).toEqual(HELLO)
})

test('recognizes a server without HTTP/2, and suggests the flag for it', async () => {
  const server = createServer((_request, response) => response.end())
  const port = await listenRaw(server)
  const { code, stderr } = await hello(`http://127.0.0.1:${port}`)
  expect(code).toBe(64 + Code.Unavailable)
  expect(stderr).toMatch(/the peer speaks HTTP\/1\.1.*\nhint: .*--http 1/)
})
