/** Checks our programs with those that other people use: curl, grpcurl, buf curl, grpcio, and a server on grpc-go. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testCertificates } from '../support/certificates.ts'
import { startProgram } from '../support/command.ts'
import { bufCurlChecks } from './buf-curl.ts'
import type { Check } from './check.ts'
import { curlChecks } from './curl.ts'
import { grpcGoChecks } from './grpc-go.ts'
import { grpcioChecks } from './grpcio.ts'
import { grpcurlChecks } from './grpcurl.ts'

const SERVER = path.resolve(import.meta.dirname, '../../server')
const ADDRESS = /listening at https?:\/\/([^\s"]+)/

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'interop-'))
cleanup.defer(() => rm(folder, { recursive: true }))

const { ca, server } = await testCertificates()
const caFile = await write('ca.pem', ca)
const tls = ['--tls-cert', await write('cert.pem', server.cert), '--tls-key', await write('key.pem', server.key)]
const cleartext = await startServer()
const both = await startServer(...tls, '--cleartext')
const ground = { cleartext, both, caFile, folder }
const grpcGo = cleanup.use(await grpcGoChecks())

const checks = [
  ...curlChecks(ground),
  ...(await grpcurlChecks(ground)),
  ...bufCurlChecks(ground),
  ...(await grpcioChecks(ground)),
  ...grpcGo.checks,
]
let failed = 0
for (const check of checks) {
  if (!(await passes(check))) failed += 1
}
process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
if (failed > 0) process.exitCode = 1

async function startServer(...args: readonly string[]): Promise<string> {
  const command = { program: process.execPath, args: [SERVER, '--port', '0', '--log-format', 'json', ...args] }
  return cleanup.use(await startProgram(command, ADDRESS)).found
}

async function passes({ name, run }: Check): Promise<boolean> {
  try {
    await run()
    process.stdout.write(`ok      ${name}\n`)
    return true
  } catch (error) {
    process.stdout.write(`FAILED  ${name}\n${error instanceof Error ? error.message : error}\n`)
    return false
  }
}

async function write(name: string, content: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, content, { mode: 0o600 })
  return file
}
