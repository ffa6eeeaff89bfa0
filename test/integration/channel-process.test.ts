/** How a transport affects the lifetime of its process. */
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startInteropServer } from '../interop/server.ts'
import { testCertificates } from '../support/certificates.ts'
import { runCommand } from '../support/command.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Makes one call in its own process, and then what is requested. */
async function callAsProgram(rest: string): Promise<string> {
  const { server } = await testCertificates()
  const { port, ...running } = await startInteropServer({ tls: server })
  onTestFinished(() => running[Symbol.asyncDispose]())
  const program = `
    import { createClient } from '@connectrpc/connect'
    import { createTransport } from '${ROOT}/client/node/transport.ts'
    import { TestService } from '${ROOT}/test/gen/grpc/testing/test_pb.js'
    const transport = createTransport({ target: 'ipv4:127.0.0.1:${port}', tls: { insecure: true } })
    await createClient(TestService, transport).emptyCall({})
    ${rest}
  `
  return runCommand({ program: process.execPath, args: ['--input-type=module', '-e', program], cwd: ROOT })
}

test('a program that awaits close() resumes after it', async () => {
  expect(await callAsProgram(`await transport.close(); console.log('closed')`)).toBe('closed\n')
})

test('a program that does not close its transport can exit', async () => {
  expect(await callAsProgram(`console.log('done')`)).toBe('done\n')
})
